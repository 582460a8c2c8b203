"""Faults that were planted, and the stories that the fuzzer shows them by."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from workflows.engine.scenarios import read, write
from workflows.rehearsal import trials
from workflows.rehearsal.fuzzing import Budget, Search, look
from workflows.rehearsal.ground import Ground
from workflows.rehearsal.rehearsal import Rehearsal

from .grounds import ground, message, step

WAIT = {"key": "pause", "wait": {"for": "2 days"}}
AGAIN = {"entry": {"again": {"overlapping": True}}}
TASK = step("call", "create_task", queue="sales", title="Call them")
#: Stories; two minutes are good for a hundred times as many.
MOST = 1_500


class NotAskedAgain(Rehearsal):
    """Guards are asked when a message is decided, and not when it goes."""

    def _verdicts(self, effect, spec, person):  # type: ignore[no-untyped-def]
        return ()


class NewKeyEachTime(Rehearsal):
    """What is decided is written twice, under keys that say nothing of what it is."""

    def _plan(self, run, effect):  # type: ignore[no-untyped-def]
        for _ in range(2):
            super()._plan(run, replace(effect, key=uuid4()))


class SilentlyWithheld(Rehearsal):
    """Why something was not done is lost."""

    def _settle(self, effect, state, reason):  # type: ignore[no-untyped-def]
        super()._settle(effect, state, "")


class ForgetsRuns(Rehearsal):
    """Runs that came to their end are not read again."""

    def _turn(self, subject, move):  # type: ignore[no-untyped-def]
        subject.runs = [run for run in subject.runs if run.is_running]
        super()._turn(subject, move)


class ForgetsSent(Rehearsal):
    """What was sent before is not counted."""

    def _turn(self, subject, move):  # type: ignore[no-untyped-def]
        subject.sent = []
        super()._turn(subject, move)

    _reserve = NotAskedAgain._reserve


FAULTS: dict[str, tuple[str, Callable[[], Ground]]] = {
    "a form sent twice is answered twice": ("no-duplicates", lambda: ground(message("hello", once_per=None), **AGAIN)),
    "a message asks for no consent": ("consent", lambda: ground(message("hello", consent=None))),
    "consent is asked at the entry, and not after the wait": (
        "consent",
        lambda: ground(WAIT, message("later", consent=None), entry={"when": {"contact.consent.email": "granted"}}),
    ),
    "a field of the stage is written back after the wait": (
        "stages-forward",
        lambda: ground(WAIT, step("qualify", "set_field", field="lifecycle_stage", value="mql")),
    ),
    "a text needs a name that nobody asks for": (
        "required-fields",
        lambda: ground(message("hello"), texts={"welcome": ("contact.first_name",)}),
    ),
    "a change of a field changes the field": (
        "no-loops",
        lambda: ground(
            {"key": "way", "choose": [{"when": {"contact.region": "north"}, "go": "south"}, {"else": "north"}]},
            step("north", "set_field", field="region", value="north"),
            {"key": "out", "stop": "done"},
            step("south", "set_field", field="region", value="south"),
            trigger={"field": "region"},
            **AGAIN,
        ),
    ),
    "somebody is asked, and nobody has to answer": (
        "ends",
        lambda: ground({"key": "ask", "approve": {"team": "sales"}}, message("hello")),
    ),
    "a run waits for a date that may not be one": (
        "no-failures",
        lambda: ground({"key": "renewal", "wait": {"until": {"date": "contact.renewal_on"}}}, message("hello")),
    ),
    "a stage that is reached twice makes two tasks": (
        "no-duplicates",
        lambda: ground(TASK, trigger={"stage": "mql"}, **AGAIN),
    ),
    "guards are not asked again when a message goes": (
        "consent",
        lambda: ground(
            message("hello", window={"days": "mon-fri", "from": "11:00", "to": "18:00", "timezone": "UTC"}),
            world=NotAskedAgain,
        ),
    ),
    "an effect is written twice under two keys": ("no-duplicates", lambda: ground(TASK, world=NewKeyEachTime)),
    "the reason is lost": ("reasons", lambda: ground(message("hello"), world=SilentlyWithheld)),
    "runs that ended are forgotten": ("entries", lambda: ground(TASK, world=ForgetsRuns)),
    "what was sent is forgotten": (
        "caps",
        lambda: ground(
            message("hello", once_per=None, limit={"at_most": 1, "per": "7 days"}),
            world=ForgetsSent,
            entry={"again": {"after": "1 day"}},
        ),
    ),
}


def search(fault: str) -> Search:
    invariant, make = FAULTS[fault]
    return look(make(), seed=7, budget=Budget(stories=MOST, findings=1), invariants=(invariant,))


@pytest.mark.requirement("G5")
@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_found_by_a_story_of_at_most_five_moments(fault: str) -> None:
    found = search(fault).findings
    assert [one.breach.invariant for one in found] == [FAULTS[fault][0]]
    assert 1 <= len(found[0].story.when) <= 5


def test_there_are_ten_planted_faults_at_least() -> None:
    assert len(FAULTS) >= 10


SOUND = (
    WAIT,
    message("hello", require=["contact.email", "contact.first_name"]),
    step("qualify", "set_stage", stage="mql"),
    {"key": "ask", "approve": {"team": "sales", "within": "3 days"}},
    step("call", "create_task", queue="sales", title="Call them", guards={"once_per": "contact"}),
)


def sound() -> Ground:
    entry = {"again": {"after": "1 day"}}
    return ground(*SOUND, texts={"welcome": ("contact.first_name",)}, entry=entry)


def test_sound_workflow_shows_nothing_however_nasty_the_stories() -> None:
    found = look(sound(), seed=1, budget=Budget(stories=MOST))
    assert [(one.breach.invariant, one.breach.says) for one in found.findings] == []
    assert {("hello", "done"), ("hello", "withheld"), ("ask", "stopped"), ("call", "done")} <= found.reached


def test_same_seed_finds_the_same_stories_and_another_may_find_others() -> None:
    one, other = (search("a stage that is reached twice makes two tasks") for _ in range(2))
    assert (one.told, one.findings) == (other.told, other.findings)


def test_search_ends_when_its_time_is_over() -> None:
    found = look(sound(), budget=Budget(stories=10**6, is_over=lambda: True))
    assert found.told <= 3


@pytest.mark.requirement("G6")
@pytest.mark.parametrize("fault", ["consent is asked at the entry, and not after the wait", "the reason is lost"])
def test_finding_kept_as_a_scenario_fails_on_the_faulty_version_and_holds_on_the_mended(fault: str) -> None:
    faulty = FAULTS[fault][1]()
    (finding,) = search(fault).findings
    kept = finding.story.scenario(key="k", name="n", workflow="w", holds=finding.breach.invariant, says="")
    again = read(write(kept))
    assert again == kept
    assert trials.attempt(again, faulty).verdict == "fails"
    mended = ground(WAIT, message("later"))
    assert trials.attempt(again, mended).verdict == "holds"
