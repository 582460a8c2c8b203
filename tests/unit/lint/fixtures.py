"""Workspaces of the files in tests/fixtures/lint: the words that all share, and what one fixture adds."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from workflows.engine.ownership import Duty
from workflows.lint import Workspace
from workflows.lint.documents import workflow_of, workspace_of

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "lint"

Documents = list[Mapping[str, Any]]


@cache
def shared() -> Documents:
    return list(yaml.safe_load((FOLDER / "workspace.yaml").read_text()))


def read(code: str, which: str) -> Documents:
    """The documents of a fixture, "good" or "bad"."""
    return [document for document in yaml.safe_load_all((FOLDER / code / f"{which}.yaml").read_text()) if document]


def workspace(documents: Documents, *, state: str = "live") -> Workspace:
    """Of the shared words and of these documents, which come after them and so in their place."""
    everything = [*shared(), *documents]
    segments = {one["key"]: one["when"] for one in everything if one["kind"] == "segment"}
    return workspace_of(
        [document for document in everything if document["kind"] not in ("team", "ownership", "workflow")],
        teams={document["key"]: document["name"] for document in everything if document["kind"] == "team"},
        duties=[Duty(one["stage"], one["team"]) for one in everything if one["kind"] == "ownership"],
        workflows=[workflow_of(one, state=state, segments=segments) for one in documents if one["kind"] == "workflow"],
    )
