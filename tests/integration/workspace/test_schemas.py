"""The published schemas accept what there is and refuse what the parser refuses."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from martechops.lib import strict_yaml
from tests.fixtures import large_workspace
from tests.integration.workspace.conftest import Files
from workflows.engine.parse import _WORKFLOW, BadSpec, beginnings, criteria, guarding, parse, stepping
from workflows.workspace import schema_words, schemas, workflow_schema

ROOT = Path(__file__).resolve().parent.parent.parent.parent
WORKFLOWS = sorted(path for path in ROOT.glob("campaigns/**/workflows/*.yaml"))
VALID = jsonschema_rs.validator_for(schemas.of("workflow"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_of_the_demo_fit(path: Path) -> None:
    assert [error.message for error in VALID.iter_errors(strict_yaml.load(path.read_bytes()).data)] == []


@pytest.mark.django_db
def test_everything_that_is_exported_fits(files: Files) -> None:
    for raw in [*files.values(), *large_workspace.files(workflows=2, fields=8, events=4, mappings=4).values()]:
        data = strict_yaml.load(raw).data
        found = jsonschema_rs.validator_for(schemas.of(data["kind"])).iter_errors(data)
        assert [error.message for error in found] == []


def test_names_are_those_that_the_parser_knows() -> None:
    assert set(workflow_schema._WORKFLOW) - {"status"} == _WORKFLOW - {"kind"}
    assert {*workflow_schema._FIELDS, *workflow_schema._LAST_FIELDS} == stepping._STEP
    assert {kind: set(names) for kind, names in workflow_schema.STEP_KINDS.items()} == stepping._KINDS
    assert list(workflow_schema.STEP_KINDS) == list(stepping._KINDS)
    assert set(workflow_schema.GUARDS["properties"]) == guarding._GUARDS
    assert set(workflow_schema.CRITERION["properties"]) == criteria._KEYS
    assert {kind: set(more) for kind, (_, more) in workflow_schema.TRIGGERS.items()} == {
        kind: set(more) for kind, more in beginnings._KINDS.items()
    }


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*path, key))


#: Below these anything may stand, as far as a schema can say.
FREE = {"where", "when", "value"}
DOCUMENTS = [strict_yaml.load(path.read_bytes()).data for path in WORKFLOWS] + [
    {
        "kind": "workflow",
        "key": "w",
        "name": "W",
        "type": "content",
        "owner": "t",
        "subject": "contact",
        "priority": 5,
        "limits": {"at_most": 3, "per": "1 day"},
        "description": "d",
        "lint": {"ignore": [{"code": "A1", "because": "b"}]},
        "success": [{"key": "a", "says": "b", "from": "entry", "to": {"stage": "mql"}, "within": "4 hours"}],
        "trigger": {"segment": "s", "on": "enter"},
        "entry": {"key": ["contact"], "again": {"after": "1 day", "at_most": 2, "per": "7 days", "overlapping": True}},
        "steps": [
            {"key": "x", "split": [{"share": 40, "go": "y"}, {"share": 60, "go": "z"}], "marks": ["enters"]},
            {"key": "y", "approve": {"team": "t", "within": "1 day", "else": "z", "says": "?"}, "serves": ["a"]},
            {"key": "z", "handoff": {"to": "t", "payload": ["contact.email"], "within": "1 day", "accept": True}},
            {"key": "v", "wait": {"until": {"date": "contact.ends_on", "before": "3 days"}}, "note": "n"},
            {
                "key": "u",
                "action": "assign_owner",
                "system": "crm",
                "with": {"by": "territory", "queue": "q"},
                "guards": {
                    "valid": ["email"],
                    "consent": {"channel": "email", "purpose": "p"},
                    "once_per": {"per": "1 day"},
                    "window": {"days": "mon-fri", "from": "09:00", "to": "17:00"},
                    "approval": True,
                },
            },
            {"key": "e", "stop": "over", "risk": "low", "expected": "1 minute"},
        ],
    }
]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_unknown_names_and_wrong_types_are_refused_by_both(data: st.DataObject) -> None:
    document = copy.deepcopy(data.draw(st.sampled_from(DOCUMENTS)))
    candidates = [p for p in places(document) if p and not FREE & set(p) and p != ("kind",)]
    *way, last = data.draw(st.sampled_from(candidates))
    place = document
    for part in way:
        place = place[part]
    if isinstance(place[last], dict) and (last != "with" or not document.get("map_only")):
        place[last]["surprise"] = 1
    else:
        place[last] = data.draw(st.sampled_from([{"surprise": 1}, [["surprise"]]]))
    if last == "with" and document.get("map_only"):
        return  # of a map of how things are: any arguments at all
    try:
        parse(document)
        parsed = True
    except BadSpec:
        parsed = False
    assert (parsed, VALID.is_valid(document)) == (False, False), (way, last)


@pytest.mark.parametrize("kind", [kind for kind in schemas.all_kinds() if kind != "workflow"])
def test_unknown_name_is_refused_in_every_kind(kind: str) -> None:
    said = [says for _, says in schema_words.faults(kind, {"kind": kind, "surprise": 1})]
    assert any("surprise is not known" in line for line in said)
    jsonschema_rs.meta.validate(schemas.of(kind))
