"""A release names in numbers what going live would mean."""

import copy

import pytest
from django.test import Client
from django.utils import timezone

from campaigns.actions import releases, verdicts
from campaigns.models import ApprovalRequest, Rollout
from campaigns.queries import release_previews
from martechops.lib import digest
from martechops.people.models import User
from tests.integration.rehearsal import living
from workflows.actions import replays
from workflows.models import Activation, Run, Version
from workflows.rehearsal.replays import play_part

from .conftest import AT


@pytest.mark.usefixtures("demo")
@pytest.mark.requirement("G3")
def test_release_says_whom_it_meets_who_comes_and_what_is_sent_each_day() -> None:
    living.weeks(120, slices=6, to_the_end=False)
    live = Activation.objects.get(workflow__key="demo-request-nurture", until=None).version
    waiting = Run.objects.filter(workflow_id=live.workflow_id, state="waiting")
    assert waiting.exists()
    released = releases.make(version=_without_the_wait(live), by="tests", at=AT)
    before = release_previews.of(released)
    assert before.in_flight == waiting.count()
    assert {flight.step: flight.landings["follow"].moves for flight in before.flights} == {"pause": False}
    assert (before.follow, before.migrate, before.forecast, before.drift.pins) == (0, 0, None, ())
    assert [pin.key for pin in before.change.changed] == ["demo-request-nurture"]

    replay = replays.start(candidate=released.version, days=40, by="tests", at=timezone.now())
    while play_part():
        pass
    after = release_previews.of(released)
    assert after.forecast is not None
    assert after.forecast.entries == Run.objects.filter(workflow_id=live.workflow_id).count()
    welcome = after.forecast.of("welcome", "send_message")
    assert welcome is not None
    days = (replay.until - replay.since).total_seconds() / 86_400
    assert living.DAYS < days < 40  # from the first event on
    assert after.messages_a_day == pytest.approx(welcome.done / days)


def test_a_page_begins_a_rollout_with_what_becomes_of_those_on_their_way(
    request_: ApprovalRequest, ana: User, ben: User, dan: User, client: Client
) -> None:
    for approver in (ben, dan):
        verdicts.decide(request=request_, verdict="approve", by=approver, at=AT)
    assert request_.release is not None
    client.force_login(ana)
    said = {"shares": "5, 100", "at_least": 50, "minutes": 60, "deadline_hours": 24}
    said |= {"policy": "migrate", "step-pause": "end"}
    answer = client.post(f"/rollouts/start/{request_.release.version_id}/", said)
    assert answer.status_code == 302
    assert Rollout.objects.latest("pk").in_flight == {"policy": "migrate", "steps": {"pause": "end"}}


def _without_the_wait(live: Version) -> Version:
    content = copy.deepcopy(live.content)
    content["steps"] = [step for step in content["steps"] if step["key"] != "pause"]
    row = Version(workflow=live.workflow, number=9, content=content, digest=digest.of(content))
    row.created_at = row.frozen_at = AT
    row.save()
    return row
