"""What people see of the lint: on a workflow's page, in the list, on the conflicts page, and on the page of a check."""

import copy
import re

import pytest
from django.test import Client

from martechops.people.models import Team
from workflows.actions import versions
from workflows.lint import CHECKS
from workflows.models import Workflow

from .conftest import AT
from .test_findings import content, queries


def words(answer: object) -> str:
    body = re.sub(r"<(title|svg|script|head)\b.*?</\1>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def add(key: str, **changes: object) -> None:
    """A drafted workflow like the demo's own, with something else."""
    document = content() | {"key": key, "name": key.capitalize()} | changes
    row = Workflow.objects.create(
        key=key, name=document["name"], type="nurture", owner=Team.objects.get(key="sales-ops")
    )
    versions.draft(workflow=row, content=copy.deepcopy(document), by="tests", at=AT)


def test_workflow_page_shows_findings_at_their_steps_with_fix_and_team(ana: Client) -> None:
    page = words(ana.get("/workflows/nurture-today/"))
    assert "so that Send the sequence happens twice" in page
    assert "Let nobody in twice" in page
    assert "RUN005" in page
    panel = words(ana.get("/workflows/report-today/?step=fix-report"))
    assert panel.count("is done by hand") == 2  # on the page, and at the step


@pytest.mark.requirement("D1")
def test_workflow_page_shows_why_its_risk_is_what_it_is(ana: Client) -> None:
    page = words(ana.get("/workflows/demo-request-nurture/"))
    assert "Give sales a task : a task given to sales" in page
    assert "Nothing can lower it" in page


@pytest.mark.requirement("D1")
def test_risk_is_never_lowered_by_hand(ana: Client) -> None:
    lowered = content()
    for step in lowered["steps"]:
        step["risk"] = "low"
    row = Workflow.objects.get(key="demo-request-nurture")
    versions.draft(workflow=row, content=lowered | {"approvers": []}, by="tests", at=AT)
    page = words(ana.get("/workflows/demo-request-nurture/"))
    assert "Give sales a task is of high risk (a task given to sales), and nobody has to agree to it" in page


def test_workflow_page_shows_readiness_with_the_next_thing_to_do(ana: Client) -> None:
    page = words(ana.get("/workflows/demo-request-nurture/"))
    assert "7 of 8" in page
    assert "Next: Run its scenarios" in page


def test_list_shows_readiness_and_findings_without_a_query_for_each(ana: Client) -> None:
    page = words(ana.get("/workflows/"))
    assert "7 of 8" in page
    assert "4 findings" in page
    few = queries(lambda: ana.get("/workflows/"))
    for number in range(3):
        add(f"w{number}")
    ana.get("/workflows/")
    assert queries(lambda: ana.get("/workflows/")) == few


def test_conflicts_page_names_both_places_and_the_team_to_call(ana: Client) -> None:
    page = words(ana.get("/conflicts/"))
    assert "On maps of how things are today" in page
    assert "Demo request, as it is today · Set the stage in the CRM" in page
    assert "Nurture, as it is today · Set the stage in the e-mail tool" in page
    assert "Call SO Sales ops" in page
    assert "Between what is live or drafted" not in page


def test_conflicts_of_drafts_with_what_is_live_are_shown_and_filtered_by_the_address(ana: Client) -> None:
    add("second")
    page = words(ana.get("/conflicts/"))
    assert "Between what is live or drafted" in page
    assert {"RUN004", "RUN006"} <= set(re.findall(r"[A-Z]{3}\d{3}", page))
    chosen = words(ana.get("/conflicts/?kind=RUN004&workflow=second&team=email-team&of=running"))
    assert "1 conflict " in chosen
    assert "both write by email" in chosen
    assert "No conflict like this" in words(ana.get("/conflicts/?team=analytics"))


@pytest.mark.requirement("B5")
def test_loop_is_drawn_with_the_steps_that_set_each_other_off(ana: Client) -> None:
    steps = content()["steps"]
    again = {"again": {"overlapping": True}}
    add("first", type="quality", trigger={"field": "company_size"}, entry=again, steps=[steps[0], steps[1]])
    write = steps[1] | {"key": "size", "name": "Write the size", "action": "set_field"}
    write["with"] = {"field": "company_size", "value": 9}
    add("second", type="quality", trigger={"stage": "mql"}, entry=again, steps=[steps[0], write])
    page = ana.get("/conflicts/?kind=RUN003").content.decode()
    assert 'aria-label="Loop: First → Second → First"' in page
    assert 'aria-label="Second: Write the size"' in page
    assert page.count("map-head") == 2


def test_conflicts_page_says_so_when_there_are_none(ana: Client) -> None:
    Workflow.objects.filter(key="nurture-today").update(map_only=True)
    changed = content("nurture-today")
    changed["steps"] = changed["steps"][1:]
    versions.draft(workflow=Workflow.objects.get(key="nurture-today"), content=changed, by="tests", at=AT)
    page = words(ana.get("/conflicts/"))
    assert "No conflicts" in page
    assert "0 conflicts" in page


@pytest.mark.parametrize("code", [check.code for check in CHECKS])
def test_every_check_has_a_page(ana: Client, code: str) -> None:
    page = words(ana.get(f"/docs/lint/{code}/"))
    for part in ("What it finds", "Why it matters", "Wrong", "Right", "How to mend it"):
        assert part in page
    assert ana.get(f"/docs/lint/{code.lower()}/").status_code == 200


def test_list_of_checks_leads_to_each(ana: Client) -> None:
    page = ana.get("/docs/lint/").content.decode()
    assert all(f'href="/docs/lint/{check.code}/"' in page for check in CHECKS)
    assert ana.get("/docs/lint/NOPE1/").status_code == 404


def test_editor_shows_findings_at_the_step_and_in_the_list_of_steps(ana: Client) -> None:
    changed = content()
    del changed["steps"][2]["guards"]["consent"]
    row = Workflow.objects.get(key="demo-request-nurture")
    versions.draft(workflow=row, content=changed, by="tests", at=AT)
    page = words(ana.get("/workflows/demo-request-nurture/edit/?step=welcome"))
    assert "Send the welcome message does not ask whether the contact agreed to email" in page
    assert page.count("1 finding") == 2  # beside the draft's state, and at its step
    assert "does not ask whether" not in words(ana.get("/workflows/demo-request-nurture/edit/?step=qualify"))


def test_finding_that_may_stand_is_shown_with_its_reason(ana: Client) -> None:
    changed = content()
    del changed["steps"][2]["guards"]["consent"]
    changed["lint"] = {"ignore": [{"code": "GRD001", "step": "welcome", "because": "the form asks for it"}]}
    row = Workflow.objects.get(key="demo-request-nurture")
    versions.draft(workflow=row, content=changed, by="tests", at=AT)
    for address in ("/workflows/demo-request-nurture/", "/workflows/demo-request-nurture/edit/"):
        assert "May stand: the form asks for it" in words(ana.get(address))
