"""How long the lint takes over a large workspace: 50 workflows, 200 fields, 100 event types, 60 mappings, under 2 s."""

import copy
import time
from typing import Any

import pytest

from tests.unit.lint import fixtures
from workflows.lint import examine

pytestmark = pytest.mark.bench
ROUNDS = 5


def large() -> list[dict[str, Any]]:
    """Workflows of a dozen steps, half of them begun by one of ten events, so that many have to be compared."""
    routing = next(one for one in fixtures.read("GRD003", "bad") if one["kind"] == "workflow")
    documents: list[dict[str, Any]] = []
    documents += [_field(number) for number in range(200)]
    documents += [_event(number) for number in range(100)]
    documents += [_mapping(number) for number in range(60)]
    for number in range(50):
        workflow = copy.deepcopy(dict(routing)) | {"key": f"w{number}", "name": f"Workflow {number}"}
        workflow["trigger"] = {"event": f"Event {_word(number % 10 if number % 2 else number)}"}
        workflow["steps"] = [
            copy.deepcopy(step) | {"key": f"{step['key']}-{turn}"} for turn in range(3) for step in workflow["steps"]
        ]
        workflow["success"][0]["to"] = {"step": "call-2"}
        for step in workflow["steps"]:
            if step.get("action") == "upsert_record":
                step["with"] = {"mapping": f"m{number}"}
        documents.append(workflow)
    return documents


def _word(number: int) -> str:
    return "".join(
        chr(ord("A") + int(digit)) if at == 0 else chr(ord("a") + int(digit)) for at, digit in enumerate(f"{number:02}")
    )


def _field(number: int) -> dict[str, Any]:
    owned = {"system_of_record": "crm", "owner": "sales-ops", "written_in": ["enrich"], "status": "agreed"}
    return {"kind": "field", "key": f"field_{number}", "type": "text"} | owned


def _event(number: int) -> dict[str, Any]:
    properties = {f"property_{at}": {"type": "string"} for at in range(12)}
    schema = {"type": "object", "properties": properties}
    return {
        "kind": "event-type",
        "name": f"Event {_word(number)}",
        "owner": "analytics",
        "status": "agreed",
        "schema": schema,
    }


def _mapping(number: int) -> dict[str, Any]:
    rows = [{"from": "contact.email", "to": "email", "type": "email", "required": True}]
    rows += [{"from": f"contact.field_{at}", "to": f"field_{at}"} for at in range(20)]
    return {"kind": "mapping", "key": f"m{number}", "owner": "marketing-ops", "status": "agreed", "rows": rows}


def test_large_workspace_is_read_and_examined_in_under_two_seconds() -> None:
    documents = large()
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        workspace = fixtures.workspace(documents)
        read = time.perf_counter()
        found = examine(workspace)
        spent.append((time.perf_counter() - start, read - start, len(found)))
    whole, reading, count = sorted(spent)[ROUNDS // 2]
    print(f"\n50 workflows of 15 steps: {whole:.3f} s ({reading:.3f} s to read), {count} findings")
    assert whole < 2
