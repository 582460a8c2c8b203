"""The kinds of step: what each does when a run reaches it, and when something wakes a run that waits at it.

Each returns the position of the step to go on with, or the `Decision` that ends the turn.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from hashlib import blake2b
from typing import TypeVar
from zoneinfo import ZoneInfo

from . import acts, internal
from .business_time import instant
from .conditions import relative, value_at
from .decision import Decision, Undefined
from .effects import PlannedHandoff, Question
from .guards import zone_of
from .spec import Approve, Handoff, Step, Wait
from .walk import Walk

Way = Callable[[Walk, Step, int], Decision | int]
Table = Mapping[str, Way]
Part = TypeVar("Part")


def _act(walk: Walk, step: Step, position: int) -> Decision | int:
    checks = step.when.explain(walk.facts) if step.when else ()
    if step.when and not step.when.test(walk.facts):
        walk.note(step, "skipped", "its rule does not hold", checks)
        return position + 1
    action = step.action or ""
    if turning := acts.TURNING.get(action):
        return turning(walk, step, position, checks)
    act = acts.ACTS.get(action)
    if act is None:
        raise Undefined(f"{action or 'nothing'} is no action that can be done here")
    walk.trace.append(act(walk, step, checks))
    return position + 1


def _act_woken(walk: Walk, step: Step, position: int) -> Decision | int:
    turning = acts.TURNING_WOKEN.get(step.action or "")
    return turning(walk, step, position, ()) if turning else _woken(walk, step, position)


def _wait(walk: Walk, step: Step, position: int) -> Decision | int:
    wait = _present(step.wait, "waits for nothing")
    if wait.date:
        return _wait_for_date(walk, step, wait, position)
    if wait.span is None:
        raise Undefined("it has no end")
    due_at = wait.span.after(walk.at, walk.catalog.calendar)
    until = f", or until {wait.event} if that is sooner" if wait.event else ""
    walk.note(step, "waits", f"for {wait.span}{until}")
    return walk.end("waiting", step.key, due_at=due_at, waits_for=wait.event)


def _wait_woken(walk: Walk, step: Step, position: int) -> Decision | int:
    wait = _present(step.wait, "waits for nothing")
    if wait.date and (wait.span is None or walk.cause.kind == "event"):
        return _wait_for_date(walk, step, wait, position)  # it may have been moved meanwhile
    if walk.cause.kind != "event" or wait.where is None:
        return _woken(walk, step, position)
    checks = wait.where.explain(walk.facts)
    if wait.where.test(walk.facts):
        walk.note(step, "woke", f"{_event_name(walk)} happened", checks)
        return position + 1
    walk.note(step, "waits", f"{_event_name(walk)} happened, but not as it waits for", checks)
    return walk.end("waiting", step.key, stays=True)


def _wait_for_date(walk: Walk, step: Step, wait: Wait, position: int) -> Decision | int:
    """Until the date, whichever way it is moved; what it waits at most counts from when it was moved last."""
    target = _date_of(walk, wait)
    longest = wait.span.after(walk.at, walk.catalog.calendar) if wait.span else None
    if target is None and longest is None:
        raise Undefined(f"{wait.date} is missing, so nobody knows how long to wait")
    due_at = min(filter(None, (target, longest)))
    if due_at <= walk.at:
        found = value_at(walk.facts, wait.date or "")
        walk.note(step, "woke", f"{wait.date} is {found}, so its time is over")
        return position + 1
    unknown = f", for {wait.date} is missing" if target is None else ""
    walk.note(step, "waits", f"until {due_at:%Y-%m-%d %H:%M} UTC{unknown}")
    return walk.end("waiting", step.key, due_at=due_at, waits_for=internal.change_of(wait.date or ""))


def _date_of(walk: Walk, wait: Wait) -> datetime | None:
    """The instant that the subject's date and the shift name; a day begins by the clock of the contact."""
    value = value_at(walk.facts, wait.date or "")
    if value is None:
        return None
    if relative.is_date(value):
        zone = ZoneInfo(zone_of(walk.facts, walk.catalog.calendar))
        target = instant(datetime.fromisoformat(value).date(), time(), zone)
    elif relative.is_instant(value):
        target = datetime.fromisoformat(value)
    else:
        raise Undefined(f"{wait.date} is no date: {str(value)[:60]}")
    if wait.shift is None:
        return target
    move = wait.shift.before if wait.before else wait.shift.after
    return move(target, walk.catalog.calendar)


def _woken(walk: Walk, step: Step, position: int) -> Decision | int:
    says = "its time is over" if walk.cause.kind == "timer" else f"{_event_name(walk)} happened"
    walk.note(step, "woke", says)
    return position + 1


def _event_name(walk: Walk) -> str:
    return str((walk.cause.event or {}).get("name"))


def _choose(walk: Walk, step: Step, position: int) -> Decision | int:
    rules = [branch.when for branch in step.branches if branch.when]
    checks = tuple([check for rule in rules for check in rule.explain(walk.facts)])  # of ways not taken too: "why not?"
    for branch in step.branches:
        if branch.when is None or branch.when.test(walk.facts):
            walk.note(step, "chose", branch.go, checks)
            return walk.position(branch.go)
    raise Undefined("it has no way for everyone else")


