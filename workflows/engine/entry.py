"""Who may enter a workflow, and how often (requirement D7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .conditions import Check, ConditionError
from .snapshot import Earlier
from .spec import Spec


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a contact enters, and why."""

    admitted: bool
    says: str
    #: Unique per workflow; only where admitted.
    entry_key: str = ""
    checks: tuple[Check, ...] = ()


def triggered_by(spec: Spec, facts: Mapping[str, Any]) -> bool:
    """Does the event begin this workflow at all? Raises `ConditionError`."""
    trigger = spec.trigger
    if trigger is None or not trigger.matches(facts["event"]):
        return False
    return trigger.where is None or trigger.where.test(facts)


def admit(
    spec: Spec, *, facts: Mapping[str, Any], contact_id: int, earlier: tuple[Earlier, ...], at: datetime
) -> Admission:
    """May the contact enter now? Earlier runs of every version count."""
    refused = _again(spec, earlier, at)
    if refused:
        return Admission(admitted=False, says=refused)
    checks = spec.entry.when.explain(facts) if spec.entry.when else ()
    try:
        passed = spec.entry.when is None or spec.entry.when.test(facts)
    except ConditionError as error:
        return Admission(admitted=False, says=f"the entry rule cannot be answered: {error}", checks=checks)
    if not passed:
        return Admission(admitted=False, says="the entry rule does not hold", checks=checks)
    number = len(earlier) + 1
    says = "enters for the first time" if number == 1 else f"enters for time {number}"
    return Admission(admitted=True, says=says, entry_key=f"contact:{contact_id}#{number}", checks=checks)


def _again(spec: Spec, runs: tuple[Earlier, ...], at: datetime) -> str | None:
    """Why an earlier run stands against another, or None.

    One that was stopped does not: somebody who asked without consent and asks again with it is not turned away.
    """
    earlier = [run for run in runs if not run.stopped]
    if not earlier:
        return None
    rule = spec.entry.again
    if rule is None:
        return "has been through this workflow, which is entered once"
    running = next((run for run in earlier if run.running), None)
    if running and not rule.overlapping:
        return f"is already in this workflow since {running.entered_at:%Y-%m-%d %H:%M} UTC"
    if rule.at_most is not None and len(earlier) >= rule.at_most:
        return f"has entered {len(earlier)} times, and {rule.at_most} is the most"
    last = max(run.entered_at for run in earlier)
    if rule.after is not None and at < rule.after.after(last):
        return f"entered on {last:%Y-%m-%d %H:%M} UTC, and may again {rule.after} later"
    return None
