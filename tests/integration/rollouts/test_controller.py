"""The controller: a planted bug comes back by itself, a clean version goes on by itself, whatever ends it meanwhile."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from campaigns import rollout_states
from campaigns.actions import rollout_ticks, rollouts
from campaigns.models import ChatNote, ChatRoom, CriterionMarks, Repair, Rollout, RolloutLook, RolloutStep
from campaigns.queries import rollout_counts
from campaigns.queries import rollouts as reading
from martechops.audit.models import AuditEntry
from martechops.people.models import User
from workflows.actions import definitions, replays
from workflows.models import Activation, Effect, Mapping, Notice, Run, Source, System, Version
from workflows.rehearsal.replays import play_part
from workflows.runtime.deliver import deliver

from .conftest import AT, KEY, NOW, Content, arms, candidate, entered, let_out, ramp, step, workflow

Arrive = Callable[..., None]
HOUR = timedelta(hours=1)


@pytest.fixture
def old(demo: Source) -> Version:
    return Version.objects.get(workflow__key=KEY, number=1)


def verbs(rollout: Rollout) -> list[str]:
    return list(rollout.steps.order_by("number").values_list("verb", flat=True))


def last_step(rollout: Rollout) -> RolloutStep:
    found = rollout.steps.order_by("-number").first()
    assert found is not None
    return found


def send_twice(content: Content) -> None:
    again = step(content, "welcome") | {"key": "welcome-again"}
    again["guards"] = {key: value for key, value in again["guards"].items() if key != "once_per"}
    content["steps"].insert(content["steps"].index(step(content, "welcome")) + 1, again)


def ask_nobody(content: Content) -> None:
    step(content, "welcome")["guards"].pop("consent")


def take_to_customer(content: Content) -> None:
    step(content, "qualify")["with"]["stage"] = "customer"


def leave_out_the_name(content: Content) -> None:
    whole = Mapping.objects.get(key="demo-form-to-crm")
    rows = [row for row in whole.rows if row["to"] != "last_name"]
    short = Mapping(key="short-to-crm", name="Short", rows=rows, owner=whole.owner, status="agreed")
    definitions.save(short, by="tests", at=AT)
    step(content, "upsert-contact")["with"]["mapping"] = "short-to-crm"


@pytest.mark.requirement("H7", "G3", "D8", "D4")
@pytest.mark.parametrize(
    ("plant", "people", "because"),
    [
        (send_twice, {}, "gets one send message twice, by welcome, welcome-again"),
        (ask_nobody, {"marketing_consent": None}, "who has not agreed to email"),
        (take_to_customer, {}, "to customer, which was not announced"),
        (leave_out_the_name, {}, "last_name is missing in"),
    ],
    ids=["double send", "send without consent", "wrong stage", "missing CRM field"],
)
def test_planted_bug_is_rolled_back_at_the_next_look_and_touched_its_bucket_alone(
    plant: Callable[[Content], None], people: dict[str, Any], because: str, old: Version, arrive: Arrive
) -> None:
    bad = candidate(plant)
    rollout = let_out(bad, ramp(5))
    arrive(0, 300, **people)
    before = arms(rollout)
    stable_runs = set(Run.objects.filter(version_id=old.pk).values_list("pk", "state", "step"))
    assert rollout_ticks.tick(at=NOW) == 1
    assert verbs(rollout) == ["begin", "roll_back"]
    assert because in last_step(rollout).because
    assert entered(bad) == {id for id, arm in before.items() if arm == "candidate"}
    assert 0 < len(entered(bad)) < 35, "five percent of 300 are 15; 35 is five standard deviations more"
    while deliver(at=NOW):
        pass
    assert set(Effect.objects.filter(version_id=bad.pk).values_list("state", flat=True)) <= {"held", "suppressed"}
    arrive(1_000, 100, **people)
    assert arms(rollout) == before, "nobody meets it any more, and nobody changed arms"
    assert len(entered(bad)) < 35
    assert stable_runs <= set(Run.objects.filter(version_id=old.pk).values_list("pk", "state", "step"))
    assert rollout_ticks.tick(at=NOW + HOUR) == 0
    assert Notice.objects.filter(says__startswith="was rolled back", address=f"/rollouts/{rollout.pk}/").exists()


def write_to_the_largest(content: Content) -> None:
    """By a step that wrote to nobody of the past: no company was that large."""
    welcome = step(content, "welcome")
    large = welcome | {"key": "welcome-large", "when": {"contact.company_size": {"$gt": 5_000}}}
    welcome["when"] = {"contact.company_size": {"$lte": 5_000}}
    content["steps"].insert(content["steps"].index(welcome), large)


@pytest.mark.requirement("H7", "G6")
def test_message_that_the_replay_on_the_past_did_not_foresee_is_rolled_back(old: Version, arrive: Arrive) -> None:
    arrive(0, 40, at=NOW - HOUR)
    bad = candidate(write_to_the_largest)
    replays.start(candidate=bad, days=1, by="tests", at=NOW)
    while play_part():
        pass
    rollout = let_out(bad, ramp(50, minutes=60))
    arrive(1_000, 40)
    assert rollout_ticks.tick(at=NOW) == 0, "as foreseen"
    arrive(2_000, 40, company_size=9_000)
    assert rollout_ticks.tick(at=NOW + timedelta(minutes=1)) == 1
    assert "of 40 who entered in replay" in last_step(rollout).because
    while deliver(at=NOW + timedelta(minutes=1)):
        pass
    large = Effect.objects.filter(version_id=bad.pk, step="welcome-large")
    assert set(large.values_list("state", flat=True)) == {"held"}


@pytest.mark.requirement("H7", "G3")
def test_clean_version_goes_through_all_stages_unattended(old: Version, arrive: Arrive) -> None:
    good = candidate()
    rollout = let_out(good, ramp(5, 25, minutes=60))
    for hour, first in enumerate(range(0, 900, 300)):
        arrive(first, 300, at=NOW + hour * HOUR)
        while deliver(at=NOW + hour * HOUR):
            pass
        rollout_ticks.tick(at=NOW + hour * HOUR)
    assert verbs(rollout) == ["begin", "promote", "complete"]
    assert Activation.objects.get(workflow=workflow(), until=None).version == good
    assert not Activation.arms.filter(until=None, arm="candidate").exists()
    look = RolloutLook.objects.filter(rollout=rollout).first()
    assert look is not None
    assert {finding["verdict"] for finding in look.findings} == {"pass", "waiting"}
    said = AuditEntry.objects.filter(object_kind="rollout", object_key=str(rollout.pk)).order_by("number")
    assert [entry.action for entry in said] == ["rollout.start", "rollout.promote", "rollout.complete"]


@pytest.mark.requirement("G3")
def test_below_the_minimum_count_nothing_promotes_and_the_deadline_holds(old: Version, arrive: Arrive) -> None:
    rollout = let_out(candidate(), ramp(5, at_least=50))
    arrive(0, 200)
    for hours in (1, 24, 167):
        assert rollout_ticks.tick(at=NOW + hours * HOUR) == 0
    assert rollout_ticks.tick(at=NOW + 168 * HOUR) == 1
    assert last_step(rollout).state == "held"
    assert "of 50 people met it by the deadline" in last_step(rollout).because
    assert rollout_ticks.tick(at=NOW + 999 * HOUR) == 0, "now somebody has to decide"
    assert Notice.objects.filter(says__contains="is held at 5 % and asks for a decision").exists()


def test_it_begins_at_its_hour_and_one_that_is_held_still_comes_back(old: Version, arrive: Arrive) -> None:
    bad = candidate(take_to_customer)
    rollout = rollouts.start(version=bad, ramp=ramp(50), by="tests", at=NOW, starts_at=NOW + HOUR)
    assert rollout_ticks.tick(at=NOW) == 0
    arrive(0, 10)
    assert not entered(bad)
    assert rollout_ticks.tick(at=NOW + HOUR) == 1
    rollouts.take(rollout=rollout, verb="hold", by="tests", at=NOW + HOUR, because="a look first")
    arrive(100, 10, at=NOW + HOUR)
    assert rollout_ticks.tick(at=NOW + HOUR) == 1
    assert verbs(rollout) == ["schedule", "begin", "hold", "roll_back"]


def test_what_cannot_go_on_is_held_and_says_why(old: Version, arrive: Arrive) -> None:
    good = candidate()
    ChatRoom.objects.create(owner=workflow().owner, system=System.objects.get(key="email"))
    rollout = let_out(good, ramp(50, 60, at_least=1))
    mapping = Mapping.objects.get(key="demo-form-to-crm")
    mapping.name = "Called otherwise"
    mapping.rows = [*mapping.rows, {"from": "contact.score", "to": "score", "type": "number"}]
    definitions.save(mapping, by="tests", at=NOW)
    arrive(0, 20)
    assert rollout_ticks.tick(at=NOW) == 1
    assert last_step(rollout).state == "held"
    assert "was changed since it was let out" in last_step(rollout).because
    assert any("is held at 50 %" in text for text in ChatNote.objects.values_list("text", flat=True)), "in chat, too"


def test_gates_that_cannot_be_asked_hold_it_once_tell_its_team_and_do_not_keep_the_others(
    old: Version, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = let_out(candidate(take_to_customer), ramp(50))
    arrive(0, 10)
    asked, count = [], rollout_ticks.rollout_counts.observed

    def fails(*args: object, **kwargs: object) -> object:
        asked.append(1)
        if len(asked) < 3:
            raise ValueError("what was planted")
        return count(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(rollout_ticks.rollout_counts, "observed", fails)
    assert rollout_ticks.tick(at=NOW) == 1
    assert last_step(rollout).state == "held"
    assert "could not be asked (ValueError" in last_step(rollout).because
    assert Notice.objects.filter(says__contains="nothing would take it back by itself").exists()
    assert rollout_ticks.tick(at=NOW) == 0, "said once"
    assert rollout_ticks.tick(at=NOW) == 1, "and judged as soon as they can be asked"
    assert verbs(rollout) == ["begin", "hold", "roll_back"]


def test_looks_that_tell_nothing_new_make_room_for_the_newest(old: Version, arrive: Arrive) -> None:
    rollout = let_out(candidate(), ramp(50, at_least=1_000))
    seconds = [2, 4, 6, 8, 400, 402, 404]
    for second in seconds:
        arrive(second * 10, 6, at=NOW)
        rollout_ticks.tick(at=NOW + timedelta(seconds=second))
    kept = {(look.at - NOW).seconds: look.is_telling for look in rollout.looks.order_by("pk")}
    quiet = [second for second, is_telling in kept.items() if not is_telling]
    assert kept[2], "the first look is news"
    assert quiet[-1] == seconds[-1], "the newest is there"
    assert len(quiet) <= 3, "beside it one every five minutes"
    assert 400 in kept
    for look in (rollout.looks.filter(is_telling=True).last(), rollout.looks.first()):
        assert look is not None
        with pytest.raises(IntegrityError), transaction.atomic():
            look.delete()


@pytest.mark.requirement("F9")
def test_clock_that_was_put_back_an_hour_and_a_new_worker_miss_nobody(old: Version, arrive: Arrive) -> None:
    """People come, by the clock, before the rollout began; they are counted all the same, who came before is not."""
    arrive(1, 40, at=NOW - HOUR)
    Run.objects.update(state="failed")
    rollout = let_out(candidate(), ramp(50, at_least=1_000))
    arrive(100, 40, at=NOW - HOUR)
    new = set(arms(rollout))
    assert len(new) == 40
    Run.objects.filter(contact_id__in=new).update(state="failed")
    rollout_ticks.tick(at=NOW)
    look = rollout.looks.get()
    errors = next(one for one in look.findings if one["gate"] == "errors")
    assert f"errors: {look.candidate} of {look.candidate} with the candidate" in errors["says"]
    assert f"{look.stable} of {look.stable} with the stable version" in errors["says"]
    assert look.candidate + look.stable == 40


class Killed(BaseException):
    """In place of SIGKILL: the connection is rolled back, nothing else happens."""


@pytest.mark.requirement("F14")
@pytest.mark.parametrize("place", ["rollout.decided", "rollout.committed"])
@pytest.mark.parametrize("plant", [lambda content: None, take_to_customer], ids=["clean", "bad"])
def test_ended_at_every_transition_the_history_is_one(
    place: str, plant: Callable[[Content], None], old: Version, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = rollouts.start(version=candidate(plant), ramp=ramp(20, 50), by="tests", at=NOW, starts_at=NOW + HOUR)
    killed: list[int] = []

    def end(here: str) -> None:
        if here == place and last_step(rollout).number not in killed:
            killed.append(last_step(rollout).number)
            raise Killed

    monkeypatch.setattr(rollouts.crash_points, "at", end)
    for hour in range(1, 8):
        arrive(hour * 100, 60, at=NOW + hour * HOUR)
        try:
            rollout_ticks.tick(at=NOW + hour * HOUR)
        except Killed:
            continue
    assert len(killed) >= len(verbs(rollout)) - 1
    ways = (["schedule", "begin", "promote", "complete"], ["schedule", "begin", "roll_back"])
    assert verbs(rollout) == ways[plant is take_to_customer]
    assert list(rollout.steps.values_list("number", flat=True)) == list(range(1, rollout.steps.count() + 1))
    assert reading.open_of(workflow().pk) is None
    assert Activation.arms.filter(until=None, workflow=workflow()).count() == 1


@pytest.mark.requirement("F14", "F15")
def test_two_who_roll_back_while_the_controller_ticks_roll_back_once(
    demo_of_monday: None, transactional_db: None
) -> None:
    rollout = let_out(candidate(), ramp(5))
    together, said = threading.Barrier(3), []

    def person(name: str) -> None:
        by = User.objects.get(username=name)
        rollouts.move(rollout=rollout, verb="roll_back", by=by, at=NOW + HOUR, because="I saw it", seen=1)

    def act(deed: Callable[[], object]) -> None:
        try:
            together.wait()
            deed()
            said.append("done")
        except rollout_states.WrongState as error:
            said.append(str(error))
        finally:
            connection.close()

    deeds = (lambda: person("ana"), lambda: person("sal"), lambda: rollout_ticks.tick(at=NOW + HOUR))
    hands = [threading.Thread(target=act, args=(deed,)) for deed in deeds]
    for one in hands:
        one.start()
    for one in hands:
        one.join()
    assert sorted(said)[1:] == ["done", "done"]
    assert "rolled back cannot roll back; it can nothing more" in sorted(said)[0]
    assert verbs(rollout) == ["begin", "roll_back"]
    assert Repair.objects.filter(version=rollout.version).count() == 1


def test_metric_that_is_retired_while_the_candidate_is_out_is_a_doubt(old: Version) -> None:
    """What was agreed to can no longer be judged, so nobody more gets it by itself."""
    rollout = let_out(candidate(), ramp(50))
    key = rollout_counts.metric_criteria(rollout.version)[0].key
    kept = CriterionMarks(rollout_id=rollout.pk, criterion=key, metric="conversions", version=1, counted_at=NOW)
    kept.digest, kept.first_digest, kept.problem = "", "as it was", "there is no metric conversions"
    kept.save()
    rollout_ticks.tick(at=NOW)
    found = next(one for one in rollout.looks.get().findings if one["gate"] == "metrics")
    assert found["verdict"] == "inconclusive"
    assert found["says"] == "conversions: there is no metric conversions"


def test_workflow_that_is_taken_off_while_a_version_is_out_calls_it_off(old: Version) -> None:
    rollout = let_out(candidate(), ramp(5))
    rollouts.switch_off(workflow=workflow(), by="tests", at=NOW)
    rollout_ticks.tick(at=NOW + HOUR)
    assert verbs(rollout) == ["begin", "call_off"]
    assert not Activation.arms.filter(until=None, workflow=workflow()).exists()


@pytest.mark.requirement("F14")
def test_two_controllers_that_tick_at_once_take_one_step(demo_of_monday: None, transactional_db: None) -> None:
    rollout = rollouts.start(version=candidate(), ramp=ramp(5), by="tests", at=NOW, starts_at=NOW + HOUR)
    together, taken = threading.Barrier(2), []

    def tick() -> None:
        try:
            together.wait()
            taken.append(rollout_ticks.tick(at=NOW + HOUR))
        finally:
            connection.close()

    controllers = [threading.Thread(target=tick) for _ in range(2)]
    for one in controllers:
        one.start()
    for one in controllers:
        one.join()
    assert sorted(taken) == [0, 1]
    assert verbs(rollout) == ["schedule", "begin"]
