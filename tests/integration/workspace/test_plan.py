"""A plan says every problem at its place, and every change in words, before anything happens."""

from collections.abc import Callable

import pytest

from martechops.people.models import User
from tests.integration.workspace.conftest import Files, changed, planned, said
from workflows.models import EventType, LifecycleStage
from workflows.workspace import telling
from workflows.workspace.kinds import Name

pytestmark = [pytest.mark.django_db]

EMAIL, CRM, NURTURE = "fields/email.yaml", "mappings/demo-form-to-crm.yaml", "workflows/demo-request-nurture.yaml"


@pytest.mark.parametrize(
    ("path", "old", "new", "problem"),
    [
        (EMAIL, "label:", "lable:", "fields/email.yaml:4:1: lable is not known; did you mean label?"),
        (EMAIL, "label: E-mail address\n", "", "fields/email.yaml:2:1: label is missing"),
        (EMAIL, "type: email", "type: emial", "fields/email.yaml:5:1: type must be one of"),
        (EMAIL, "personal: true", 'personal: "yes"', "personal must be true or false; it is text"),
        (EMAIL, "system_of_record: web-form", "system_of_record: webform", ":7:1: there is no system webform"),
        (EMAIL, "owner: marketing-ops", "owner: marketing", "there is no team marketing"),
        (EMAIL, "label:", "kind: field\nlabel:", "fields/email.yaml:4:1: kind stands here twice; first in line 2"),
        (EMAIL, "written_in: [capture]\n", "", "written_in is missing"),
        (EMAIL, "[capture]", "[]", "written_in must not be empty"),
        (EMAIL, "kind: field", "kind: feild", "fields/email.yaml:2:1: must say its kind: one of team"),
        (EMAIL, "[capture]", "[capture, sell]", "must be one of capture, enrich, engage, measure; it is 'sell'"),
        (CRM, "from: contact.first_name, to: first_name", "to: first_name", "rows[1].from is missing"),
        (
            CRM,
            "type: number",
            "type: numeric",
            "mappings/demo-form-to-crm.yaml:11:52: rows[4].type must be one of text",
        ),
        ("stages/lead.yaml", "position: 2", "position: 3", "position 3 is that of lifecycle stage mql already"),
        (
            "segments/enterprise-leads.yaml",
            "$gt: 200",
            "$gt: [2]",
            "enterprise-leads.yaml:8:3: when: contact.company_size: $gt",
        ),
        ("segments/enterprise-leads.yaml", "$gt", "$gtt", "operator $gtt is not offered"),
        ("segments/enterprise-leads.yaml", "company_size", "company_sise", "did you mean contact.company_size?"),
        ("templates/demo-welcome.yaml", "endif", "endfor", "templates/demo-welcome.yaml:7:1: body: "),
        ("scoring/score.yaml", "points: 10", "points: 0", "scoring/score.yaml:10:5: rules[0].points cannot be 0"),
        (
            "event-types/trial-started.yaml",
            "stage_effect: opportunity",
            "stage_effect: opportunities",
            "there is no lifecycle",
        ),
        ("ownership/measure.yaml", "mon-fri", "mon-fry", "window: days are written as"),
        (
            NURTURE,
            "action: upsert_record",
            "action: upsert",
            "steps[0].action upsert is not offered",
        ),
        (NURTURE, "template: demo-welcome", "template: welcome", "there is no message template welcome"),
        (NURTURE, "{contact.company_size: {$gt: 200}}", "{contact.company_size: {gt: 200, $lt: 5}}", "operator gt"),
        (NURTURE, "consent: email", "consent: fax", "there is no field consent.fax"),
        ("sources/demo-site.yaml", "mapping: web-form", "mapping: form", "there is no mapping form-to-contact"),
    ],
)
def test_problem_is_said_at_its_place(files: Files, path: str, old: str, new: str, problem: str) -> None:
    found = said(planned(changed(files, path, old, new)))
    assert any(problem in line for line in found), found
    assert all(line.startswith(path) for line in found), found


def test_all_problems_are_said_at_once(files: Files) -> None:
    worse = changed(files, EMAIL, "label:", "lable:")
    worse = changed(worse, NURTURE, "template: demo-welcome", "template: welcome")
    worse["odd.yaml"] = b"a: [1\n"
    worse["twice.yaml"] = worse["teams/analytics.yaml"]
    found = said(planned(worse))
    assert {line.partition(":")[0] for line in found} == {EMAIL, NURTURE, "odd.yaml", "twice.yaml"}
    assert "twice.yaml:3:1: team analytics is defined by teams/analytics.yaml already" in found


