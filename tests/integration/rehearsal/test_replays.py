"""The past, played once more: the same rules come to the same effects, and another rule to exactly its difference."""

import copy
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from martechops.lib import digest
from martechops.people.models import User
from workflows.actions import replays as asking
from workflows.connectors import CONNECTORS
from workflows.engine.replays import Cause, Tally
from workflows.engine.scoring import Score
from workflows.models import Activation, Contact, Effect, Replay, ReplayPart, Run, Timer, Version
from workflows.queries import replays
from workflows.rehearsal import past
from workflows.rehearsal.replays import play_part
from workflows.runtime import definitions

from . import living

NURTURE = "demo-request-nurture"


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every call of every connector, as it is made."""
    calls: list[str] = []
    for name, connector in CONNECTORS.items():
        perform = connector.perform

        def counted(request: object, name: str = name, perform: object = perform) -> object:
            calls.append(name)
            return perform(request)  # type: ignore[operator]

        monkeypatch.setattr(connector, "perform", counted)
    return calls


def live(workflow: str = NURTURE) -> Version:
    return Activation.objects.get(workflow__key=workflow, until=None).version


def replayed(candidate: Version, *, at: datetime) -> tuple[Replay, Tally]:
    """Over all that was lived until then."""
    replay = asking.start(candidate=candidate, days=living.DAYS + 1, by="test", at=at)
    while play_part():
        pass
    replay.refresh_from_db()
    assert (replay.state, replay.reason) == (Replay.State.DONE, "")
    return replay, replays.tally(replay)


def draft(change: Callable[[dict[str, Any]], object]) -> Version:
    """A candidate that differs from what is live by this alone."""
    content = copy.deepcopy(live().content)
    change({step["key"]: step for step in content["steps"]})
    row = Version(workflow=live().workflow, number=9, content=content, digest=digest.of(content))
    row.created_at = datetime.now(UTC)
    row.save()
    return row


def with_no_consent_asked() -> tuple[set[int], set[int]]:
    """By the ledger alone: who gets a welcome that was withheld, and whose later one is then one too many."""
    added, removed, had = set(), set(), set()
    rows = Effect.objects.filter(step="welcome", state__in=["done", "suppressed"]).order_by("contact_id", "pk")
    for contact_id, state, reason in rows.values_list("contact_id", "state", "reason"):
        if state == "suppressed" and not (reason.startswith("consent") and ";" not in reason):
            continue
        if contact_id not in had and state == "suppressed":
            added.add(contact_id)
        if contact_id in had and state == "done":
            removed.add(contact_id)
        had.add(contact_id)
    return added, removed


@pytest.mark.usefixtures("demo")
@pytest.mark.requirement("G6")
@pytest.mark.parametrize("count", [400, pytest.param(11_500, marks=pytest.mark.chaos)])
def test_live_reproduces_the_ledger_a_planted_rule_its_difference_and_nobody_is_called(
    count: int, sink: list[str]
) -> None:
    begun = time.process_time()
    ended = living.weeks(count)
    lived = time.process_time()
    assert sink
    sink.clear()

    replay, tally = replayed(live(), at=ended)
    played = time.process_time()
    print(  # noqa: T201  the figures of the long form
        f"lived in {lived - begun:.1f} s, played in {played - lived:.1f} s of CPU: {tally.counts}, {tally.exceptions}"
    )
    assert tally.counts["events"] >= (10_000 if count > 10_000 else count * 0.8)
    assert tally.counts["recorded"] == Effect.objects.exclude(contact_id=None).count()
    assert tally.fidelity is not None
    assert tally.fidelity >= 0.999, list(replay.findings.values_list("cause", "step", "says", "live", "recorded")[:20])
    assert tally.differences == 0
    listed = Counter(replay.findings.filter(kind="exception").exclude(contact_id=None).values_list("cause", flat=True))
    assert listed == {name: n for name, n in tally.exceptions.items() if name != "of no contact"}

    planted = draft(lambda steps: steps["welcome"]["guards"].pop("consent"))
    added, removed = with_no_consent_asked()
    assert len(added) > len(removed) > 0
    replay, tally = replayed(planted, at=ended)
    assert (tally.total("added"), tally.total("removed"), tally.total("changed")) == (len(added), len(removed), 0)
    assert {cause.step for cause in tally.groups} == {"welcome"}
    assert tally.groups[Cause(NURTURE, "welcome", "guard", "consent")]["added"] > 0
    samples = replay.findings.filter(kind="difference")
    assert {one.contact_id for one in samples.filter(verdict="added")} <= added
    assert {one.contact_id for one in samples.filter(verdict="removed")} <= removed

    forecast = replays.forecast(planted)
    assert forecast is not None
    welcome = forecast.of("welcome", "send_message")
    assert welcome is not None
    was_done = Effect.objects.filter(step="welcome", state="done").count()
    assert welcome.done == was_done + len(added) - len(removed)
    assert "consent" not in welcome.withheld
    assert sink == []


@pytest.mark.usefixtures("demo")
def test_a_replay_goes_on_behind_its_last_part_and_is_called_off_between_two() -> None:
    ended = living.weeks(60, slices=4)
    whole, expected = replayed(live(), at=ended)
    again = asking.start(candidate=live(), days=living.DAYS + 1, by="test", at=ended)
    assert asking.start(candidate=live(), days=3, by="test", at=ended) == again
    assert play_part(contacts=7) == 7
    with pytest.raises(KeyboardInterrupt), patch.object(ReplayPart.objects, "create", side_effect=KeyboardInterrupt):
        play_part(contacts=7)
    assert again.parts.count() == 2  # the opening one, and the one that was finished
    while play_part(contacts=7):
        pass
    again.refresh_from_db()
    assert again.state == Replay.State.DONE
    assert replays.tally(again).plain["counts"] == expected.plain["counts"]
    assert again.findings.count() == whole.findings.count()

    called_off = asking.start(candidate=live(), days=living.DAYS + 1, by="test", at=ended)
    play_part(contacts=7)
    ana = User.objects.get(username="ana")
    asking.cancel(called_off, by=ana, at=ended)
    assert play_part() == 0
    with pytest.raises(asking.CannotReplay):
        asking.cancel(called_off, by=ana, at=ended)


@pytest.mark.requirement("F19")
def test_however_many_are_asked_for_one_worker_at_a_time_plays(demo_of_monday: None, transactional_db: None) -> None:
    """Else as many people as there are workers would leave none for live work."""
    now = datetime.now(UTC)
    first = asking.start(candidate=live(), days=3, by="test", at=now)
    asking.start(candidate=draft(lambda steps: steps["welcome"].pop("guards")), days=3, by="test", at=now)
    played: list[int] = []

    def play() -> None:
        try:
            played.append(play_part())
        finally:
            connection.close()

    with transaction.atomic():
        Replay.objects.select_for_update().get(pk=first.pk)
        other = threading.Thread(target=play)
        other.start()
        other.join()
    assert played == [0]
    assert play_part() == 1


@pytest.mark.usefixtures("demo")
def test_contacts_are_taken_back_to_what_they_were() -> None:
    seen: dict[int, object] = {}
    when: list[datetime] = []

    def look(at: datetime) -> None:
        when.append(at)
        scores = definitions.load().scoring
        for row in Contact.objects.all():
            score = scores.now(Score(row.score, row.scored_at), at=at)
            known = {name: value for name, value in row.fields.items() if value is not None}
            seen[row.pk] = [row.email, row.lifecycle_stage, score, row.consent, known, _standing(row.pk), _sent(row.pk)]

    living.weeks(200, slices=16, meanwhile=look)
    scoring = definitions.load().scoring
    moved = 0
    for story in past.stories(list(seen), since=when[0], until=datetime.now(UTC), scoring=scoring):
        person = story.met()
        known = {name: value for name, value in person.fields.items() if value is not None}
        runs = sorted((run.entry_key, run.step, run.due_at) for run in person.runs if run.is_running)
        sent = sorted(str(one.key) for _, one in story.sent)
        score = scoring.now(person.score, at=when[0])
        was = [person.email, person.lifecycle_stage, score, person.consent, known, runs, sent]
        assert was == seen[person.id]
        assert story.missing == []
        moved += bool(story.happened)
    assert moved > 10


def _standing(contact_id: int) -> list[tuple[str, str, datetime | None]]:
    runs = Run.objects.filter(contact_id=contact_id, state="waiting")
    timers = dict(Timer.objects.filter(contact_id=contact_id).values_list("run_id", "due_at"))
    return sorted((run.entry_key, run.step, timers.get(run.pk)) for run in runs)


def _sent(contact_id: int) -> list[str]:
    rows = Effect.objects.filter(contact_id=contact_id, kind="send_message").exclude(state="suppressed")
    return sorted(str(key) for key in rows.values_list("key", flat=True))
