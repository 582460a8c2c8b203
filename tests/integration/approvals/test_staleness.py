"""What depends on a thing that changed is stale, and nothing else is; its owners are told."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.actions import approvals, rollouts, staleness, verdicts
from campaigns.models import ApprovalRequest
from campaigns.queries import approvals as pinning
from martechops.people.models import User
from workflows.actions import definitions
from workflows.models import Mapping, Notice, ReviewHold, Segment, Version

from .conftest import AT

SHARED = "demo-form-to-crm"
DEPENDENT = {"demo-request-nurture", "keep-crm-in-step", "quote-request-routing"}


@pytest.fixture
def asked(ana: User) -> dict[str, ApprovalRequest]:
    """Ana asks for everything that is live, by its workflow."""
    mapping = Mapping.objects.get(key=SHARED)
    target = mapping.rows[1]
    mapping.rows = [mapping.rows[0], target | {"type": "picklist", "allowed": ["Germany", "France"]}, *mapping.rows[2:]]
    definitions.save(mapping, by="tests", at=AT)
    found = {}
    live = Version.objects.exclude(activations=None).filter(activations__until=None).select_related("workflow__owner")
    ana.teams.add(*(version.workflow.owner for version in live))
    for version in live:
        found[version.workflow.key] = approvals.ask_for_version(version=version, by=ana, at=AT)
    return found


def change_one_value() -> None:
    mapping = Mapping.objects.get(key=SHARED)
    mapping.rows[1]["allowed"] = ["Germany", "Spain"]
    definitions.save(mapping, by="tests", at=AT)


def states() -> dict[str, str]:
    rows = ApprovalRequest.objects.select_related("release__workflow")
    return {row.release.workflow.key: row.state for row in rows if row.release}


@pytest.mark.requirement("D2", "G4", "I1", "F17")
def test_changing_one_picklist_value_of_a_shared_mapping_makes_exactly_its_approvals_stale(
    asked: dict[str, ApprovalRequest],
) -> None:
    before = states()
    assert set(before) > DEPENDENT
    change_one_value()
    Notice.objects.all().delete()
    assert staleness.sweep(at=AT) == len(DEPENDENT)
    after = states()
    assert {key for key, state in after.items() if state == "stale"} == DEPENDENT
    assert {key: state for key, state in after.items() if key not in DEPENDENT} == {
        key: state for key, state in before.items() if key not in DEPENDENT
    }
    told = {(notice.owner_id, notice.label): notice.says for notice in Notice.objects.all()}
    assert set(told) == {(asked[key].owner_id, asked[key].label) for key in DEPENDENT}
    assert all(f"mapping {SHARED} was changed" in says for says in told.values())
    assert not ReviewHold.objects.filter(key__in=DEPENDENT).exists()
    assert staleness.sweep(at=AT) == 0


@pytest.mark.requirement("F17", "D2")
def test_approved_is_stale_as_soon_as_anything_changed_sweep_or_not(
    asked: dict[str, ApprovalRequest], ana: User, dan: User, admin: User
) -> None:
    """Before any sweep has said so, it is neither approved nor taken live."""
    request = asked["keep-crm-in-step"]
    change_one_value()
    if request.state == "open":
        with pytest.raises(verdicts.Changed, match=SHARED):
            verdicts.decide(request=request, verdict="approve", by=admin, at=AT)
        request.refresh_from_db()
        assert request.state == "stale"
    assert request.release is not None
    if request.risk != "low":
        with pytest.raises(rollouts.NotApproved):
            rollouts.switch_over(version=request.release.version, by=ana, at=AT)


def test_what_was_changed_back_is_what_was_agreed_to(asked: dict[str, ApprovalRequest]) -> None:
    rows = Mapping.objects.get(key=SHARED).rows
    change_one_value()
    mapping = Mapping.objects.get(key=SHARED)
    mapping.rows = rows
    definitions.save(mapping, by="tests", at=AT)
    assert staleness.sweep(at=AT) == 0


def test_sweep_asks_as_often_for_one_as_for_many(asked: dict[str, ApprovalRequest]) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            staleness.sweep(at=AT)
        return len(queries)

    many = count()
    for request in ApprovalRequest.objects.filter(state="open")[1:]:
        approvals.withdraw(request=request, by="tests", at=AT)
    assert many <= count() + 1 <= 8


@pytest.mark.requirement("K4")
def test_before_a_segment_is_changed_it_says_which_approvals_that_makes_stale(
    request_: ApprovalRequest, ana: User, client: Client
) -> None:
    """Exactly those that have it in them, and none of what was decided long ago."""
    kinds = {(kind, key) for kind, key, _ in request_.manifest}
    inside = sorted(key for kind, key in kinds if kind == "template")[0]
    client.force_login(ana)
    shown = client.get(f"/approvals/depending/template/{inside}/").content.decode()
    assert f"/approvals/{request_.pk}/" in shown
    assert "/approvals/" not in client.get("/approvals/depending/template/nothing/").content.decode()
    approvals.withdraw(request=request_, by="tests", at=AT)
    assert "/approvals/" not in client.get(f"/approvals/depending/template/{inside}/").content.decode()


@pytest.mark.requirement("K2", "K3", "K4")
def test_change_of_a_segment_makes_stale_what_chooses_words_by_it_in_a_block_of_a_template(
    asked: dict[str, ApprovalRequest],
) -> None:
    """The workflow itself names the template alone."""
    row = Segment.objects.get(key="enterprise-leads")
    using = {row_.pk for row_ in pinning.depending_on("segment", row.key)}
    nurture = asked["demo-request-nurture"]
    assert nurture.pk in using
    assert row.key not in str(nurture.release and nurture.release.version.content)
    row.when = {"contact.company_size": {"$gte": 5}}
    definitions.save(row, by="tests", at=AT)
    assert staleness.sweep(at=AT) == len(using)
    stale = ApprovalRequest.objects.filter(state="stale")
    assert {request.pk for request in stale} == using
    assert all(f"segment {row.key} was changed" in request.because for request in stale)
