"""What time alone does to a request, and going live without one."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from campaigns.actions import approval_chores, approvals, break_glass, verdicts
from campaigns.models import ApprovalRequest, BreakGlass
from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed
from workflows.actions import definitions
from workflows.models import MessageTemplate, Notice, ReviewHold, Version

from .conftest import AT, KEY, written


def agreed(request: ApprovalRequest, *people: User) -> None:
    for person in people:
        verdicts.decide(request=request, verdict="approve", by=person, at=AT)


@pytest.mark.requirement("D2")
def test_reminded_every_two_days_and_over_after_seven(request_: ApprovalRequest, ben: User) -> None:
    days = [AT + timedelta(days=number) for number in range(9)]
    assert [approval_chores.keep(at=day) for day in days] == [0, 0, 1, 0, 1, 0, 1, 1, 0]
    request_.refresh_from_db()
    assert request_.state == "expired"
    assert not ReviewHold.objects.exists()
    with pytest.raises(approvals.NotOpen):
        verdicts.decide(request=request_, verdict="approve", by=ben, at=days[-1])


@pytest.mark.requirement("D2")
def test_goes_live_at_its_time_and_not_before(ana: User, ben: User, dan: User) -> None:
    hour = AT + timedelta(hours=3)
    request = approvals.ask_for_version(version=written(ana), by=ana, at=AT, go_live_at=hour)
    agreed(request, ben, dan)
    assert approval_chores.keep(at=hour - timedelta(minutes=1)) == 0
    assert approval_chores.keep(at=hour) == 1
    assert request.release is not None
    assert request.release.version.activations.filter(until=None).exists()
    assert approval_chores.keep(at=hour) == 0


@pytest.mark.requirement("F17")
def test_what_is_stale_at_its_time_does_not_go_live(ana: User, ben: User, dan: User) -> None:
    hour = AT + timedelta(hours=3)
    request = approvals.ask_for_version(version=written(ana), by=ana, at=AT, go_live_at=hour)
    agreed(request, ben, dan)
    template = MessageTemplate.objects.get(key="demo-welcome")
    template.subject = "Something else"
    definitions.save(template, by="tests", at=AT)
    assert approval_chores.keep(at=hour) == 1
    assert request.release is not None
    assert not request.release.version.activations.exists()
    assert Notice.objects.filter(says__contains="did not go live at its time").exists()


@pytest.mark.requirement("S19")
def test_broken_glass_takes_a_role_and_a_reason_and_everybody_hears_of_it(ana: User, admin: User) -> None:
    version = written(ana)
    reason = "The form sends everybody twice; every minute costs us leads."
    with pytest.raises(NotAllowed):
        break_glass.take_live(version=version, by=ana, at=AT, reason=reason)
    with pytest.raises(ValidationError):
        break_glass.take_live(version=version, by=admin, at=AT, reason="now!")
    assert not Version.objects.filter(pk=version.pk, activations__until=None).exclude(activations=None).exists()
    rollout = break_glass.take_live(version=version, by=admin, at=AT, reason=reason)
    assert rollout.break_glass == BreakGlass.objects.get(release__version=version)
    assert Version.objects.exclude(activations=None).get(workflow__key=KEY, activations__until=None) == version
    assert Notice.objects.filter(says__contains=reason).count() == Team.objects.count()
    assert AuditEntry.objects.filter(action="approval.break_glass", actor="admin").exists()
