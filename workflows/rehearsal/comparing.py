"""Two plays of one past, effect by effect, and the rule that made each difference; and a play against the ledger."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from workflows.engine.replays import Cause, EffectCount, Side, Tally
from workflows.runtime.subjects import RunState

from .played import Played, PlayedEffect
from .recorded import Recorded, Story

#: Instants in what is done count as the same within so much: an event that something caused is handled a moment later.
_MOMENT = timedelta(minutes=1)
#: As a tally counts them.
_STATES = {"suppressed": "withheld", "held": "held", "cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One effect that differs, or one that could not be made to happen as it did; as `ReplayFinding` keeps it."""

    kind: str
    cause: str
    verdict: str
    contact_id: int | None
    workflow: str = ""
    step: str = ""
    effect_kind: str = ""
    says: str = ""
    live: str = ""
    candidate: str = ""
    recorded: str = ""
    at: datetime | None = None


@dataclass(slots=True)
class Told:
    """What a play tells of its runs, by workflow and entry, in their order."""

    steps: dict[tuple[str, str], list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    admitted: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    #: Who did not get in: by workflow and event.
    refused: dict[tuple[str, int | None], str] = field(default_factory=dict)
    #: The step's account by the effect that it decided.
    of_effect: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    begun: dict[tuple[str, str], RunState] = field(default_factory=dict)

    @classmethod
    def of(cls, played: Played) -> "Told":
        told = cls()
        for account in played.accounts:
            for part, run in account.parts:
                if run is None:
                    told.refused[part["workflow"], account.event_id] = str((part["entry"] or {}).get("says", ""))
                    continue
                key = (part["workflow"], run.entry_key)
                told.begun.setdefault(key, run)
                if part.get("entry"):
                    told.admitted[key] = part["entry"]
                told.steps[key] += part["steps"]
                told.of_effect |= {step["effect"]: step for step in part["steps"] if "effect" in step}
        return told


def outcome_of(effect: PlayedEffect) -> str:
    """done, withheld, held or cancelled; what is still to come counts as done."""
    return _STATES.get(effect.state, "done")


def count(tally: Tally, side: Side, played: Played, told: Told) -> None:
    """What a play adds to the counts of its side."""
    for (workflow, _), steps in told.steps.items():
        for step in {one["step"] for one in steps}:
            tally.reached[side, workflow, step] += 1
    for workflow, _ in told.admitted:
        tally.entries[side, workflow] += 1
    for effect in played.effects.values():
        state = outcome_of(effect)
        reason = _against(effect, told) if state == "withheld" else ""
        tally.effects[EffectCount(side, effect.workflow, effect.step, effect.kind, state, reason)] += 1


def differences(
    tally: Tally, live: Played, candidate: Played, *, workflow: str, contact_id: int, story: Story
) -> Iterator[Finding]:
    """Effects that the candidate's play has otherwise, counted by their cause."""
    before, after = Told.of(live), Told.of(candidate)
    count(tally, "live", live, before)
    count(tally, "candidate", candidate, after)
    root: Cause | None = None
    for key in {**live.effects, **candidate.effects}:
        one, other = live.effects.get(key), candidate.effects.get(key)
        verdict = _verdict(one, other)
        if not verdict:
            tally.counts["same"] += 1
            continue
        effect = one or candidate.effects[key]
        cause = _cause(effect, one, other, before, after)
        if effect.workflow != workflow:
            root = root or _root(before, after, workflow)
            cause = root or cause
        tally.differs(cause, verdict)
        recorded = story.ledger.get(key)
        yield Finding(
            kind="difference",
            cause=cause.name,
            verdict=verdict,
            contact_id=contact_id,
            workflow=effect.workflow,
            step=effect.step,
            effect_kind=effect.kind,
            says=_payload_words(one, other) if one and other else "",
            live=_words(one),
            candidate=_words(other),
            recorded=_recorded_words(recorded),
            at=effect.decided_at,
        )


def _verdict(one: PlayedEffect | None, other: PlayedEffect | None) -> str:
    """Empty where nobody would see a difference."""
    was, now = (effect is not None and outcome_of(effect) in ("done", "held") for effect in (one, other))
    if was != now:
        return "added" if now else "removed"
    if one is None or other is None:
        return ""  # decided on one side only, and withheld there: nothing is done on either
    same = (one.kind, one.system, outcome_of(one)) == (other.kind, other.system, outcome_of(other))
    return "" if same and (not was or alike(one.payload, other.payload)) else "changed"


def _cause(
    effect: PlayedEffect, one: PlayedEffect | None, other: PlayedEffect | None, before: Told, after: Told
) -> Cause:
    """The first thing that the two runs decided otherwise."""
    key = (effect.workflow, effect.run.entry_key)
    if found := first_difference(key, before, after, effect.run.event_id):
        return found
    if one is not None and other is not None and one.state != other.state:
        return Cause(effect.workflow, effect.step, "sending")
    return Cause(effect.workflow, effect.step, "content")


def _root(before: Told, after: Told, workflow: str) -> Cause | None:
    """What the candidate did otherwise first, for effects of other workflows that follow from it."""
    for key in {**before.begun, **after.begun}:
        if key[0] == workflow:
            run = before.begun.get(key) or after.begun[key]
            if found := first_difference(key, before, after, run.event_id):
                return found
    return None


def first_difference(key: tuple[str, str], before: Told, after: Told, event_id: int | None) -> Cause | None:
    """None where both runs went the same way, guards and all."""
    workflow = key[0]
    if (key in before.begun) != (key in after.begun):
        absent = after if key in before.begun else before
        return Cause(workflow, "", "entry", "refused" if (workflow, event_id) in absent.refused else "trigger")
    one, other = before.steps.get(key, []), after.steps.get(key, [])
    for place, (mine, theirs) in enumerate(zip(one, other, strict=False)):
        if found := _between(workflow, mine, theirs, one[place - 1] if place else None):
            return found
    if len(one) != len(other) and (last := (one or other)[min(len(one), len(other)) - 1 :][:1]):
        part = "wait" if last[0]["outcome"] in ("waits", "asks", "hands-off") else "step"
        longer = one if len(one) > len(other) else other
        step = last[0]["step"] if part == "wait" else longer[min(len(one), len(other))]["step"]
        return Cause(workflow, str(step), part)
    return None


def _between(
    workflow: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], last: Mapping[str, Any] | None
) -> Cause | None:
    step = str(theirs["step"])
    if mine["step"] != theirs["step"]:
        if last is not None and last["outcome"] == "chose":
            return Cause(workflow, str(last["step"]), "way")
        return Cause(workflow, step, "step")
    if mine["outcome"] == theirs["outcome"]:
        if mine["outcome"] == "waits" and mine["says"] != theirs["says"]:
            return Cause(workflow, step, "wait")
        return Cause(workflow, step, "way") if mine["outcome"] == "chose" and mine["says"] != theirs["says"] else None
    no, now_no = _refusing(mine), _refusing(theirs)
    if no != now_no:
        return Cause(workflow, step, "guard", " and ".join(sorted(set(no) ^ set(now_no))))
    is_rule = "skipped" in (mine["outcome"], theirs["outcome"]) or "stopped" in (mine["outcome"], theirs["outcome"])
    return Cause(workflow, step, "rule" if is_rule else "step")


