"""The lint of what is in the database."""

import copy
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from martechops.people.models import Team
from workflows.actions import definitions, versions
from workflows.lint import open_
from workflows.models import Alias, EventType, Version, Workflow
from workflows.queries import lint

from .conftest import AT


def queries(do: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        do()
    return len(captured)


def content(key: str = "demo-request-nurture") -> dict[str, Any]:
    return copy.deepcopy(Version.objects.filter(workflow__key=key).latest("number").content)


def add_workflows(*numbers: int) -> None:
    team = Team.objects.get(key="sales-ops")
    for number in numbers:
        row = Workflow.objects.create(key=f"w{number}", name=f"W {number}", type="nurture", owner=team)
        versions.draft(workflow=row, content=content() | {"key": row.key, "name": row.name}, by="tests", at=AT)


def test_loading_takes_the_same_number_of_queries_whatever_there_is(demo: None) -> None:
    add_workflows(0)
    few = queries(lint.examined)
    add_workflows(1, 2, 3, 4)
    assert queries(lint.examined) == few


def test_nothing_is_worked_out_again_while_nothing_changes(demo: None) -> None:
    first = lint.examined()
    assert queries(lint.examined) == 1
    assert lint.examined() is first


def test_change_of_a_definition_or_of_a_draft_is_seen_at_once(demo: None) -> None:
    def found() -> set[tuple[str, str]]:
        return {(one.code, one.workflow) for one in lint.examined().findings}

    assert ("DAT005", "demo-request-nurture") not in found()
    EventType.objects.filter(name="Demo Requested").update(status="draft")
    assert ("DAT005", "demo-request-nurture") in found()
    changed = content()
    del changed["steps"][2]["guards"]["consent"]
    assert ("GRD001", "demo-request-nurture") not in found()
    versions.draft(workflow=Workflow.objects.get(key="demo-request-nurture"), content=changed, by="tests", at=AT)
    assert ("GRD001", "demo-request-nurture") in found()


def test_what_is_being_edited_is_examined_without_being_saved(demo: None) -> None:
    edited = content()
    edited["steps"][0]["system"] = "crmm"
    edited["steps"].append({"key": "typing"})
    found = {(one.code, one.step) for one in lint.findings_of("demo-request-nurture", content=edited)}
    assert {("REF003", "upsert-contact"), ("MAP001", "typing"), ("LNT001", "typing")} <= found
    assert open_(lint.findings_of("demo-request-nurture")) == ()


def test_former_name_of_an_event_is_no_unknown_event(demo: None) -> None:

    row = EventType.objects.get(name="Demo Requested")
    row.name = "Demo Asked For"
    definitions.save(row, by="tests", at=AT)
    assert "REF001" in {one.code for one in lint.examined().findings}
    Alias.objects.create(kind="event-type", old="Demo Requested", new="Demo Asked For", since=AT)
    assert "REF001" not in {one.code for one in lint.examined().findings}
