"""Why a step of a run did not happen, and the smallest change that would have turned it, from what the trace keeps.

The trace has the values that every comparison saw, and the version that it names has the rules: together they answer as
long as the contact exists, with nothing else looked up.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from martechops.lib.frozen import dataclass

from ..conditions import SEGMENT, Condition, FieldType, Segments, places
from ..spec import Spec, Step
from .changes import Change
from .rules import smallest_change

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Why not, and what would have been needed."""

    #: The step that stood in the way; empty for the entry.
    step: str
    #: Why, in words; empty where it did happen.
    says: str
    #: All of it together would have turned that; None where no change of facts would have.
    changes: tuple[Change, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    spec: Spec
    at: datetime
    fields: Mapping[str, FieldType]
    segments: Segments

    def turned(self, rule: Document, checks: Sequence[Document], *, wanted: bool) -> tuple[Change, ...] | None:
        """What would have made a rule come out so, given what its comparisons saw."""
        facts = facts_of(checks) | {"now": self.at}
        return smallest_change(rule, facts, wanted=wanted, fields=self.fields, segments=self.segments)


def why_not(
    spec: Spec,
    key: str,
    part: Document,
    *,
    at: datetime,
    fields: Mapping[str, FieldType] | None = None,
    segments: Segments | None = None,
) -> Answer:
    """Why the step was not done. `part` is a workflow's part of a trace (see `engine.explain`), `at` its instant.

    For a run that was decided in several turns, `part` holds their steps one after another. Raises KeyError for a key
    that is no step's.
    """
    asked = _Question(spec, at, fields or {}, segments or {})
    step = spec.step(key)
    entry = part.get("entry")
    if entry and not entry["admitted"]:
        return _not_admitted(asked, entry)
    steps = part.get("steps", [])
    own = next((one for one in reversed(steps) if one["step"] == key), None)
    if own:
        return _not_done(asked, step, own)
    return _not_reached(asked, step, steps, part)


def why_not_triggered(
    spec: Spec,
    facts: Mapping[str, Any],
    *,
    fields: Mapping[str, FieldType] | None = None,
    segments: Segments | None = None,
) -> Answer:
    """Why an event did not begin the workflow; the event's own name is no fact that could be another."""
    if spec.trigger is None or not spec.trigger.matches(facts["event"]):
        return Answer("", "it is not an event that begins this workflow")
    if spec.trigger.where is None:
        return Answer("", "")
    changes = smallest_change(spec.trigger.where.document, facts, fields=fields, segments=segments)
    return Answer("", "the rule of its trigger did not hold" if changes != () else "", changes)


def facts_of(checks: Sequence[Document]) -> dict[str, Any]:
    """What the comparisons of a trace saw, as facts.

    >>> facts_of([{"path": "contact.consent.email", "op": "$eq", "want": "granted", "got": "denied", "ok": False}])
    {'contact': {'consent': {'email': 'denied'}}}
    """
    facts: dict[str, Any] = {}
    for check in checks:
        if check["path"] == SEGMENT:
            _merge(facts, facts_of(check.get("inner", [])))
        elif check["got"] is not None:
            *parents, last = places(check["path"])
            place = facts
            for name in parents:
                place = place.setdefault(name, {})
            place[last] = check["got"]
    return facts


def _merge(facts: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(facts.get(name), dict):
            _merge(facts[name], value)
        else:
            facts[name] = value


def _not_admitted(asked: _Question, entry: Document) -> Answer:
    if "needs" in entry:
        return Answer("", entry["says"], _read(entry["needs"]))
    rule = asked.spec.entry.when
    if rule is None or "checks" not in entry:
        return Answer("", entry["says"])
    return Answer("", entry["says"], asked.turned(rule.document, entry["checks"], wanted=True))


def _not_done(asked: _Question, step: Step, own: Document) -> Answer:
    outcome, says = own["outcome"], own["says"]
    if outcome in ("skipped", "failed") and step.when:
        return Answer(step.key, says, asked.turned(step.when.document, own.get("checks", []), wanted=True))
    if outcome in ("withheld", "failed"):
        return Answer(step.key, says, _read(own["needs"]) if "needs" in own else None)
    return Answer(step.key, "")


def _not_reached(asked: _Question, step: Step, steps: Sequence[Document], part: Document) -> Answer:
    """The step where the run ended, waits, or went past the one that was asked about."""
    target = asked.spec.positions[step.key]
    for one in steps:
        before = asked.spec.steps[asked.spec.positions[one["step"]]]
        if asked.spec.positions[before.key] >= target:
            break
        if one["outcome"] == "stopped":
            return Answer(before.key, f"the run stopped: {one['says']}", _unstopped(asked, before, one))
        if one["outcome"] == "chose" and _goes_past(asked.spec, one["says"], target):
            return Answer(before.key, f"the run went on with {one['says']}", _other_way(asked, before, one, target))
        if one["outcome"] == "failed":
            return Answer(before.key, one["says"], _not_done(asked, before, one).changes)
    last = steps[-1] if steps else {"step": "", "says": ""}
    if part.get("state") == "waiting":
        due = part.get("due_at")
        now = asked.at.isoformat()
        changes = (Change("now", now, due),) if due and last["outcome"] == "waits" else None
        return Answer(last["step"], f"the run waits: {last['says']}", changes)
    return Answer(last["step"], f"the run went another way: {last['says']}")


def _unstopped(asked: _Question, stop: Step, one: Document) -> tuple[Change, ...] | None:
    if stop.kind != "stop" or stop.when is None:
        return None
    return asked.turned(stop.when.document, one.get("checks", []), wanted=False)


def _goes_past(spec: Spec, way: str, target: int) -> bool:
    return spec.positions.get(way, len(spec.steps)) > target


def _other_way(asked: _Question, choice: Step, one: Document, target: int) -> tuple[Change, ...] | None:
    """The way past which the step lies, by the fewest changes: its own rule holds, and none of those before it does."""
    found: list[tuple[int, tuple[Change, ...]]] = []
    before: list[Document] = []
    for branch in choice.branches:
        rule = _way_rule(before, branch.when)
        if rule and not _goes_past(asked.spec, branch.go, target):
            changes = asked.turned(rule, one.get("checks", []), wanted=True)
            past = target - asked.spec.positions[branch.go]  # steps in between may turn the run away once more
            found += [(past, changes)] if changes else []
        if branch.when:
            before.append(branch.when.document)
    return min(found, key=lambda way: (way[0], len(way[1])))[1] if found else None


def _way_rule(before: Sequence[Document], when: Condition | None) -> Document:
    parts = [{"$nor": list(before)}] if before else []
    return {"$and": [*parts, when.document]} if when else parts[0] if parts else {}


def _read(changes: Sequence[Document] | None) -> tuple[Change, ...] | None:
    if changes is None:
        return None
    return tuple(Change(one["path"], one["old"], one["new"], any_value=one["any"]) for one in changes)
