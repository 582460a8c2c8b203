"""What holds of every story, whatever the workflow: looked for in what was played, by the story's own account of it.

Nothing here asks the engine whether it was right. Consent is folded anew from what was said, doubles are found by what
they hold and not by their keys, stages by their places.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workflows.engine import consents
from workflows.engine.conditions import value_at
from workflows.engine.guards import zone_of
from workflows.engine.scenarios.reading import INVARIANTS
from workflows.engine.spec import Step
from workflows.engine.windows import next_opening
from workflows.models import Run
from workflows.runtime.outcome import Change, Consent
from workflows.runtime.subjects import RunState

from .played import PlayedEffect
from .telling import Told

#: Within this span the same thing done again is a double, and not the next time.
DOUBLE_WITHIN = timedelta(days=1)
#: What somebody notices who gets it twice; to write a record once more changes nothing.
_FELT = frozenset({"send_message", "create_task", "distribute_report"})
#: Parts of what is done that tell when, and not what.
_OF_TIME = frozenset({"due_at"})
#: Runs that one story may begin besides two for each thing that happens in it.
_FEW_RUNS = 4


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where something does not hold."""

    #: One of `INVARIANTS`.
    invariant: str
    says: str
    step: str = ""
    at: datetime | None = None


def breaches(told: Told, names: Iterable[str] = INVARIANTS) -> tuple[Breach, ...]:
    """Everything that does not hold, of these invariants."""
    return tuple(Breach(name, says, step, at) for name in names for says, step, at in _FINDERS[name](told))


Found = Iterator[tuple[str, str, datetime | None]]


def _done(told: Told) -> list[PlayedEffect]:
    """What the workflow did, in the order in which it did it."""
    done = [one for one in told.played.of(told.ground.spec.key) if one.state == "done" and one.at]
    return sorted(done, key=lambda one: (one.at, str(one.key)))


def _doubles(told: Told) -> Found:
    seen: dict[Any, PlayedEffect] = {}
    for effect in _done(told):
        of_run = (effect.run.id, effect.step, _content(effect))
        alike = (effect.subject, _values(effect.run), _content(effect)) if effect.kind in _FELT else of_run
        before = seen.get(alike) or seen.get(of_run)
        if before and effect.at and before.at and effect.at - before.at < DOUBLE_WITHIN:
            yield f"{_words(effect)} was done twice: {_when(before.at)} and {_when(effect.at)}", effect.step, effect.at
        seen[alike] = seen[of_run] = effect
    yield from _double_goals(told)


def _double_goals(told: Told) -> Found:
    seen: set[tuple[Any, ...]] = set()
    for run, name in told.played.goals:
        goal = (run.subject, run.event_id, name)
        if goal in seen and run.event_id is not None:
            yield f"{name} was counted twice for one event", "", None
        seen.add(goal)


def _content(effect: PlayedEffect) -> str:
    """Kind, far side and content, but for times."""
    kept = {name: value for name, value in effect.payload.items() if name not in _OF_TIME}
    return repr((effect.kind, effect.system, sorted(kept.items(), key=lambda part: part[0])))


def _values(run: RunState) -> str:
    """What makes an entry another one besides the subject and its number: two orders are two things to do."""
    return run.entry_key.rpartition("#")[0].partition("|")[2]


def _consent(told: Told) -> Found:
    for effect in _done(told):
        if not effect.is_message or effect.channel in ("", "chat") or effect.subject.contact_id is None:
            continue
        need = _step(told, effect.step).guards.consent
        name = consents.name(effect.channel, need.purpose if need else None)
        state = _ledger(told, effect).get(name, {}).get("state")
        if state != consents.GRANTED:
            said = "was never given" if state is None else f"is {state}"
            words = consents.words(*name.split(".", 1)) if "." in name else name
            yield f"{_words(effect)} was sent, while consent for {words} {said}", effect.step, effect.at


def _ledger(told: Told, effect: PlayedEffect) -> dict[str, dict[str, str]]:
    """What was said until then, folded by when it was said."""
    before = (told.began - timedelta(days=1)).isoformat()
    known = told.given.consent if told.given.known else {}
    ledger = {name: {"state": state, "at": before} for name, state in known.items()}
    for logged in told.played.log:
        one = logged.what
        if effect.at and logged.at > effect.at:
            break
        if isinstance(one, Consent) and one.contact_id == effect.subject.contact_id:
            ledger = consents.stated(ledger, consents.name(one.channel, one.purpose), one.state, at=one.at)
        elif one is effect:
            break
    return ledger


def _required(told: Told) -> Found:
    for effect in _done(told):
        if effect.subject.contact_id is None:
            continue
        for path in told.ground.needs.get(effect.step, ()):
            if value_at({"contact": effect.facts}, path) in (None, ""):
                yield f"{_words(effect)} was done, while {path} was missing", effect.step, effect.at


