"""An export keeps its hands off what is not its own; the commands end as a pipeline needs them to."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.integration.workspace.conftest import Files
from workflows.models import Segment
from workflows.workspace import folders, schemas

pytestmark = [pytest.mark.django_db]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def ended_with(*arguments: str) -> int:
    try:
        run(*arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture
def folder(files: Files, tmp_path: Path) -> Path:
    run("export", str(tmp_path / "workspace"))
    return tmp_path / "workspace"


def test_second_export_writes_nothing(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.yaml")}
    assert run("export", str(folder)).startswith("0 files written")
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.yaml")} == before


def test_what_people_made_of_a_file_stays(folder: Path) -> None:
    """Comments, another order, another place: it says the same, so it is theirs."""
    email = folder / "fields/email.yaml"
    mine = folder / "marketing/the-address.yaml"
    mine.parent.mkdir()
    mine.write_text("# ask legal before changing this\n" + email.read_text())
    email.unlink()
    run("export", str(folder))
    assert mine.read_text().startswith("# ask legal")
    assert not email.exists()


def test_only_files_that_an_export_wrote_go(folder: Path) -> None:
    for name in ("README.md", "notes.yaml", ".github/workflows/ci.yml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")
    edited = folder / "segments/enterprise-leads.yaml"
    edited.write_text(edited.read_text() + "# changed\n")
    Segment.objects.all().delete()
    said = run("export", str(folder))
    assert "2 removed" in said
    assert "segments/enterprise-leads.yaml defines nothing here any more, but somebody changed it: it was left." in said
    assert sorted(path.name for path in folder.glob("segments/*")) == ["enterprise-leads.yaml"]
    assert all(
        (folder / name).read_text() == "mine" for name in ("README.md", "notes.yaml", ".github/workflows/ci.yml")
    )


def test_file_in_the_way_is_not_overwritten(files: Files, tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams/analytics.yaml").write_text("something: else\n")
    with pytest.raises(CommandError, match="move it away first"):
        run("export", str(tmp_path))
    assert (tmp_path / "teams/analytics.yaml").read_text() == "something: else\n"


def test_links_are_not_followed(folder: Path) -> None:
    (folder / "teams/passwd.yaml").symlink_to("/etc/passwd")
    with pytest.raises(CommandError, match="is a link"):
        run("plan", str(folder))


def test_manifest_that_leads_elsewhere_removes_nothing_there(folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim.yaml"
    victim.write_text("precious")
    manifest = folder / folders.MANIFEST
    known = json.loads(manifest.read_text())
    known["files"]["../victim.yaml"] = folders._digest(b"precious")
    manifest.write_text(json.dumps(known))
    run("export", str(folder))
    assert victim.read_text() == "precious"


def test_exit_codes_are_those_of_a_pipeline(folder: Path) -> None:
    welcome = folder / "templates/demo-welcome.yaml"
    assert ended_with("plan", str(folder), "--exit-code") == 0
    welcome.write_text(welcome.read_text().replace("Hello", "Good day"))
    assert ended_with("plan", str(folder)) == 0
    assert ended_with("plan", str(folder), "--exit-code") == 2
    made = json.loads(run("plan", str(folder), "--json"))
    assert made["changes"][0]["words"] == ["Body reworded"]
    with pytest.raises(CommandError, match="Something has changed"):
        run("apply", str(folder), "--plan-digest", "0" * 64)
    assert "Applied: 1 to change" in run("apply", str(folder), "--by", "admin", "--plan-digest", made["digest"])
    assert ended_with("plan", str(folder), "--exit-code") == 0
    welcome.write_text("kind: template\nkey: [\n")
    assert ended_with("plan", str(folder), "--exit-code") == 1
    with pytest.raises(CommandError, match=r"problem: templates/demo-welcome.yaml:3:1: is not YAML"):
        run("apply", str(folder))
    with pytest.raises(CommandError, match="nobody called zoe"):
        run("plan", str(folder), "--by", "zoe")
    with pytest.raises(CommandError, match="There is no folder"):
        run("plan", str(folder / "nowhere"))


def test_schemas_are_written_alone(tmp_path: Path) -> None:
    run("export", "--schema", str(tmp_path))
    assert {path.stem for path in tmp_path.glob("*.json")} - {folders.MANIFEST} >= set(schemas.all_kinds())
