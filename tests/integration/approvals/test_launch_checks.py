"""Checklists of what is to go live: behind as soon as that changes, and in the way while they fail."""

from datetime import timedelta

import pytest
from django.test import Client

from campaigns.actions import approvals, checklists, rollouts, verdicts
from campaigns.actions.checklists import ToSign
from campaigns.models import ApprovalRequest, Checklist
from campaigns.queries import checklists as reading
from campaigns.runtime import checking
from martechops.people.models import User
from workflows.actions import definitions
from workflows.models import MessageTemplate

from .conftest import AT

SOON = AT + timedelta(minutes=1)


@pytest.mark.requirement("E4")
def test_list_is_bound_to_what_was_checked_and_is_run_again_when_that_changes(request_: ApprovalRequest) -> None:
    kind, key = request_.subject_kind, request_.subject_key
    first = checking.check(kind, key, at=SOON)
    assert first.digest == request_.digest
    assert {result.code for result in first.results.all()} >= {"CON", "UNS", "CRM", "TPL", "UTM", "LNK", "FRM", "LNT"}
    assert checking.keep(at=SOON) == 0
    template = MessageTemplate.objects.get(key="demo-welcome")
    template.body += "\n\nSee https://example.com/tour."
    definitions.save(template, by="test", at=SOON)
    found = reading.shown_now(kind, key)
    assert found is not None
    assert found.is_behind
    assert checking.keep(at=SOON + timedelta(minutes=1)) == 1
    now = reading.shown_now(kind, key)
    assert now is not None
    assert not now.is_behind
    utm = next(line for line in now.lines if line.result.code == "UTM")
    assert utm.result.verdict == "failed"
    assert Checklist.objects.filter(kind=kind, key=key).count() == 2


@pytest.mark.requirement("E3")
def test_nothing_goes_live_that_a_person_has_not_looked_at(
    request_: ApprovalRequest, ana: User, ben: User, dan: User
) -> None:
    for user in (ben, dan):
        sections = list(request_.sections)
        verdicts.decide(request=request_, verdict="approve", by=user, at=SOON, sections=sections, comment="")
    assert request_.release is not None
    asked = [ToSign("legal", "The imprint is there")]
    checklist = checklists.store(
        kind=request_.subject_kind, key=request_.subject_key, digest=request_.digest, results=(), to_sign=asked, at=SOON
    )
    with pytest.raises(rollouts.NotReady, match="not signed: The imprint is there"):
        rollouts.switch_over(version=request_.release.version, by=ana, at=SOON)
    checklists.sign(check=checklist.manual.get(), by=ben, at=SOON)
    assert rollouts.switch_over(version=request_.release.version, by=ana, at=SOON).approval == request_
    assert approvals.in_force(kind=request_.subject_kind, key=request_.subject_key, digest=request_.digest, at=SOON)


def test_pages_show_the_list_with_its_evidence(request_: ApprovalRequest, ana: User, client: Client) -> None:
    client.force_login(ana)
    address = f"/checks/{request_.subject_kind}/{request_.subject_key}/"
    assert "Nothing was checked yet" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    page = client.get(address).content.decode()
    assert "a lead who agreed gets it" in page
    assert "Consent respected on every channel" in client.get(f"/approvals/{request_.pk}/").content.decode()
    assert client.get("/checks/release/nothing/9/").status_code == 404
    assert client.get("/checks/nothing/x/").status_code == 404


def test_only_who_may_sign_is_asked_to(request_: ApprovalRequest, ana: User, ben: User, client: Client) -> None:
    asked = [ToSign("legal", "The imprint is there", team="sales-ops"), ToSign("any", "It was read aloud")]
    checklists.store(
        kind=request_.subject_kind, key=request_.subject_key, digest=request_.digest, results=(), to_sign=asked, at=SOON
    )
    client.force_login(ana)
    page = client.get(f"/checks/{request_.subject_kind}/{request_.subject_key}/").content.decode()
    assert page.count("I have looked at it") == 1
    assert "Somebody of Sales ops signs it." in page
