"""Scenarios are played on a version, and say in plain words what is not as expected."""

from typing import Any

import pytest

from workflows.engine.scenarios import BadScenario, Scenario, read, write
from workflows.rehearsal import standards, trials
from workflows.rehearsal.trials import Trial

from .grounds import ground, message, step

STEPS = (
    step("qualify", "set_stage", stage="mql"),
    message("hello"),
    {"key": "pause", "wait": {"for": "2 days", "until": {"event": "Booked"}}},
    message("later", template="reminder"),
)
ASKED = {"event": "Asked"}


def scenario(given: Any = None, when: Any = (ASKED,), then: Any = ({"holds": "everything"},), **more: Any) -> Scenario:
    return read({"key": "s", "name": "S", "given": given or {}, "when": list(when), "then": list(then), **more})


def tried(*args: Any, **kwargs: Any) -> Trial:
    return trials.attempt(scenario(*args, **kwargs), ground(*STEPS))


AGREED = {"consent": {"email": "granted"}}


@pytest.mark.requirement("G6")
def test_what_is_expected_and_happens_holds() -> None:
    then = [
        {"done": "welcome", "within": "1 minute"},
        {"done": "later", "after": "2 days"},
        {"done": "upsert_record"},
        {"stage": "mql"},
        {"field": "first_name", "is": "Ada"},
        {"enters": 1},
        {"ends": "done", "step": "later"},
        {"nothing_else": True},
        {"holds": "everything"},
    ]
    assert tried(AGREED | {"fields": {"first_name": "Ada"}}, then=then).failures == ()


CASES: list[tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any], str]] = [
    ({}, [ASKED], {"done": "welcome"}, "expected welcome once, was withheld: consent for email was never given"),
    (
        AGREED,
        [ASKED, {"unsubscribes": "email", "after": "1 day"}],
        {"done": "later"},
        "expected later once, was withheld: consent for email is denied",
    ),
    (
        AGREED,
        [ASKED],
        {"done": "hello", "times": 2},
        "expected hello twice, was done on 2026-03-02 09:00 UTC",
    ),
    (
        AGREED,
        [ASKED],
        {"withheld": "hello", "because": "consent"},
        "expected hello withheld at least once because of consent, was done on 2026-03-02 09:00 UTC",
    ),
    (AGREED, [ASKED], {"stage": "sql"}, "expected lifecycle_stage to be sql, it is mql, written by w"),
    (AGREED, [ASKED], {"field": "region", "is": "north"}, "expected region to be north, it is nothing"),
    (
        AGREED,
        [{"event": "Booked"}],
        {"done": "hello"},
        "expected hello once, nobody entered: nothing that happened begins the workflow",
    ),
    (
        AGREED,
        [ASKED, {"event": "Asked", "after": "1 day"}],
        {"enters": 2},
        "expected w to be entered twice, it was 1 times: enters for the first time; "
        "has been through this workflow, which is entered once",
    ),
    (
        {"people": "agree", **AGREED},
        [ASKED],
        {"ends": "stopped"},
        "expected the run to be stopped, it is done at later",
    ),
    (AGREED, [ASKED], {"nothing_else": True}, "expected nothing else, but qualify (upsert_record) was done"),
]


@pytest.mark.parametrize(("given", "when", "claim", "says"), CASES)
def test_what_is_not_as_expected_is_said_with_what_happened(
    given: dict[str, Any], when: list[dict[str, Any]], claim: dict[str, Any], says: str
) -> None:
    failures = tried(given, when, [claim]).failures
    assert failures[0].path == "then[0]"
    assert failures[0].says.startswith(says)


def test_event_that_the_catalog_refuses_is_named_as_the_reason() -> None:
    failures = tried(AGREED, [{"event": "Asked", "properties": {"form_id": 7}}], [{"done": "hello"}]).failures
    assert "nobody entered: the event is refused" in failures[0].says


