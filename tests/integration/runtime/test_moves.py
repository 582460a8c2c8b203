"""A version published during runs: they finish on theirs, or go exactly where it was shown (FAULTS F13)."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from campaigns.actions import rollouts
from campaigns.models import Rollout
from tests.fixtures import crowd
from workflows.actions import move_batches, moves
from workflows.actions.moves import InFlight
from workflows.models import Effect, Move, PendingMove, Run, RunMove, Source, Timer, Trace, Version
from workflows.queries import in_flight
from workflows.queries.in_flight import Preview
from workflows.runtime.advance import advance

from .conftest import AT

LATER = AT + timedelta(days=3)
PAUSE, LATER_STEP = "pause", "later"


@pytest.fixture
def two(demo: Source) -> tuple[Version, Version]:
    """A live version with two waits, and one to come without the second, in which the welcome comes after the first."""
    steps = crowd.steps_of()
    wait = {"key": LATER_STEP, "wait": {"for": "3 days", "until": {"event": "Meeting Booked"}}}
    before = [*_until(steps, "route"), wait, steps["route"], *_after(steps, "route")]
    old = crowd.published(before, at=AT)
    rollouts.switch_over(version=old, by="tests", at=AT)
    welcome = steps.pop("welcome")
    after = [*_until(steps, "route"), welcome, steps["route"], *_after(steps, "route")]
    return old, crowd.published(after, at=AT)


def _until(steps: dict[str, dict[str, object]], key: str) -> list[dict[str, object]]:
    return [step for name, step in steps.items() if list(steps).index(name) < list(steps).index(key)]


def _after(steps: dict[str, dict[str, object]], key: str) -> list[dict[str, object]]:
    return [step for name, step in steps.items() if list(steps).index(name) > list(steps).index(key)]


def publish(old: Version, new: Version, policy: str, steps: dict[str, str] | None = None) -> Preview:
    """As somebody does who has looked at the preview; returns it."""
    shown = in_flight.preview(old=old, new=new, policy=policy, steps=steps)
    chosen = InFlight(policy=policy, steps=steps, seen=shown.token)
    rollouts.switch_over(version=new, by="tests", at=AT, in_flight=chosen)
    while move_batches.go_on(at=AT, limit=200):
        pass
    return shown


def finish() -> None:
    """The first wait is over, and three days later the second."""
    for at in (LATER, LATER + timedelta(days=4)):
        while advance(at=at):
            pass


def on_versions() -> Counter[int]:
    return Counter(Run.objects.filter(contact_id__isnull=False).values_list("version_id", flat=True))


POLICIES: list[tuple[str, dict[str, str] | None, int]] = [
    ("pin", None, 0),
    ("follow", None, 600),
    ("migrate", {LATER_STEP: "welcome"}, 400),
]


@pytest.mark.requirement("G3")
@pytest.mark.parametrize(("policy", "steps", "moving"), POLICIES, ids=[policy for policy, _, _ in POLICIES])
def test_a_version_published_during_1000_runs_moves_exactly_those_that_were_previewed(
    two: tuple[Version, Version], policy: str, steps: dict[str, str] | None, moving: int
) -> None:
    old, new = two
    runs = crowd.waiting(old, {PAUSE: 600, LATER_STEP: 400}, at=AT)
    shown = publish(old, new, policy, steps)
    previewed = {group.step for group in shown.groups if group.landing.moves}
    expected = {run.pk for run in runs if run.step in previewed}
    assert (shown.people, shown.moving, len(expected)) == (1000, moving, moving)
    assert set(Run.objects.filter(version_id=new.pk).values_list("pk", flat=True)) == expected
    assert set(RunMove.objects.exclude(way="stays").values_list("run_id", flat=True)) == expected
    finish()
    assert on_versions() == Counter({old.pk: 1000 - moving, new.pk: moving}) - Counter()
    assert Counter(Run.objects.values_list("state", flat=True)) == {"done": 1000}
    # The new version has its welcome after the wait: who had one gets no second, and nobody fails for it.
    assert Effect.objects.filter(step="welcome").count() == 1000
    tasks = Effect.objects.filter(step="assign-owner")
    assert set(tasks.filter(version_id=new.pk).values_list("run_id", flat=True)) == expected
    assert tasks.count() == 1000


def test_who_was_moved_is_told_in_the_story_and_stands_against_another_entry(
    two: tuple[Version, Version], send: Callable[..., str], request_demo: Callable[..., str]
) -> None:
    old, new = two
    (run,) = crowd.waiting(old, {PAUSE: 1}, at=AT)
    publish(old, new, "follow")
    trace = Trace.objects.get(contact_id=run.contact_id)
    assert trace.detail["cause"]["name"] == f"Moved from version {old.number} to version {new.number}"
    (part,) = trace.detail["workflows"]
    assert (part["run_id"], part["steps"][0]["outcome"]) == (run.pk, "moved")
    request_demo(email="crowd0@example.com")
    while advance():
        pass
    assert Run.objects.filter(contact_id=run.contact_id, workflow_id=run.workflow_id).count() == 1


def test_a_move_that_was_killed_goes_on_and_does_nothing_twice(two: tuple[Version, Version]) -> None:
    old, new = two
    crowd.waiting(old, {PAUSE: 6}, at=AT)
    move = moves.begin(old=old, new=new, policy="follow", by="tests", at=AT)
    assert move is not None
    with transaction.atomic():
        assert move_batches.go_on(at=AT, limit=2) == 2
        transaction.set_rollback(True)  # as a worker's end does
    assert (PendingMove.objects.count(), RunMove.objects.count()) == (6, 0)
    while move_batches.go_on(at=AT, limit=4):
        pass
    move_batches.go_on(at=AT)
    assert (PendingMove.objects.count(), RunMove.objects.count()) == (0, 6)
    move.refresh_from_db()
    assert move.ended_at == AT


@pytest.mark.parametrize("people", [60, pytest.param(20_000, marks=pytest.mark.chaos)])
def test_runs_that_go_on_while_they_are_moved_go_on_once(
    two: tuple[Version, Version], transactional_db: None, people: int
) -> None:
    old, new = two
    crowd.waiting(old, {PAUSE: people}, at=AT)
    moves.begin(old=old, new=new, policy="follow", by="tests", at=AT)
    days, given_up = itertools.count(3), threading.Event()  # every wait is over some day, whenever it began

    def until_all_is_over(turn: Callable[[], int]) -> None:
        try:
            while not given_up.is_set() and (
                Run.objects.filter(state="waiting").exists() or PendingMove.objects.exists()
            ):
                turn()
        except Exception:
            given_up.set()
            raise
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        turns = (
            lambda: advance(at=AT + timedelta(days=next(days)), limit=7),
            lambda: move_batches.go_on(at=AT, limit=5),
        )
        for over in [workers.submit(until_all_is_over, turn) for turn in turns]:
            over.result()
    assert Counter(Run.objects.values_list("state", flat=True)) == {"done": people}
    assert Effect.objects.filter(step="welcome").count() == people
    tasks = Effect.objects.filter(step="assign-owner")
    assert (tasks.count(), tasks.values("run_id").distinct().count()) == (people, people)
    assert RunMove.objects.count() == people


def test_move_that_cannot_go_on_does_not_keep_the_others(
    two: tuple[Version, Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = two
    crowd.waiting(old, {PAUSE: 3}, at=AT)
    rollouts.switch_over(version=new, by="tests", at=AT, in_flight=InFlight(policy="follow"))
    move = Move.objects.get()
    poison = Move.objects.create(
        pk=move.pk - 1, from_version=old, to_version=new, policy="follow", plan={}, runs=1, started_at=AT
    )
    PendingMove.objects.create(run_id=Run.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1, move=poison)
    batch = move_batches._batch

    def cannot(one: Move, *, at: datetime, limit: int) -> int:
        if one == poison:
            raise ValueError("what was planted")
        return batch(one, at=at, limit=limit)

    monkeypatch.setattr(move_batches, "_batch", cannot)
    while move_batches.go_on(at=AT):
        pass
    assert on_versions() == {new.pk: 3}
    poison.refresh_from_db()
    assert poison.ended_at is None


def test_numbers_that_have_changed_are_shown_again_before_anybody_is_moved(two: tuple[Version, Version]) -> None:
    old, new = two
    first, _ = crowd.waiting(old, {PAUSE: 2}, at=AT)
    seen = in_flight.preview(old=old, new=new, policy="follow").token
    Run.objects.filter(pk=first.pk).update(state="done")
    with pytest.raises(moves.NotAsPreviewed):
        moves.begin(old=old, new=new, policy="follow", seen=seen, by="tests", at=AT)
    assert not Move.objects.exists()


def test_a_busy_workflow_is_confirmed_while_one_in_twenty_goes_on(two: tuple[Version, Version]) -> None:
    old, new = two
    runs = crowd.waiting(old, {PAUSE: 40}, at=AT)
    seen = in_flight.preview(old=old, new=new, policy="follow").token
    gone = [run.pk for run in runs[:3]]
    Run.objects.filter(pk__in=gone).update(state="done")  # 37 of 40 are left: three are more than one in twenty
    assert not in_flight.preview(old=old, new=new, policy="follow").is_as(seen)
    Run.objects.filter(pk=gone[0]).update(state="waiting")
    assert not in_flight.preview(old=old, new=new, policy="migrate", steps={PAUSE: "end"}).is_as(seen)
    move = moves.begin(old=old, new=new, policy="follow", seen=seen, by="tests", at=AT)
    assert move is not None
    assert move.runs == 38


def test_a_release_counts_as_the_preview_of_each_policy_does(two: tuple[Version, Version]) -> None:
    old, new = two
    crowd.waiting(old, {PAUSE: 3, LATER_STEP: 2}, at=AT)
    found = in_flight.prospects(new)
    assert {one.step: one.people for one in found} == {PAUSE: 3, LATER_STEP: 2}
    same_key = {step: step for step in crowd.steps_of() if step != LATER_STEP}
    for policy, steps in (("pin", {}), ("follow", {}), ("migrate", same_key)):
        shown = in_flight.preview(old=old, new=new, policy=policy, steps=steps)
        assert {one.step: one.landings[policy] for one in found} == {one.step: one.landing for one in shown.groups}
        assert sum(one.moved_by(policy) for one in found) == shown.moving


def test_a_run_that_went_on_after_it_was_noted_goes_from_where_it_stands(two: tuple[Version, Version]) -> None:
    old, new = two
    gone, further, still = crowd.waiting(old, {PAUSE: 3}, at=AT)
    moves.begin(old=old, new=new, policy="follow", by="tests", at=AT)
    Run.objects.filter(pk=gone.pk).update(state="done")
    Run.objects.filter(pk=further.pk).update(step=LATER_STEP)
    move_batches.go_on(at=AT)
    ways = dict(RunMove.objects.values_list("run_id", "way"))
    assert ways == {gone.pk: "stays", further.pk: "stays", still.pk: "waits"}
    assert Run.objects.get(pk=further.pk).version_id == old.pk


def test_a_map_can_end_runs_and_they_keep_no_timer(two: tuple[Version, Version]) -> None:
    old, new = two
    crowd.waiting(old, {PAUSE: 1, LATER_STEP: 2}, at=AT)
    publish(old, new, "migrate", {LATER_STEP: "end"})
    ended = Run.objects.filter(state="done")
    assert [run.reason for run in ended] == [f"ended when version {new.number} took over"] * 2
    assert Timer.objects.count() == 1


def test_rolling_back_takes_those_back_who_were_moved_and_stops_those_who_entered(two: tuple[Version, Version]) -> None:
    old, new = two
    moved = {run.pk for run in crowd.waiting(old, {PAUSE: 3}, at=AT)}
    publish(old, new, "follow")
    (entered,) = crowd.waiting(new, {PAUSE: 1}, at=AT, welcomed=False, first=3)
    rollouts.take(rollout=Rollout.objects.latest("pk"), verb="roll_back", by="tests", at=AT, because="It was bad")
    while move_batches.go_on(at=AT):
        pass
    assert set(Run.objects.filter(version_id=old.pk).values_list("pk", flat=True)) == moved
    finish()
    assert set(Run.objects.filter(pk__in=moved).values_list("state", flat=True)) == {"done"}
    assert Run.objects.get(pk=entered.pk).state == "stopped"


def test_a_map_that_names_no_step_takes_nothing_live(two: tuple[Version, Version]) -> None:
    old, new = two
    crowd.waiting(old, {PAUSE: 1}, at=AT)
    with pytest.raises(rollouts.CannotActivate, match="no step nowhere"):
        rollouts.switch_over(version=new, by="tests", at=AT, in_flight=InFlight("migrate", {PAUSE: "nowhere"}))
    assert not new.activations.exists()


def test_a_preview_costs_as_many_queries_for_a_thousand_as_for_one(
    two: tuple[Version, Version], django_assert_max_num_queries: Callable[..., object]
) -> None:
    old, new = two
    crowd.waiting(old, {PAUSE: 50, LATER_STEP: 50}, at=AT, welcomed=False)
    with django_assert_max_num_queries(4):  # type: ignore[attr-defined]
        in_flight.preview(old=old, new=new, policy="follow")
