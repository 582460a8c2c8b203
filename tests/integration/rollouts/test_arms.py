"""Two versions side by side: who gets which, that nobody ever moves, and that a bad one takes nobody further."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from campaigns.actions import rollout_ticks, rollouts
from campaigns.ramps import Ramp
from campaigns.rollout_states import WrongState
from martechops.people.models import User
from workflows.actions import definitions, merges
from workflows.models import Activation, Effect, Exposure, MessageTemplate, Run, Segment, Source, Version
from workflows.queries import in_flight
from workflows.runtime import advance as advancing
from workflows.runtime.deliver import deliver

from .conftest import KEY, NOW, Content, arms, arriving, candidate, entered, let_out, ramp, step, workflow

Arrive = Callable[..., None]
DAY = timedelta(days=1)


@pytest.fixture
def old(demo: Source) -> Version:
    return Version.objects.get(workflow__key=KEY, number=1)


def test_only_where_a_rollout_runs_is_anything_stored(old: Version, arrive: Arrive) -> None:
    arrive(0, 5)
    assert len(entered(old)) == 5
    assert not Exposure.objects.exists()


@pytest.mark.requirement("F16", "H7")
def test_while_a_share_grows_nobody_moves(old: Version, arrive: Arrive) -> None:
    new = candidate()
    rollout = let_out(new, ramp(1, 50))
    arrive(0, 400)
    narrow = arms(rollout)
    assert 0 < len(entered(new)) < 20
    rollouts.take(rollout=rollout, verb="promote", by="tests", at=NOW, because="")
    arrive(0, 800, at=NOW + 40 * DAY)  # half of them once more, as the entry rule lets them
    wide = arms(rollout)
    assert narrow.items() <= wide.items()
    assert {id for id, arm in wide.items() if arm == "candidate"} == entered(new)
    assert {id for id, arm in wide.items() if arm == "stable"} == entered(old)
    assert 150 < len(entered(new) - narrow.keys()) < 250, "half of the 400 who came later"


def test_a_segment_comes_first_and_keeps_what_it_has(old: Version, arrive: Arrive) -> None:
    new = candidate()
    stages = [{"segment": "enterprise-leads", "at_least": 1, "minutes": 0}, {"share_percent": 10, "at_least": 1}]
    rollout = let_out(new, Ramp.of({"stages": [*stages, {"share_percent": 100}]}))
    arrive(0, 10, company_size=5000)
    arrive(10, 10, company_size=20)
    assert (len(entered(new)), len(entered(old))) == (10, 10)
    assert set(Exposure.objects.values_list("share_percent", flat=True)) == {None}
    rollouts.take(rollout=rollout, verb="promote", by="tests", at=NOW, because="")
    arrive(0, 20, at=NOW + 40 * DAY, company_size=20)
    assert (len(entered(new)), len(entered(old))) == (10, 10), "who was in the segment stays, whatever became of them"


def test_whom_only_the_candidate_would_let_in_is_met_in_both_arms(old: Version, arrive: Arrive) -> None:
    """Else the arms would seem to be filled by a loaded coin, and be compared over other people."""
    new = candidate(lambda content: content["trigger"].pop("where"))
    rollout = let_out(new, ramp(50))
    arrive(0, 100, form_id="other")
    assert len(arms(rollout)) == 100
    assert 30 < len(entered(new)) < 70
    assert not entered(old)


@pytest.mark.requirement("F16")
def test_two_contacts_made_one_keep_the_arm_of_the_one_that_stays(old: Version, arrive: Arrive) -> None:
    rollout = let_out(candidate(), ramp(50))
    arrive(0, 40)
    before = arms(rollout)
    kept = next(id for id, arm in before.items() if arm == "candidate")
    gone = next(id for id, arm in before.items() if arm == "stable")
    merges.merge(kept_id=kept, gone_id=gone, by=User.objects.get(username="admin"), at=NOW)
    assert arms(rollout) == {id: arm for id, arm in before.items() if id != gone}


@pytest.mark.requirement("F15", "F13")
def test_rolled_back_it_takes_nobody_further_and_the_stable_one_goes_on(old: Version, arrive: Arrive) -> None:
    new = candidate()
    rollout = let_out(new, ramp(50))
    arrive(0, 40)
    bad, good = entered(new), entered(old)
    assert bad
    assert good
    rollouts.take(rollout=rollout, verb="roll_back", by="tests", at=NOW, because="it is bad")
    while deliver(at=NOW):
        pass
    states = set(Effect.objects.filter(version_id=new.pk).values_list("state", flat=True))
    assert states == {"held"}, "what was planned and not reserved stays where it is"
    assert Effect.objects.filter(version_id=old.pk, state="done").exists()
    arrive(100, 40)
    assert entered(new) == bad
    assert len(entered(old)) == len(good) + 40
    while advancing.advance(at=NOW + 3 * DAY):
        pass
    assert set(Run.objects.filter(version_id=new.pk).values_list("state", "reason")) == {
        ("stopped", "its version was rolled back")
    }
    assert not Run.objects.filter(version_id=old.pk, state="stopped").exists()


def test_rolled_back_after_it_was_for_everybody_the_former_one_is_live_again(old: Version, arrive: Arrive) -> None:
    new = candidate()
    rollout = let_out(new, ramp(50))
    rollouts.take(rollout=rollout, verb="complete", by="tests", at=NOW, because="")
    arrive(0, 3)
    assert len(entered(new)) == 3
    rollouts.take(rollout=rollout, verb="roll_back", by="tests", at=NOW, because="")
    assert Activation.objects.get(workflow=workflow(), until=None).version == old
    with pytest.raises(WrongState, match="rolled back cannot roll back"):
        rollouts.take(rollout=rollout, verb="roll_back", by="tests", at=NOW, because="")


def test_what_was_taken_live_again_finishes_when_another_takes_its_place(old: Version, arrive: Arrive) -> None:
    new = candidate()
    rollouts.take(rollout=let_out(new, ramp(50)), verb="roll_back", by="tests", at=NOW, because="it seemed bad")
    rollouts.switch_over(version=new, by="tests", at=NOW)
    arrive(0, 3)
    assert len(entered(new)) == 3
    rollouts.switch_over(version=old, by="tests", at=NOW)
    assert in_flight.standings(old.workflow_id).of(new.pk) == in_flight.FINISHING
    while advancing.advance(at=NOW + 3 * DAY):
        pass
    assert not Run.objects.filter(version_id=new.pk, state="stopped").exists()


def test_while_one_runs_nothing_else_goes_live(old: Version) -> None:
    new = candidate()
    let_out(new, ramp(5))
    with pytest.raises(rollouts.CannotActivate, match="is under way"):
        rollouts.switch_over(version=old, by="tests", at=NOW)
    with pytest.raises(rollouts.CannotActivate, match="is under way"):
        let_out(new, ramp(5))
    assert Activation.objects.filter(workflow=workflow(), until=None).count() == 1, "a candidate is not what is live"
    rollouts.switch_off(workflow=workflow(), by="tests", at=NOW)
    assert not Activation.arms.filter(workflow=workflow(), until=None).exists()


def test_what_is_rolled_back_beside_another_is_not_what_that_one_goes_back_to(old: Version, arrive: Arrive) -> None:
    bad = candidate()
    first = let_out(bad, ramp(50))
    rollouts.take(rollout=first, verb="complete", by="tests", at=NOW, because="")
    beside = let_out(candidate(), ramp(50))
    rollouts.take(rollout=first, verb="roll_back", by="tests", at=NOW, because="it is bad after all")
    assert Activation.objects.get(workflow=workflow(), until=None).version == old
    held = beside.steps.order_by("-number").first()
    assert held is not None
    assert (held.state, "which it goes out beside, was rolled back" in held.because) == ("held", True)
    arrive(0, 20)
    assert not entered(bad)
    rollouts.take(rollout=beside, verb="complete", by="tests", at=NOW, because="")
    rollouts.take(rollout=beside, verb="roll_back", by="tests", at=NOW, because="")
    assert Activation.objects.get(workflow=workflow(), until=None).version == old, "and not the one that is bad"


def test_version_that_cannot_be_run_as_definitions_are_today_is_not_let_out(old: Version) -> None:
    def names_a_segment(content: Content) -> None:
        step(content, "welcome")["when"] = {"segment": "enterprise-leads"}

    new = candidate(names_a_segment)
    Segment.objects.filter(key="enterprise-leads").delete()
    for go in (lambda: let_out(new, ramp(5)), lambda: rollouts.switch_over(version=new, by="tests", at=NOW)):
        with pytest.raises(rollouts.CannotActivate, match=r"cannot be run.*enterprise-leads"):
            go()
    assert Activation.objects.get(workflow=workflow(), until=None).version == old


def test_segment_that_is_gone_lets_nobody_in_and_the_deadline_asks(old: Version, arrive: Arrive) -> None:
    new = candidate()
    stages = [{"segment": "enterprise-leads", "at_least": 1, "minutes": 0, "deadline_minutes": 60}]
    rollout = let_out(new, Ramp.of({"stages": [*stages, {"share_percent": 100}]}))
    Segment.objects.filter(key="enterprise-leads").delete()
    arrive(0, 10, company_size=5000)
    assert (len(entered(new)), len(entered(old))) == (0, 10)
    assert rollout_ticks.tick(at=NOW + timedelta(hours=2)) == 1
    assert rollout.steps.get(number=2).because == "0 of 1 people met it by the deadline: too few to judge it by"


def test_what_was_changed_since_goes_no_further(old: Version) -> None:
    rollout = let_out(candidate(), ramp(5, 25))
    template = MessageTemplate.objects.get(key="demo-welcome")
    template.subject = "Something else"
    definitions.save(template, by="tests", at=NOW)
    with pytest.raises(rollouts.NotAsItWas, match="was changed since"):
        rollouts.take(rollout=rollout, verb="promote", by="tests", at=NOW, because="")


@pytest.mark.requirement("F15")
def test_batch_that_is_under_way_when_it_is_rolled_back_lets_nobody_in(
    demo_of_monday: None, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had read that the candidate is live; the rollback commits; then it writes: it is taken again."""
    arrive = arriving(Source.objects.get(key="demo-site"))
    old, new = Version.objects.get(workflow__key=KEY, number=1), candidate()
    rollout = let_out(new, ramp(99))
    arrive(0, 20, handled=False)
    decided = advancing.write.write
    raised: list[Exception] = []

    def roll_back() -> None:
        try:
            rollouts.take(rollout=rollout, verb="roll_back", by="tests", at=NOW, because="")
        except Exception as error:  # noqa: BLE001 - shown below
            raised.append(error)
        finally:
            connection.close()

    def write_late(*args: object, **kwargs: object) -> None:
        monkeypatch.setattr(advancing.write, "write", decided)
        other = threading.Thread(target=roll_back)
        other.start()
        other.join()
        decided(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(advancing.write, "write", write_late)
    while advancing.advance(at=NOW):
        pass
    assert not raised
    assert not entered(new)
    assert len(entered(old)) == 20
    assert not transaction.get_connection().in_atomic_block