def test_file_that_has_to_be_mended_leaves_its_users_alone(files: Files) -> None:
    """A field with a fault is still a field: what refers to it does not dangle."""
    assert {line.partition(":")[0] for line in said(planned(changed(files, EMAIL, "label:", "lable:")))} == {EMAIL}


def test_changes_are_said_in_words_with_who_is_touched(files: Files) -> None:
    plan = planned(changed(files, "fields/company_size.yaml", "label: Company size", "label: Employees"))
    (change,) = plan.changes
    assert change.words == ("Label changed from Company size to Employees",)
    assert Name("segment", "enterprise-leads") in change.used_by
    assert Name("workflow", "demo-request-nurture") in change.used_by
    lines = "\n".join(telling.lines(plan))
    assert "~ field" in lines
    assert f"Plan: 1 to change, {len(files) - 1} unchanged." in lines


def test_only_a_status_is_a_change_of_its_own(files: Files) -> None:
    plan = planned(changed(files, "segments/enterprise-leads.yaml", "status: agreed\n", ""))
    assert [(change.verb, change.words) for change in plan.changes] == [
        ("status", ("Status changed from agreed to draft",))
    ]


def test_what_is_in_no_file_is_kept_unless_pruned(files: Files) -> None:
    fewer = {path: raw for path, raw in files.items() if path != "segments/warm-without-consent.yaml"}
    plan = planned(fewer)
    assert (plan.changes, plan.absent) == ((), (Name("segment", "warm-without-consent"),))
    assert [change.verb for change in planned(fewer, prune=True).changes] == ["remove"]


def test_what_is_referred_to_is_not_removed(files: Files) -> None:
    fewer = {path: raw for path, raw in files.items() if path != CRM}
    found = said(planned(fewer, prune=True))
    assert f"{NURTURE}:" in found[0]
    assert "there is no mapping demo-form-to-crm" in found[0]


def test_rename_is_read_from_its_alias(files: Files) -> None:
    """Files that came from where it was renamed: users who only follow do not count as changed."""
    renamed = {path: raw.replace(b"Trial Started", b"Trial Begun") for path, raw in files.items()}
    renamed["aliases/event-type.yaml"] = b"kind: aliases\nof: event-type\nnames: {Trial Started: Trial Begun}\n"
    plan = planned(renamed)
    assert [(str(change.verb), change.name.key) for change in plan.changes] == [
        ("rename", "Trial Started"),
        ("change", "keep-crm-in-step"),  # a frozen version keeps its words; the file says a new one
    ]
    assert not plan.problems


def test_person_reads_what_they_may_not_do(files: Files, person: Callable[[str], User]) -> None:
    more = changed(files, "templates/demo-welcome.yaml", "Hello", "Good day")
    assert said(planned(more, by=person("sal"))) == [
        "templates/demo-welcome.yaml:2:1: message template demo-welcome: This belongs to another team"
    ]
    assert said(planned(more, by=person("ben"))) == []
    assert said(planned(more, by=person("admin"))) == []
    team = changed(files, "teams/analytics.yaml", "Analytics", "Insight")
    assert "This takes the role admin" in said(planned(team, by=person("sal")))[0]


def test_frozen_definition_is_left_alone(files: Files) -> None:
    EventType.objects.filter(name="Trial Started").update(status="frozen")
    path = "event-types/trial-started.yaml"
    frozen = changed(files, path, "status: agreed", "status: frozen")
    assert planned(frozen).changes == ()
    assert "it is frozen; an admin can thaw it" in said(planned(changed(frozen, path, "free trial", "trial")))[0]
    assert said(planned(changed(files, path, "free trial", "trial"))) == []  # the file thaws it: status agreed


def test_plan_writes_nothing_and_has_a_digest_of_its_own(files: Files) -> None:
    one = planned(changed(files, "stages/lead.yaml", "name: Lead", "name: Leads"))
    other = planned(changed(files, "stages/lead.yaml", "name: Lead", "name: Ledes"))
    assert one.digest != other.digest
    assert LifecycleStage.objects.get(key="lead").name == "Lead"


def test_file_with_a_fault_is_held_against_the_rest_too(files: Files) -> None:
    worse = changed(changed(files, EMAIL, "label:", "lable:"), EMAIL, "owner: marketing-ops", "owner: nobody")
    assert [line.partition(": ")[2] for line in said(planned(worse))] == [
        "label is missing",
        "lable is not known; did you mean label?",
        "there is no team nobody",
    ]
