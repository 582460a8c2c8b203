"""Who may enter a workflow, and how often (requirement D7)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from martechops.lib.frozen import dataclass

from .conditions import Check, ConditionError, value_at
from .counterfactual.changes import Change, at_instant
from .snapshot import Earlier
from .spec import Again, Spec

LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a contact enters, and why."""

    admitted: bool
    says: str
    #: Unique per workflow; only where admitted.
    entry_key: str = ""
    checks: tuple[Check, ...] = ()
    #: For one refused because of earlier runs: what would have let it in; None: nothing, or the end of a run.
    needs: tuple[Change, ...] | None = ()


def triggered_by(spec: Spec, facts: Mapping[str, Any]) -> bool:
    """Does the event begin this workflow at all? Raises `ConditionError`."""
    trigger = spec.trigger
    if trigger is None or not trigger.matches(facts["event"]):
        return False
    return trigger.where is None or trigger.where.test(facts)


def admit(
    spec: Spec,
    *,
    facts: Mapping[str, Any],
    contact_id: int,
    earlier: tuple[Earlier, ...],
    at: datetime,
    subject: str = "",
) -> Admission:
    """May the subject enter now? Earlier runs of every version count, as far as they are entries of the same key.

    `subject` is `Snapshot.key`; empty, it is the contact of this id. Entries are numbered, so that the same one cannot
    happen twice: `contact:7#2`, or `contact:7|"pro"#1` where the key of entries names a path besides the subject.
    """
    of = _key_values(spec, facts)
    alike = tuple(run for run in earlier if not of or _values_of(run.entry_key) == of)
    refused = _again(spec, alike, at)
    if refused:
        free = _free_at(spec.entry.again, alike)
        return Admission(admitted=False, says=refused, needs=(at_instant(at, free),) if free else None)
    checks = spec.entry.when.explain(facts) if spec.entry.when else ()
    try:
        passed = spec.entry.when is None or spec.entry.when.test(facts)
    except ConditionError as error:
        return Admission(admitted=False, says=f"the entry rule cannot be answered: {error}", checks=checks)
    if not passed:
        return Admission(admitted=False, says="the entry rule does not hold", checks=checks)
    number = max([len(alike), *(_ordinal(run.entry_key) for run in alike)]) + 1
    says = "enters for the first time" if number == 1 else f"enters for time {number}"
    entry_key = f"{subject or f'contact:{contact_id}'}{of}#{number}"
    return Admission(admitted=True, says=says, entry_key=entry_key, checks=checks)


def _key_values(spec: Spec, facts: Mapping[str, Any]) -> str:
    """The values that make an entry another one, as its key ends; long ones are cut to what an index takes."""
    values = [json.dumps(value_at(facts, path), default=str)[:LONGEST_VALUE] for path in spec.entry.key]
    return "".join(f"|{value}" for value in values)


def _values_of(entry_key: str) -> str:
    """The same of an earlier entry, whoever the subject was then: contacts are merged."""
    _subject, bar, values = entry_key.rpartition("#")[0].partition("|")
    return bar + values


def _ordinal(entry_key: str) -> int:
    """Which entry of its subject it was: the next is one higher, also after a merge was undone."""
    number = entry_key.rpartition("#")[2]
    return int(number) if number.isdigit() else 0


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
    return _too_often(rule, earlier, at)


def _free_at(rule: Again | None, runs: Sequence[Earlier]) -> datetime | None:
    """When time alone would let it enter; None where it does not depend on time."""
    earlier = sorted(run.entered_at for run in runs if not run.stopped)
    stands = any(run.running for run in runs if not run.stopped)
    if rule is None or (stands and not rule.overlapping):
        return None
    free = [rule.after.after(earlier[-1])] if rule.after else []
    if rule.at_most is not None and len(earlier) >= rule.at_most:
        if rule.per is None:
            return None
        free.append(rule.per.after(earlier[-rule.at_most]))
    return max(free, default=None)


def _too_often(rule: Again, earlier: Sequence[Earlier], at: datetime) -> str | None:
    since = rule.per.before(at) if rule.per else None
    counted = [run for run in earlier if since is None or run.entered_at > since]
    if rule.at_most is not None and len(counted) >= rule.at_most:
        within = f" in {rule.per}" if rule.per else ""
        return f"has entered {len(counted)} times{within}, and {rule.at_most} is the most"
    last = max(run.entered_at for run in earlier)
    if rule.after is not None and at < rule.after.after(last):
        return f"entered on {last:%Y-%m-%d %H:%M} UTC, and may again {rule.after} later"
    return None
