""" "Why not?", asked of what a trace keeps: the answer, applied, lets the step happen."""

import json
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from workflows.engine import explain
from workflows.engine.conditions import ConditionError
from workflows.engine.counterfactual.changes import NOW, Change, applied
from workflows.engine.counterfactual.steps import Answer, why_not, why_not_triggered
from workflows.engine.decide import Decision, decide
from workflows.engine.entry import admit
from workflows.engine.snapshot import Cause, Earlier, Sent, Snapshot
from workflows.engine.spec import Spec

from .stories import AT, CATALOG, act, workflow
from .test_counterfactual import FIELDS, SEGMENTS, facts, rule

DAY = timedelta(days=1)


def run(spec: Spec, of: dict[str, Any], *, sent: tuple[Sent, ...] = (), at: datetime = AT) -> Decision:
    return decide(
        spec,
        catalog=CATALOG,
        snapshot=Snapshot(contact_id=7, contact=of["contact"], sent=sent),
        entry_key="contact:7#1",
        waiting_at=None,
        cause=Cause("event", of["event"]),
        at=at,
    )


def kept(decision: Decision) -> dict[str, Any]:
    """The part of a trace, as the database gives it back."""
    document: dict[str, Any] = explain.told_part(json.loads(json.dumps(explain.decision(decision), default=str)))
    return document


def outcome(decision: Decision, key: str) -> str:
    return next((trace.outcome for trace in decision.trace if trace.step == key), "not reached")