def _stages(told: Told) -> Found:
    for logged in told.played.log:
        change = logged.what
        if not isinstance(change, Change) or change.field != "lifecycle_stage" or not _is_ours(change):
            continue
        old, new = told.ground.position(change.old), told.ground.position(change.new)
        if old is None or (new is not None and new >= old) or _says_backwards(told, change):
            continue
        yield f"{change.writer} moved the stage back from {change.old} to {change.new}", change.step, logged.at


def _is_ours(change: Change) -> bool:
    return change.run is not None or change.writer.startswith("event ")


def _says_backwards(told: Told, change: Change) -> bool:
    step = told.ground.spec.step(change.step) if change.step in told.ground.spec.positions else None
    return bool(step and step.action == "set_stage" and step.arguments.get("backwards"))


def _caps(told: Told) -> Found:
    sent: list[PlayedEffect] = []
    for effect in _done(told):
        if not effect.is_message:
            continue
        limit = _step(told, effect.step).guards.limit
        if limit and effect.at:
            since = limit.per.before(effect.at)
            alike = [one for one in sent if one.channel == effect.channel and one.at and one.at > since]
            if len(alike) >= limit.at_most:
                says = f"number {len(alike) + 1} in {limit.per}, and {limit.at_most} is the most"
                yield f"{_words(effect)} was {says}", effect.step, effect.at
        sent.append(effect)


def _windows(told: Told) -> Found:
    for effect in _done(told):
        window = _step(told, effect.step).guards.window
        if not window or effect.at is None:
            continue
        calendar = told.ground.defined.catalog.calendar
        zone = zone_of({"contact": effect.facts}, calendar) if window.timezone == "contact" else window.timezone
        if next_opening(window, at=effect.at, timezone=zone) != effect.at:
            yield f"{_words(effect)} was done {_when(effect.at)}, outside its hours", effect.step, effect.at


def _entries(told: Told) -> Found:
    """As the entry rule says it, counted from the runs that there are."""
    entered: dict[Any, list[RunState]] = {}
    rule = told.ground.spec.entry.again
    for run in runs_of(told):
        earlier = [one for one in entered.get((run.subject, _values(run)), []) if one.state != Run.State.STOPPED]
        entered.setdefault((run.subject, _values(run)), []).append(run)
        if earlier and rule is None:
            yield f"entered once more {_when(run.entered_at)}, and may only once", "", run.entered_at
        elif earlier and rule and rule.after and run.entered_at < rule.after.after(earlier[-1].entered_at):
            yield f"entered once more {_when(run.entered_at)}, sooner than {rule.after}", "", run.entered_at
        elif rule and rule.at_most is not None:
            since = rule.per.before(run.entered_at) if rule.per else None
            counted = [one for one in earlier if since is None or one.entered_at > since]
            if len(counted) >= rule.at_most:
                yield f"entered {len(counted) + 1} times, and {rule.at_most} is the most", "", run.entered_at


def _reasons(told: Told) -> Found:
    for effect in told.played.of(told.ground.spec.key):
        if effect.state == "suppressed" and not effect.reason.strip():
            yield f"{_words(effect)} was withheld without a reason", effect.step, effect.at
    for run in runs_of(told):
        if run.state in (Run.State.STOPPED, Run.State.FAILED) and not run.reason.strip():
            yield f"a run ended {run.state} without a reason", run.step, None


def _failures(told: Told) -> Found:
    for run in runs_of(told):
        if run.state == Run.State.FAILED:
            yield f"a run failed: {run.reason}", run.step, None


def _loops(told: Told) -> Found:
    if told.endless:
        yield told.endless, "", told.ended
    count, most = len(runs_of(told)), _FEW_RUNS + 2 * len(told.when)
    if count > most:
        yield f"{count} runs began where {len(told.when)} things happened: it sets itself off", "", None


def _ends(told: Told) -> Found:
    if told.endless:
        return
    for run in runs_of(told):
        if run.is_running and run.due_at is None:
            yield f"a run waits at {run.step} for ever: nobody answers, and there is no end to it", run.step, None
        elif run.is_running and run.due_at and run.due_at > told.ended:
            yield f"a run still waits at {run.step}, until {_when(run.due_at)}", run.step, None


def runs_of(told: Told) -> list[RunState]:
    """Of the workflow, in the order in which they began."""
    versions = told.ground.defined
    return [
        run for run in told.played.runs.values() if versions.version(run.version_id).spec.key == told.ground.spec.key
    ]


def _step(told: Told, key: str) -> Step:
    return told.ground.spec.step(key)


def _words(effect: PlayedEffect) -> str:
    what = effect.payload.get("template") or effect.kind
    return f"{effect.step} ({what})" if what != effect.step else effect.step


def _when(at: datetime) -> str:
    return f"on {at:%Y-%m-%d %H:%M} UTC"


_FINDERS: Mapping[str, Callable[[Told], Found]] = {
    "no-duplicates": _doubles,
    "consent": _consent,
    "required-fields": _required,
    "stages-forward": _stages,
    "caps": _caps,
    "windows": _windows,
    "entries": _entries,
    "reasons": _reasons,
    "no-failures": _failures,
    "no-loops": _loops,
    "ends": _ends,
}
