"""Each check finds its planted faults, with the evidence, and passes the clean case (requirement E4)."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.qa.check import FAILED, IDLE, PASSED, WARNED, Result, examine
from campaigns.qa.checks import (
    CHECKS,
    broken_links,
    consent_respected,
    crm_fields,
    form_fields,
    lint_clean,
    required_fields,
    scenarios_hold,
    templates_render,
    unsubscribe_there,
    utm_tags,
)
from campaigns.qa.launch import (
    Coverage,
    Finding,
    Launch,
    Link,
    Proof,
    Rendering,
    Template,
    Trial,
    Visit,
    Workflow,
)
from campaigns.qa.pages import forms
from workflows.engine.conditions import FieldType
from workflows.engine.mapping import compile_mapping
from workflows.engine.naming import compile_convention
from workflows.engine.parse import parse

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
GOOD_LINK = "https://example.com/demo?utm_source=newsletter&utm_medium=email&utm_campaign=2026_q4_email_demo"
PAGE = "https://example.com/demo"
FORM = """<form id="demo"><input type="email" name="email" required><input name="first_name">
<select name="country"><option value="">choose</option><option>DE</option><option value="FR">France</option></select>
<input type="checkbox" name="marketing_consent"><input type="hidden" name="csrf"><button>Send</button></form>"""
INTAKE = compile_mapping(
    key="web-form-to-contact",
    rows=[
        {"from": "event.properties.email", "to": "email", "type": "email", "required": True},
        {"from": "event.properties.first_name", "to": "first_name", "required": True},
        {"from": "event.properties.country", "to": "country", "type": "picklist", "allowed": ["DE", "FR"]},
        {"from": "event.properties.marketing_consent", "to": "consent.email", "type": "consent"},
    ],
)
TO_CRM = compile_mapping(
    key="contact-to-crm",
    rows=[
        {"from": "contact.email", "to": "Email", "type": "email", "required": True},
        {"from": "contact.first_name", "to": "FirstName", "required": True},
    ],
)
CAMPAIGN_PARTS = [
    {"part": "year", "pattern": "20[0-9]{2}"},
    {"part": "quarter", "values": ["q1", "q2", "q3", "q4"]},
    {"part": "channel", "values": ["email", "ads"]},
    {"part": "topic", "pattern": "[a-z-]+"},
]
SPEC: dict[str, Any] = {
    "key": "nurture",
    "name": "Nurture",
    "type": "nurture",
    "owner": "ops",
    "trigger": {"event": "Demo Requested"},
    "steps": [
        {
            "key": "record",
            "system": "crm",
            "action": "upsert_record",
            "with": {"mapping": "contact-to-crm"},
            "guards": {"require": ["contact.email", "contact.first_name"]},
        },
        {
            "key": "welcome",
            "system": "email",
            "action": "send_message",
            "with": {"template": "welcome"},
            "guards": {"require": ["contact.email", "contact.first_name"], "consent": "email"},
        },
        {
            "key": "call",
            "system": "crm",
            "action": "create_task",
            "with": {"queue": "sales", "title": "Call {{ contact.company }}", "due": "1 day"},
            "guards": {"require": ["contact.company"]},
        },
    ],
}


def launch(**parts: Any) -> Launch:
    """One that passes every check."""
    covered = {path: Coverage(95, 100) for path in ("contact.email", "contact.first_name", "contact.company")}
    template = Template("welcome", "template Welcome", "email", "Hello", "Hello {{ unsubscribe_url }}")
    clean = Launch(
        name="Autumn",
        at=AT,
        workflows=(Workflow("nurture", "Nurture", parse(SPEC), covered, "/workflows/nurture/edit/"),),
        templates={"welcome": template},
        mappings={"contact-to-crm": TO_CRM},
        intake=(INTAKE,),
        links=(Link(GOOD_LINK, "template Welcome"),),
        visits={
            GOOD_LINK: Visit(GOOD_LINK, AT - timedelta(hours=1), 200),
            PAGE: Visit(PAGE, AT - timedelta(hours=1), 200, forms=forms(FORM)),
        },
        landing_pages=(Link(PAGE, "landing page"),),
        conventions={
            "campaign": (compile_convention(CAMPAIGN_PARTS, separator="_"),),
            "utm": (compile_convention([{"part": "medium", "values": ["email", "social"]}]),),
        },
        fields={"contact.country": FieldType("picklist", ("DE", "FR"))},
        required=(("contact.country", "Routing needs it."),),
        required_coverage={"contact.country": Coverage(9, 10)},
        renderings=(Rendering("welcome", 20),),
        proofs=(Proof("nurture", "welcome", "email", without={"never asked": "withheld: consent was never given"}),),
        trials=(Trial("nurture", "Somebody asks once", True),),
    )
    return replace(clean, **parts)


def edited(change: Callable[[dict[str, Any]], None]) -> tuple[Workflow, ...]:
    """The workflow with a fault put into its file."""
    document = copy.deepcopy(SPEC)
    change(document)
    (workflow,) = launch().workflows
    return (replace(workflow, spec=parse(document)),)


def link(url: str, **parts: Any) -> Launch:
    return launch(links=(Link(url, "template Welcome"),), visits={url: Visit(url, AT, 200, **parts)})


def page(html: str) -> Launch:
    return launch(visits={PAGE: Visit(PAGE, AT, 200, forms=forms(html))})


def bad(result: Result) -> list[str]:
    return [f"{seen.what}: {seen.says}" for seen in result.seen if seen.found == "bad"]


@pytest.mark.requirement("E4")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_clean_launch_passes_with_its_evidence(check: Any) -> None:
    result = examine(check, launch=launch())
    assert (result.verdict, bad(result)) == (PASSED, [])
    assert all(seen.says for seen in result.seen)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_launch_with_nothing_to_look_at_is_idle(check: Any) -> None:
    assert examine(check, launch=Launch("Empty", AT, ())).verdict == IDLE


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("url", "says"),
    [
        (GOOD_LINK.replace("&utm_medium=email", ""), "utm_medium is missing"),
        (GOOD_LINK.replace("utm_medium=email", "utm_medium=fax"), "utm_medium is fax; it may be email or social"),
        (GOOD_LINK.replace("_q4_", "_q9_"), "quarter is q9; it may be q1, q2, q3 or q4"),
        (PAGE, "utm_source is missing; utm_medium is missing; utm_campaign is missing"),
    ],
)
def test_link_without_its_tags_fails(url: str, says: str) -> None:
    result = examine(utm_tags.CHECK, launch=link(url))
    assert result.verdict == FAILED
    assert says in bad(result)[0]
    assert url in bad(result)[0]


def test_link_with_the_tags_of_another_campaign_fails() -> None:
    other = replace(link(GOOD_LINK), utm={"utm_campaign": "2026_q4_email_other"})
    assert "for this campaign it is 2026_q4_email_other" in bad(examine(utm_tags.CHECK, launch=other))[0]


@pytest.mark.requirement("E4")
def test_message_that_is_sent_without_consent_fails() -> None:
    proof = Proof("nurture", "welcome", "email", without={"said no": "sent"}, sent_anyway=True)
    result = examine(consent_respected.CHECK, launch=launch(proofs=(proof,)))
    assert result.verdict == FAILED
    assert "sent without consent (said no: sent)" in bad(result)[0]
    assert "consent: email" in result.seen[0].mend


@pytest.mark.requirement("G6")
def test_scenario_that_fails_blocks_with_what_happened_and_where_to_look() -> None:
    trial = Trial(
        "nurture", "Asks twice", False, "expected welcome once, was done twice", "/workflows/nurture/test-bench/"
    )
    result = examine(scenarios_hold.CHECK, launch=launch(trials=(trial,)))
    assert (result.verdict, scenarios_hold.CHECK.blocking) == (FAILED, True)
    assert bad(result) == ["scenario Asks twice on Nurture: expected welcome once, was done twice"]
    assert result.seen[0].at == "/workflows/nurture/test-bench/"


def test_step_that_no_lead_comes_to_is_no_proof() -> None:
    proof = Proof("nurture", "welcome", "email", unreached="the rule never holds")
    assert examine(consent_respected.CHECK, launch=launch(proofs=(proof,))).verdict == WARNED


@pytest.mark.requirement("E4")
def test_routing_that_does_not_ask_for_its_fields_fails() -> None:
    unguarded = edited(lambda document: document["steps"][0].pop("guards"))
    result = examine(crm_fields.CHECK, launch=launch(workflows=unguarded))
    assert result.verdict == FAILED
    assert bad(result) == [
        "email for step call of Nurture: the CRM's Email is required, and no guard asks for it before the step runs",
        "first name for step call of Nurture: "
        "the CRM's FirstName is required, and no guard asks for it before the step runs",
    ]


def test_gap_in_a_title_only_warns() -> None:
    unguarded = edited(lambda document: document["steps"][2].pop("guards"))
    assert examine(crm_fields.CHECK, launch=launch(workflows=unguarded)).verdict == WARNED


@pytest.mark.requirement("E4")
def test_routing_field_that_few_leads_have_fails_with_the_count() -> None:
    (workflow,) = launch().workflows
    rare = replace(workflow, coverage={**workflow.coverage, "contact.company": Coverage(40, 100)})
    result = examine(crm_fields.CHECK, launch=launch(workflows=(rare,)))
    assert "40 of 100 leads of the last 30 days have it (40%)" in bad(result)[0]
    none = replace(workflow, coverage={})
    assert examine(crm_fields.CHECK, launch=launch(workflows=(none,))).verdict == WARNED


@pytest.mark.requirement("E4")
@pytest.mark.parametrize(
    ("html", "says"),
    [
        (FORM.replace('name="first_name"', 'name="name"'), "first_name is required, and the form has no first_name"),
        (FORM.replace('type="email"', 'type="number"'), "which is email, but the form asks for number"),
        (FORM.replace("<option>DE</option>", "<option>DEU</option>"), "which does not know DEU"),
        (FORM.replace("<button>", '<textarea name="wish"></textarea><button>'), "no mapping takes it"),
        ("<p>no form</p>", "there is no form on it"),
    ],
)
def test_form_that_does_not_suit_the_mapping_fails(html: str, says: str) -> None:
    result = examine(form_fields.CHECK, launch=page(html))
    assert result.verdict == FAILED
    assert any(says in one for one in bad(result))


def test_mapping_row_that_is_gone_fails_the_form() -> None:
    less = replace(INTAKE, rows=tuple(row for row in INTAKE.rows if row.target != "country"))
    result = examine(form_fields.CHECK, launch=launch(intake=(less,)))
    assert bad(result) == [f"form demo of {PAGE}: country: people fill it in, and no mapping takes it"]


def test_the_way_of_a_value_is_told_to_the_end() -> None:
    seen = {one.what.rpartition(" ")[2]: one.says for one in examine(form_fields.CHECK, launch=launch()).seen}
    assert seen["email"] == "goes to email, then contact-to-crm Email"


def test_gap_in_a_message_fails_unless_who_has_it_is_not_written_to() -> None:
    missing = (Rendering("welcome", 20, missing={"contact.company": 3}),)
    result = examine(templates_render.CHECK, launch=launch(renderings=missing))
    assert "company is missing for 3 of 20, and they would see a gap" in bad(result)[0]
    guarded = (Rendering("welcome", 20, missing={"contact.first_name": 3}),)
    assert examine(templates_render.CHECK, launch=launch(renderings=guarded)).verdict == PASSED
    broken = (Rendering("welcome", 20, problems={"there is no filter shout": 20}),)
    assert examine(templates_render.CHECK, launch=launch(renderings=broken)).verdict == FAILED


def test_mail_without_a_way_to_unsubscribe_fails() -> None:
    bare = {"welcome": Template("welcome", "template Welcome", "email", "Hello", "Hello")}
    assert examine(unsubscribe_there.CHECK, launch=launch(templates=bare)).verdict == FAILED
    chat = {"welcome": replace(bare["welcome"], channel="chat")}
    assert examine(unsubscribe_there.CHECK, launch=launch(templates=chat)).verdict == IDLE


def test_broken_link_fails_and_an_old_answer_proves_nothing() -> None:
    gone = link(GOOD_LINK, problem="answered 404")
    assert bad(examine(broken_links.CHECK, launch=gone)) == [f"link {GOOD_LINK} in template Welcome: answered 404"]
    old = launch(visits={GOOD_LINK: Visit(GOOD_LINK, AT - timedelta(days=2), 200)})
    assert examine(broken_links.CHECK, launch=old).verdict == WARNED


def test_error_of_the_lint_fails_and_a_warning_warns() -> None:
    found = Finding("nurture", "GRD001", "error", "asks nobody", "Ask", "/workflows/nurture/edit/")
    assert examine(lint_clean.CHECK, launch=launch(findings=(found,))).verdict == FAILED
    assert examine(lint_clean.CHECK, launch=launch(findings=(replace(found, severity="warning"),))).verdict == WARNED


def test_every_check_has_a_code_of_its_own() -> None:
    assert len({check.code for check in CHECKS}) == len(CHECKS)


@pytest.mark.requirement("E3")
def test_field_that_the_playbook_needs_is_in_the_catalog_or_it_fails() -> None:
    clean = launch()
    result = examine(
        required_fields.CHECK, launch=replace(clean, required=(*clean.required, ("contact.budget", "Sales.")))
    )
    assert result.verdict == FAILED
    assert "9 of 10 leads of the last 30 days have it" in result.seen[0].says
    assert bad(result) == ["budget (contact.budget): Sales, and the catalog has no such field"]