def without_time(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    return tuple(change for change in changes if change.path != NOW)


def instant(changes: tuple[Change, ...]) -> datetime:
    return next((datetime.fromisoformat(change.new) for change in changes if change.path == NOW), AT)


def test_five_hundred_skipped_steps_happen_when_the_answer_is_applied() -> None:
    dice = random.Random(4)
    turned, skipped = 0, 0
    while turned < 500:
        document, before = _without_segments(rule(dice)), facts(dice)
        before["contact"]["email"] = before["contact"].get("email") or "lea@example.com"
        spec = workflow(act("group", "add_to_audience", audience="hot", when=document))
        decision = run(spec, before)
        if outcome(decision, "group") == "done":
            continue
        skipped += 1
        answer = why_not(spec, "group", kept(decision), at=AT, fields=FIELDS)
        assert answer.says
        if answer.changes is None:
            continue
        after = run(spec, applied(before, answer.changes))
        assert outcome(after, "group") in ("done", "withheld"), (document, before, answer)
        turned += 1
    assert turned > 0.8 * skipped


#: What rules about a content item and about the workspace name in place of `contact.`.
_ROOTS = {"content": "content.", "workspace": "event.properties."}


@pytest.mark.parametrize("kind", sorted(_ROOTS))
def test_five_hundred_steps_about_other_subjects_happen_when_the_answer_is_applied(kind: str) -> None:
    dice = random.Random(6)
    turned, skipped = 0, 0
    fields = {_renamed(path, kind): field for path, field in FIELDS.items()}
    while turned < 500:
        rule_, before = _renamed(_without_segments(rule(dice)), kind), _moved(facts(dice), kind)
        needs = _renamed("contact.first_name", kind)
        before = applied(before, [Change(needs, None, "Lea")] if dice.random() < 0.6 else [])
        step = act("call", "call_webhook", when=rule_, guards={"require": [needs]})
        spec = workflow(step, subject=kind, type="quality" if kind == "workspace" else "content", trigger=_TRIGGER)
        decision = _about(spec, kind, before)
        if outcome(decision, "call") == "done":
            continue
        skipped += 1
        answer = why_not(spec, "call", kept(decision), at=AT, fields=fields)
        assert answer.says
        if answer.changes is None:
            continue
        changed = applied(before, answer.changes)
        after = _about(spec, kind, changed)
        if outcome(decision, "call") == "withheld":
            assert outcome(after, "call") == "done", (needs, before, answer)
        else:
            assert outcome(after, "call") in ("done", "withheld"), (rule_, before, answer)
        turned += 1
    assert turned > 0.8 * skipped


_TRIGGER = {"schedule": "0 9 * * mon"}


def _about(spec: Spec, kind: str, of: dict[str, Any]) -> Decision:
    id_, known = ("12", of["content"]) if kind == "content" else ("", {})
    snapshot = Snapshot(0, {}, kind=kind, subject_id=id_, subject=known)
    return decide(
        spec,
        catalog=CATALOG,
        snapshot=snapshot,
        entry_key=f"{snapshot.key}#1",
        waiting_at=None,
        cause=Cause("event", of["event"]),
        at=AT,
    )


def _renamed(document: Any, kind: str) -> Any:
    """The same about another subject."""
    if isinstance(document, str):
        return document.replace("contact.", _ROOTS[kind], 1) if document.startswith("contact.") else document
    if isinstance(document, dict):
        return {_renamed(name, kind): _renamed(part, kind) for name, part in document.items()}
    return [_renamed(part, kind) for part in document] if isinstance(document, list) else document


def _moved(known: dict[str, Any], kind: str) -> dict[str, Any]:
    """What was known of a contact, where the other subject has it."""
    if kind == "content":
        return {"content": known["contact"], "event": known["event"], "now": known["now"]}
    properties = {**(known["event"].get("properties") or {}), **known["contact"]}
    return {"event": {**known["event"], "properties": properties}, "now": known["now"]}


def _without_segments(document: Any) -> Any:
    """With what each segment asks for in its place, as a version is compiled."""
    if isinstance(document, list):
        return [_without_segments(part) for part in document]
    if not isinstance(document, dict):
        return document
    found = {name: _without_segments(part) for name, part in document.items() if name != "segment"}
    if "segment" in document:
        return {"$and": [_without_segments(SEGMENTS[document["segment"]]), *([found] if found else [])]}
    return found


def _guards(dice: random.Random) -> dict[str, Any]:
    every: dict[str, Any] = {
        "require": dice.sample(["contact.first_name", "contact.company", "contact.email"], dice.randint(1, 3)),
        "valid": dice.sample(["email", "stage", "crm_id"], dice.randint(1, 3)),
        "consent": dice.choice(("email", {"channel": "email", "purpose": "news"})),
        "once_per": {"per": dice.choice(("3 days", "2 business days", "5 business hours"))},
        "limit": {"at_most": dice.randint(1, 2), "per": "7 days"},
    }
    return {name: every[name] for name in dice.sample(list(every), dice.randint(1, 4))}


def _contact(dice: random.Random) -> dict[str, Any]:
    every: dict[str, Any] = {
        "email": dice.choice(("lea@example.com", "lea@", "lea@example")),
        "first_name": "Lea",
        "company": dice.choice(("B W", "")),
        "crm_id": dice.choice(("003", "0 0 3")),
        "lifecycle_stage": dice.choice(("mql", "hero")),
        "consent": {"email": dice.choice(("granted", "denied"))},
        "purposes": {"email": {"news": dice.choice(("granted", "denied"))}},
    }
    return {name: every[name] for name in every if dice.random() < 0.6}


def _sent(dice: random.Random) -> tuple[Sent, ...]:
    keys = ("w/welcome/contact:7@contact:7#0", "v/other/contact:7", None)
    hours = [dice.randint(0, 300) for _ in range(dice.randint(0, 4))]
    return tuple(Sent("email", AT - timedelta(hours=hour), once_key=dice.choice(keys)) for hour in hours)


@pytest.mark.requirement("D4")
def test_five_hundred_withheld_messages_go_when_the_answer_is_applied() -> None:
    dice = random.Random(5)
    turned: Counter[bool] = Counter()
    while turned.total() < 500:
        spec = workflow(act("welcome", "send_message", template="welcome", guards=_guards(dice)))
        contact, sent = _contact(dice), _sent(dice)
        event = {"name": "Asked", "properties": {}}
        decision = run(spec, {"contact": contact, "event": event}, sent=sent)
        if outcome(decision, "welcome") != "withheld":
            continue
        answer = why_not(spec, "welcome", kept(decision), at=AT)
        assert answer.changes, decision.trace
        changed = applied({"contact": contact, "event": event}, without_time(answer.changes))
        after = run(spec, changed, sent=sent, at=instant(answer.changes))
        assert outcome(after, "welcome") == "done", (contact, sent, answer, after.trace)
        if instant(answer.changes) > AT:  # time alone, one second short of it, would not have done
            early = run(spec, changed, sent=sent, at=instant(answer.changes) - timedelta(seconds=1))
            assert outcome(early, "welcome") == "withheld", (answer, sent)
        turned[instant(answer.changes) > AT] += 1
    assert min(turned[True], turned[False]) > 50


ROUTE = workflow(
    {"key": "halt", "stop": "no consent", "when": {"contact.consent.email": {"$ne": "granted"}}},
    {
        "key": "route",
        "choose": [
            {"when": {"contact.size": {"$gt": 200}}, "go": "big"},
            {"when": {"contact.size": {"$gt": 50}}, "go": "small"},
            {"else": "end"},
        ],
    },
    act("small", "set_field", field="team", value="growth"),
    {"key": "leave", "stop": "was small"},
    act("big", "set_field", field="tier", value=1),
    {"key": "pause", "wait": {"for": "2 days"}},
    act("late", "set_field", field="hot", value=True),
)
WILLING = {"consent": {"email": "granted"}}


@pytest.mark.parametrize(
    ("contact", "key", "blocker", "says", "changes"),
    [
        (
            {},
            "small",
            "halt",
            "the run stopped: no consent",
            ["consent for email would have to be granted; it is missing"],
        ),
        (WILLING | {"size": 10}, "small", "route", "the run went on with end", ["size would have to be 51; it is 10"]),
        (WILLING | {"size": 10}, "big", "route", "the run went on with end", ["size would have to be 201; it is 10"]),
        (
            WILLING | {"size": 300},
            "small",
            "route",
            "the run went on with big",
            ["size would have to be 200; it is 300"],
        ),
        (WILLING | {"size": 100}, "big", "leave", "the run stopped: was small", None),
        (
            WILLING | {"size": 300},
            "late",
            "pause",
            "the run waits: for 2 days",
            ["it would have happened from 2026-11-22T15:00:00+00:00 on"],
        ),
        (WILLING | {"size": 300}, "big", "big", "", None),
    ],
)
def test_step_that_was_not_reached_names_what_stood_in_the_way(
    contact: dict[str, Any], key: str, blocker: str, says: str, changes: list[str] | None
) -> None:
    decision = run(ROUTE, {"contact": contact, "event": {"name": "Asked"}})
    answer = why_not(ROUTE, key, kept(decision), at=AT)
    assert (answer.step, answer.says) == (blocker, says)
    found = None if answer.changes is None else [change.says() for change in answer.changes]
    assert found == changes


def entry_answer(spec: Spec, contact: dict[str, Any], *earlier: Earlier) -> Answer:
    admission = admit(spec, facts={"contact": contact, "event": {}}, contact_id=7, earlier=earlier, at=AT)
    part = explain.told_part(json.loads(json.dumps({"entry": explain.admission(admission), "steps": []})))
    return why_not(spec, "mark", part, at=AT)


MARK = act("mark", "set_field", field="hot", value=True)


@pytest.mark.requirement("D7")
@pytest.mark.parametrize(
    ("again", "days_ago", "running", "free"),
    [
        (None, [400], False, None),
        ({"after": "30 days"}, [10], False, AT + 20 * DAY),
        ({"at_most": 2, "per": "30 days"}, [10, 20], False, AT + 10 * DAY),
        ({"at_most": 2, "per": "30 days", "after": "25 days"}, [10, 20], False, AT + 15 * DAY),
        ({"at_most": 1}, [10], False, None),
        ({"after": "1 day"}, [10], True, None),  # first it has to be through
    ],
)
def test_entry_refused_for_earlier_ones_says_when_it_would_be_let_in(
    again: dict[str, Any] | None, days_ago: list[int], running: bool, free: datetime | None
) -> None:
    spec = workflow(MARK, entry={} if again is None else {"again": again})
    earlier = tuple(Earlier("contact:7#1", AT - days * DAY, running=running) for days in days_ago)
    answer = entry_answer(spec, {}, *earlier)
    assert answer.says
    assert answer.changes == (None if free is None else (Change(NOW, AT.isoformat(), free.isoformat()),))
    if free:
        admitted = admit(spec, facts={"contact": {}, "event": {}}, contact_id=7, earlier=earlier, at=free)
        assert admitted.admitted
        second = timedelta(seconds=1)
        assert not admit(
            spec, facts={"contact": {}, "event": {}}, contact_id=7, earlier=earlier, at=free - second
        ).admitted


def test_entry_rule_and_trigger_rule_are_turned_too() -> None:
    entry = workflow(MARK, entry={"when": {"contact.score": {"$gte": 50}}})
    assert entry_answer(entry, {"score": 12}).changes == (Change("contact.score", 12, 50),)
    spec = workflow(MARK, trigger={"event": "Asked", "where": {"event.properties.form_id": "demo"}})
    asked = {"event": {"name": "Asked", "properties": {"form_id": "other"}}, "contact": {}}
    assert why_not_triggered(spec, asked).changes == (Change("event.properties.form_id", "other", "demo"),)
    other = why_not_triggered(spec, {"event": {"name": "Other"}, "contact": {}})
    assert (other.says, other.changes) == ("it is not an event that begins this workflow", None)


def test_answer_of_a_rule_that_failed_puts_the_value_right() -> None:
    spec = workflow(act("group", "add_to_audience", audience="hot", when={"contact.score": {"$gte": 50}}))
    decision = run(spec, {"contact": {"score": "many", "email": "lea@example.com"}, "event": {"name": "Asked"}})
    with pytest.raises(ConditionError):
        spec.steps[0].when.test({"contact": {"score": "many"}})  # type: ignore[union-attr]
    assert why_not(spec, "group", kept(decision), at=AT).changes == (Change("contact.score", "many", 50),)