def _refusing(step: Mapping[str, Any]) -> list[str]:
    return [guard["guard"] for guard in step.get("guards", ()) if not guard["ok"]]


def _against(effect: PlayedEffect, told: Told) -> str:
    """The guards that said no; else what displaced it, or what its content lacked."""
    step = told.of_effect.get(str(effect.key))
    if step and (no := _refusing(step)):
        return " and ".join(dict.fromkeys(no))
    if effect.reason.startswith("gave way"):
        return "gave way"
    return "lacks content" if step and step["outcome"] == "withheld" else "asked again"


def against_ledger(
    tally: Tally, played: Played, story: Story, *, contact_id: int, keys: Mapping[int, str], course: "Course"
) -> Iterator[Finding]:
    """What the ledger has and the play has not, has otherwise, or has too much; counted."""
    for key, recorded in story.ledger.items():
        tally.counts["recorded"] += 1
        workflow = keys.get(recorded.workflow_id, "")
        state = _recorded_state(recorded)
        reason = recorded.reason if state == "withheld" else ""
        tally.effects[EffectCount("recorded", workflow, recorded.step, recorded.kind, state, reason[:80])] += 1
        effect = played.effects.get(key)
        if effect is not None and _reproduces(effect, recorded):
            tally.counts["reproduced"] += 1
            continue
        why = course.excuse(recorded, effect)
        tally.exceptions[why] += 1
        yield _exception(why, contact_id, workflow, recorded, effect)
    for key, effect in played.effects.items():
        if key not in story.ledger:
            why = course.surplus(effect)
            tally.exceptions[why] += 1
            yield _exception(why, contact_id, effect.workflow, None, effect)


