"""The demo's nurture, checked as a launch: faults put into it turn the list red with their evidence."""

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from campaigns.actions import checklists
from campaigns.actions.checklists import ToSign
from campaigns.models import Checklist, CheckResult, ManualCheck
from campaigns.qa.check import Result
from campaigns.qa.launch import Link
from campaigns.queries import launches
from campaigns.queries.launches import Around
from campaigns.runtime import visits
from martechops.lib import clock
from martechops.people.models import User
from martechops.people.permissions import NotAllowed
from workflows.actions import versions
from workflows.models import Activation, Block, Mapping, MessageTemplate, Source, Version, Workflow

from .conftest import AT, Site, settle

UTM = "?utm_source=newsletter&utm_medium=email&utm_campaign=2026_q4_email_demo"


@pytest.fixture
def nurture(demo: Source) -> Version:
    """The live version of the worked example."""
    return Activation.objects.get(until=None, workflow__key="demo-request-nurture").version


def edited(version: Version, change: Callable[[dict[str, Any]], None]) -> Version:
    """Another version of the same workflow, with a fault in it."""
    content = copy.deepcopy(version.content)
    change(content)
    return versions.draft(workflow=version.workflow, content=content, by="test", at=AT)


def step(content: dict[str, Any], key: str) -> dict[str, Any]:
    return next(one for one in content["steps"] if one["key"] == key)


def results(*found: Version, around: Around | None = None) -> dict[str, Result]:
    launch = launches.gather(found, name="Autumn", at=clock.now(), around=around)
    return {result.check.code: result for result in checklists.examined(launch)}


def faults(result: Result) -> list[str]:
    return [f"{seen.what}: {seen.says}" for seen in result.seen if seen.found == "bad"]


@pytest.mark.requirement("E4")
def test_consent_is_proven_by_rehearsal_and_its_lack_is_found(nurture: Version) -> None:
    proof = results(nurture)["CON"]
    assert proof.verdict == "passed"
    assert "consent for email was never given" in proof.seen[0].says
    assert "consent for email is denied" in proof.seen[0].says
    careless = edited(nurture, lambda content: step(content, "welcome")["guards"].pop("consent"))
    found = results(careless)["CON"]
    assert found.verdict == "failed"
    assert "it is sent without consent" in faults(found)[0]


@pytest.mark.requirement("E4")
def test_fields_that_routing_needs_are_counted_over_recent_leads(
    nurture: Version, request_demo: Callable[..., Any]
) -> None:
    for number in range(10):
        request_demo(f"lead-{number}@example.com", company=None if number else "Brightwater")
    settle()

    def require(content: dict[str, Any]) -> None:
        paths = ["contact.email", "contact.first_name", "contact.company"]
        step(content, "assign-owner")["guards"] = {"require": paths}

    found = results(edited(nurture, require))["CRM"]
    assert any("1 of 10 leads of the last 30 days have it (10%)" in one for one in faults(found))
    assert any(seen.found == "good" and "10 of 10 leads" in seen.says for seen in found.seen)


@pytest.mark.requirement("E4")
def test_landing_page_is_held_against_the_mapping(nurture: Version, site: Site) -> None:
    around = Around(landing_pages=(Link(site.url("/demo"), "landing page"),))
    checklists.ask_for_visits([site.url("/demo")], at=clock.now() - timedelta(seconds=1))
    visits.keep()
    found = results(nurture, around=around)["FRM"]
    assert (found.verdict, faults(found)) == ("passed", [])

    site.pages["/demo"] = str(site.pages["/demo"]).replace('name="email"', 'name="mail"')
    checklists.ask_for_visits([site.url("/demo")], at=clock.now())
    visits.keep()
    found = results(nurture, around=around)["FRM"]
    assert found.verdict == "failed"
    assert any("no mapping takes it" in one for one in faults(found))

    mapping = Mapping.objects.get(key="web-form-to-contact")
    mapping.rows = [row for row in mapping.rows if row["to"] != "company"]
    mapping.save()
    assert any("company: people fill it in" in one for one in faults(results(nurture, around=around)["FRM"]))


