"""The workflows that ship with the demo are held against the words that ship with it, without a database."""

from typing import Any

import yaml

from campaigns.demo import workspace as demo
from workflows.engine.ownership import Duty
from workflows.lint import Workspace, examine, open_
from workflows.lint.documents import workflow_of, workspace_of

#: Of the catalog file: kind → what its list is called.
LISTS = {
    "system": "systems",
    "stage": "stages",
    "field": "fields",
    "event-type": "event_types",
    "mapping": "mappings",
    "template": "templates",
    "segment": "segments",
    "block": "blocks",
    "convention": "conventions",
    "metric": "metrics",
}


def catalog() -> dict[str, Any]:
    return dict(yaml.safe_load((demo._HERE / "catalog.yaml").read_text()))


def document(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row of the catalog file as a workspace file has it."""
    if kind == "system":
        return {**row, "type": row["kind"], "kind": kind}
    if kind == "field":
        row = {"status": "agreed", **row, "system_of_record": row["system"]}
    return {**row, "kind": kind}


def shipped() -> Workspace:
    words = catalog()
    segments = {row["key"]: row["when"] for row in words["segments"]}
    return workspace_of(
        [document(kind, row) for kind, name in LISTS.items() for row in words[name]],
        teams={row["key"]: row["name"] for row in words["teams"]},
        duties=[Duty(row["stage"], row["team"]) for row in words["ownership"]],
        workflows=[workflow_of(file, state="live", segments=segments) for file in demo.workflow_files().values()],
    )


def test_only_the_maps_of_today_have_anything_to_mend() -> None:
    found = open_(examine(shipped()))
    assert {finding.workflow for finding in found} == {"demo-request-today", "nurture-today", "report-today"}
    assert len(found) == 6