@dataclass(frozen=True, slots=True)
class Course:
    """What of the course of things explains that a play and the ledger differ."""

    #: Workflow → since when a version of it was live first, and which ones are now.
    live_since: Mapping[str, datetime]
    live_versions: frozenset[int]
    #: Workflows whose steps take turns over all contacts.
    by_turns: frozenset[str]

    def excuse(self, recorded: Recorded, effect: PlayedEffect | None) -> str:
        if recorded.version_id not in self.live_versions:
            return "of another version"
        if effect is None:
            return "not played"
        return "whose turn" if effect.workflow in self.by_turns else "otherwise"

    def surplus(self, effect: PlayedEffect) -> str:
        since = self.live_since.get(effect.workflow)
        is_early = since is None or effect.run.entered_at < since
        return "before it went live" if is_early else "not recorded"


def _exception(
    why: str, contact_id: int, workflow: str, recorded: Recorded | None, effect: PlayedEffect | None
) -> Finding:
    step, kind = (recorded.step, recorded.kind) if recorded else (effect.step, effect.kind) if effect else ("", "")
    return Finding(
        kind="exception",
        cause=why,
        verdict="both" if recorded and effect else "recorded" if recorded else "played",
        contact_id=contact_id,
        workflow=workflow,
        step=step,
        effect_kind=kind,
        says=_unlike(recorded.payload, effect.payload) if recorded and effect else "",
        live=_words(effect),
        recorded=_recorded_words(recorded),
        at=recorded.planned_at if recorded else effect.decided_at if effect else None,
    )


def _recorded_state(recorded: Recorded) -> str:
    return _STATES.get(recorded.state, "done")


def _reproduces(effect: PlayedEffect, recorded: Recorded) -> bool:
    """The same was decided. Whether a far side then failed is its own doing, and no rule's."""
    return (effect.step, effect.kind, effect.system, outcome_of(effect)) == (
        recorded.step,
        recorded.kind,
        recorded.system,
        _recorded_state(recorded),
    ) and alike(orjson.loads(orjson.dumps(effect.payload)), recorded.payload)


def alike(one: Any, other: Any) -> bool:
    """The same but for instants that are a moment apart.

    >>> alike({"due": "2026-11-02T09:00:00+00:00"}, {"due": "2026-11-02T09:00:01+00:00"}), alike({"a": 1}, {"a": 2})
    (True, False)
    """
    if one == other:
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, str) and isinstance(other, str) and "T" in one and "T" in other:
        return _moment_apart(one, other)
    return False


def _moment_apart(one: str, other: str) -> bool:
    try:
        return abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)) <= _MOMENT
    except (ValueError, TypeError):
        return False


def _unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Names of what differs, and none of the values: those are people's."""
    other = orjson.loads(orjson.dumps(other))
    one = orjson.loads(orjson.dumps(one))
    names = [name for name in {**one, **other} if not alike(one.get(name), other.get(name))]
    return ", ".join(names)


def _payload_words(one: PlayedEffect, other: PlayedEffect) -> str:
    return _unlike(one.payload, other.payload)


def _words(effect: PlayedEffect | None) -> str:
    if effect is None:
        return ""
    state = outcome_of(effect)
    return f"{state}: {effect.reason}" if effect.reason else state


def _recorded_words(recorded: Recorded | None) -> str:
    if recorded is None:
        return ""
    return f"{recorded.state}: {recorded.reason}" if recorded.reason else recorded.state
