"""A workspace moves to an empty installation as files, and is the same there: to the byte, and by every digest."""

from pathlib import Path

import psycopg
import pytest

from martechops.embedded.home import Home
from martechops.lib import yaml_text
from tests import prepared
from tests.installations import Installation, running
from tests.unit.lib.test_yaml_files import NASTY

#: What people paste into messages; a body that is blank, or that Liquid would read, is no message.
BODIES = [text for text in NASTY if text.strip() and "{" not in text]

DIGESTS = {
    "definitions": "SELECT DISTINCT ON (kind, object_id) kind, key, digest FROM workflows_definitionversion"
    " ORDER BY kind, object_id, number DESC",
    "workflows": "SELECT DISTINCT ON (w.key) 'workflow', w.key, v.digest FROM workflows_version v"
    " JOIN workflows_workflow w ON w.id = v.workflow_id WHERE v.frozen_at IS NOT NULL ORDER BY w.key, v.number DESC",
    "drafts": "SELECT 'draft', w.key, v.digest FROM workflows_version v"
    " JOIN workflows_workflow w ON w.id = v.workflow_id WHERE v.frozen_at IS NULL",
}


def digests(installation: Installation) -> dict[str, set[tuple[str, str, str]]]:
    with psycopg.connect(installation.conninfo) as connection:
        return {name: set(connection.execute(query).fetchall()) for name, query in DIGESTS.items()}  # type: ignore[arg-type]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def add_nasty_texts(folder: Path) -> None:
    """Messages of everything that is hard to write down, and a draft that is half done."""
    for i, body in enumerate(BODIES):
        document = {"kind": "template", "key": f"nasty-{i}", "name": "Nasty", "owner": "email-team"}
        text = yaml_text.dump(document | {"channel": "email", "subject": "yes", "body": body})
        (folder / "templates" / f"nasty-{i}.yaml").write_text(text, newline="")
    half = {
        "kind": "workflow",
        "key": "half",
        "name": "1_000",
        "type": "nurture",
        "owner": "email-team",
        "status": "draft",
    }
    (folder / "half.yaml").write_text(yaml_text.dump(half | {"steps": [{"key": "a", "name": " 2026-11-22: 🎉\t"}]}))


@pytest.mark.requirement("G4")
def test_workspace_is_the_same_on_an_empty_installation(installation: Installation, tmp_path: Path) -> None:
    first, second, third = tmp_path / "first", tmp_path / "second", tmp_path / "third"
    installation.manage("export", str(first))
    add_nasty_texts(first)
    assert f"{len(BODIES) + 1} to add" in installation.manage("apply", str(first))
    installation.manage("export", str(second))
    prepared.furnish(Home.at(tmp_path / "home"))
    with running(tmp_path / "home", "--empty", "--workers", "1") as other:
        assert "0 unchanged" in other.manage("plan", str(second))
        other.manage("apply", str(second))
        assert "Plan: nothing to do" in other.manage("plan", str(second), "--exit-code")
        other.manage("export", str(third))
        assert tree(third) == tree(second)
        assert digests(other) == digests(installation)
        assert len(digests(other)["definitions"]) > len(BODIES)