def test_event_wakes_the_wait_and_late_message_is_taken_once() -> None:
    when = [ASKED, {"event": "Booked", "after": "1 hour"}, {"event": "Booked", "after": "2 hours", "again": True}]
    trial = tried(AGREED, when, [{"done": "later", "within": "1 hour"}])
    assert trial.failures == ()
    booked = [one for one in trial.told.played.accounts if one.detail["cause"].get("name") == "Booked"]
    assert len(booked) == 1


@pytest.mark.requirement("G6")
def test_three_scenarios_of_the_guide_come_with_the_product_and_hold_of_a_sound_workflow() -> None:
    sound = ground(*STEPS, entry={"again": {"after": "1 day"}})
    found = trials.all_of((), standards.all(), sound)
    assert [trial.scenario.key for trial in found] == [
        "incomplete-ad-lead",
        "quick-stage-moves",
        "unsubscribe-then-return",
    ]
    assert [(trial.scenario.key, trial.says) for trial in found if trial.failures] == []


PLANTED = {
    "incomplete-ad-lead": ground(
        message("hello", once_per=None, consent=None), texts={"welcome": ("contact.first_name",)}
    ),
    "unsubscribe-then-return": ground(*STEPS[:3], message("later", template="reminder", consent=None)),
    "quick-stage-moves": ground(
        {"key": "pause", "wait": {"for": "1 day"}},
        step("qualify", "set_field", field="lifecycle_stage", value="mql"),
        entry={"again": {"overlapping": True}},
    ),
}


@pytest.mark.requirement("G6")
@pytest.mark.parametrize("key", PLANTED)
def test_each_of_the_three_fails_where_its_fault_is(key: str) -> None:
    one = next(one for one in standards.all() if one.key == key)
    assert trials.attempt(one, PLANTED[key]).verdict == "fails"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"given": {"emial": "x"}}, "given.emial"),
    ({"given": {"consent": {"email": "yes"}}}, "given.consent.email"),
    ({"given": {"starts": "monday"}}, "given.starts"),
    ({"when": []}, "when"),
    ({"when": [{"event": "Asked", "after": "soon"}]}, "when[0].after"),
    ({"when": [{"event": "Asked", "stage": "mql"}]}, "when[0]"),
    ({"when": [{"answers": "maybe"}]}, "when[0].answers"),
    ({"when": [{"event": "Asked", "step": "x"}]}, "when[0].step"),
    ({"then": []}, "then"),
    ({"then": [{"done": "hello", "times": -1}]}, "then[0].times"),
    ({"then": [{"holds": "magic"}]}, "then[0].holds"),
    ({"then": [{"ends": "happily"}]}, "then[0].ends"),
    ({"types": ["magic"]}, "types[0]"),
]


@pytest.mark.parametrize(("part", "path"), WRONG)
def test_what_cannot_be_read_is_told_at_its_place(part: dict[str, Any], path: str) -> None:
    with pytest.raises(BadScenario) as caught:
        read({"key": "s", "name": "S", "when": [ASKED], "then": [{"enters": 1}]} | part)
    assert path in [at for at, _ in caught.value.problems]


def test_document_of_a_scenario_reads_as_the_same() -> None:
    whole = scenario(
        {"stage": "mql", "email": None, "known": False, "starts": "2026-03-02T09:00:00+00:00", "people": "agree"},
        [
            {"begins": True, "without": "optional", "late": "1 hour"},
            {"consent": {"email": "denied"}},
            {"sets": {"region": "north"}},
            {"answers": "no", "step": "ask"},
            {"unsubscribes": "email", "after": "2 days"},
            {"event": "Asked", "properties": {"seats": 3}, "again": True, "source": "site"},
        ],
        [
            {"done": "hello", "times": {"at_least": 0, "at_most": 2}},
            {"withheld": "hello", "times": {"at_least": 2}},
            {"stage": None},
            {"enters": {"at_least": 1}},
            {"nothing_else": True},
        ],
        types=["nurture"],
    )
    assert read(write(whole)) == whole