def _split(walk: Walk, step: Step, position: int) -> Decision | int:
    bucket = share_bucket(workflow=walk.spec.key, step=step.key, subject=walk.snapshot.key)
    reached = 0
    for share in step.shares:
        reached += share.percent * 100
        if bucket < reached:
            walk.note(step, "chose", share.go)
            return walk.position(share.go)
    raise Undefined("its shares do not make 100")


def share_bucket(*, workflow: str, step: str, subject: str) -> int:
    """Where a subject falls among ten thousand, always the same; each split shares out anew.

    >>> share_bucket(workflow="w", step="s", subject="contact:7") == share_bucket(
    ...     workflow="w", step="s", subject="contact:7")
    True
    """
    text = "\0".join(("split", workflow, step, subject))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % 10_000


def _approve(walk: Walk, step: Step, position: int) -> Decision | int:
    asked = _present(step.approve, "asks nobody")
    due_at = asked.within.after(walk.at, walk.catalog.calendar) if asked.within else None
    says = asked.question or step.name
    walk.questions.append(Question(walk.key(step), step.key, asked.team, says, due_at))
    walk.note(step, "asks", f"{asked.team}: {says}" + (f", within {asked.within}" if asked.within else ""))
    return walk.end("waiting", step.key, due_at=due_at)


def _approve_woken(walk: Walk, step: Step, position: int) -> Decision | int:
    asked = _present(step.approve, "asks nobody")
    if walk.cause.answer == "yes":
        walk.note(step, "answered", _answer_words(walk, "approved"))
        return position + 1
    late = f"nobody of {asked.team} answered within {asked.within}"
    says = _answer_words(walk, "refused") if walk.cause.kind == "answer" else late
    return _otherwise(walk, step, asked, says)


def _handoff(walk: Walk, step: Step, position: int) -> Decision | int:
    passed = _present(step.handoff, "hands nothing off")
    due_at = passed.within.after(walk.at, walk.catalog.calendar) if passed.within else None
    payload = {path: value_at(walk.facts, path) for path in passed.payload}
    planned = PlannedHandoff(
        key=walk.key(step),
        step=step.key,
        from_team=step.owner or walk.spec.owner,
        to_team=passed.to,
        payload=payload,
        due_at=due_at,
        must_accept=passed.accept,
    )
    walk.handoffs.append(planned)
    within = f", within {passed.within}" if passed.within else ""
    walk.note(step, "hands-off", f"{planned.from_team} to {passed.to}{within}")
    return walk.end("waiting", step.key, due_at=due_at) if passed.accept else position + 1


def _handoff_woken(walk: Walk, step: Step, position: int) -> Decision | int:
    passed = _present(step.handoff, "hands nothing off")
    if walk.cause.answer == "accepted":
        walk.note(step, "answered", _answer_words(walk, "accepted"))
        return position + 1
    late = f"nobody of {passed.to} accepted it within {passed.within}"
    says = _answer_words(walk, "refused") if walk.cause.kind == "answer" else late
    return _otherwise(walk, step, passed, says)


def _otherwise(walk: Walk, step: Step, part: Approve | Handoff, says: str) -> Decision | int:
    """The way for a no and for no answer; without one the run stops there, visibly."""
    if part.otherwise is None:
        walk.note(step, "stopped", says)
        return walk.end("stopped", step.key, says)
    walk.note(step, "answered" if walk.cause.kind == "answer" else "woke", f"{says}; goes on with {part.otherwise}")
    return walk.position(part.otherwise)


def _answer_words(walk: Walk, did: str) -> str:
    by = f"{walk.cause.by} {did} it" if walk.cause.by else f"it was {did}"
    return f"{by}: {walk.cause.note}" if walk.cause.note else by


def _stop(walk: Walk, step: Step, position: int) -> Decision | int:
    checks = step.when.explain(walk.facts) if step.when else ()
    if step.when and not step.when.test(walk.facts):
        walk.note(step, "skipped", "its rule does not hold", checks)
        return position + 1
    walk.note(step, "stopped", step.reason, checks)
    return walk.end("stopped", step.key, step.reason)


def _again(walk: Walk, step: Step, position: int) -> Decision | int:
    """A step that the run came by on the version it was moved from: nothing of it happens a second time."""
    asked = step.approve or step.handoff
    if step.key in walk.cause.denied and asked:
        return _otherwise(walk, step, asked, "it was turned down before the run was moved")
    walk.note(step, "skipped", "the run has been here, on the version it was moved from")
    return position + 1


def _present(part: Part | None, says: str) -> Part:
    if part is None:
        raise Undefined(says)
    return part


KINDS: Table = {
    "act": _act,
    "wait": _wait,
    "choose": _choose,
    "split": _split,
    "approve": _approve,
    "handoff": _handoff,
    "stop": _stop,
}
#: What a run does that waited at a step of this kind; one that does not wait simply goes on after it.
WOKEN: Table = {
    "act": _act_woken,
    "wait": _wait_woken,
    "choose": _woken,
    "split": _woken,
    "approve": _approve_woken,
    "handoff": _handoff_woken,
    "stop": _woken,
}
#: What becomes of a step that a moved run has been at. Choices and waits leave nothing that could happen twice.
AGAIN: Table = dict.fromkeys(KINDS, _again)