@pytest.mark.requirement("E4")
def test_links_in_templates_are_read_and_held_against_the_convention(nurture: Version, site: Site) -> None:
    template = MessageTemplate.objects.get(key="demo-welcome")
    template.body += f"\n\nSee {site.url('/ok')}{UTM}."
    template.save()
    checklists.ask_for_visits([site.url("/ok") + UTM], at=clock.now() - timedelta(seconds=1))
    visits.keep()
    found = results(nurture)
    assert (found["UTM"].verdict, found["LNK"].verdict) == ("passed", "passed")
    template.body = template.body.replace("&utm_medium=email", "")
    template.save()
    found = results(nurture)
    assert "utm_medium is missing" in faults(found["UTM"])[0]
    assert found["LNK"].verdict == "warned"


@pytest.mark.requirement("E4", "K2")
def test_wordings_of_blocks_are_looked_at_as_some_reader_gets_them(
    nurture: Version, request_demo: Callable[..., Any]
) -> None:
    """A block is no gap in a message; what one of its wordings lacks, and where it leads, is."""
    request_demo("lea@example.com", company_size=300)
    settle(at=AT)
    assert [one for one in faults(results(nurture)["TPL"]) if "block" in one.lower()] == []
    offer = Block.objects.get(key="until-we-call")
    offer.choices = [{"segment": "enterprise-leads", "text": "{{ contact.job_title }}: https://example.com/tour"}]
    offer.save()
    found = results(nurture)
    assert any("job_title" in one or "job title" in one.lower() for one in faults(found["TPL"])), found["TPL"].says
    (fault,) = [one for one in faults(found["UTM"]) if "example.com/tour" in one]
    assert f"in block {offer.name}: utm_source is missing" in fault


def test_results_are_kept_by_digest_with_their_evidence(nurture: Version) -> None:
    launch = launches.gather([nurture], name="Autumn", at=AT)
    for digest in ("a" * 64, "a" * 64, "b" * 64):
        checklists.store(
            kind="release", key="autumn", digest=digest, results=checklists.examined(launch), to_sign=(), at=AT
        )
    assert Checklist.objects.count() == 2
    result = CheckResult.objects.get(checklist__digest="b" * 64, code="CON")
    assert result.evidence[0]["found"] == "good"


@pytest.mark.requirement("E3")
def test_what_a_person_has_to_look_at_is_signed_by_the_team_that_is_named(nurture: Version) -> None:
    ben, sal = User.objects.get(username="ben"), User.objects.get(username="sal")
    asked = [ToSign("copy", "The copy was read by somebody else", team="email-team"), ToSign("legal", "Imprint there")]
    checklist = checklists.store(kind="release", key="autumn", digest="a" * 64, results=(), to_sign=asked, at=AT)
    copy_check = ManualCheck.objects.get(checklist=checklist, key="copy")
    with pytest.raises(NotAllowed, match="signs this"):
        checklists.sign(check=copy_check, by=sal, at=AT)
    checklists.sign(check=copy_check, by=ben, at=AT, note="Read twice.")
    checklists.store(kind="release", key="autumn", digest="a" * 64, results=(), to_sign=asked, at=AT)
    copy_check.refresh_from_db()
    assert (copy_check.signed_by, copy_check.note) == (ben, "Read twice.")
    with pytest.raises(NotAllowed):
        checklists.take_back(check=copy_check, by=sal, at=AT)
    checklists.take_back(check=copy_check, by=ben, at=AT)
    copy_check.refresh_from_db()
    assert copy_check.signed_by is None


def test_queries_do_not_grow_with_leads(
    nurture: Version, request_demo: Callable[..., Any], django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        request_demo(f"lead-{number}@example.com")
    settle()
    with django_assert_max_num_queries(60):
        launches.gather([nurture], name="Autumn", at=clock.now())
    assert Workflow.objects.count() > 1
