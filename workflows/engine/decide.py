"""One subject, one version, one cause: what happens now, and why.

A run goes from step to step until it waits, stops or is through. Each step leaves a `StepTrace` with the values that
decided it, so that the explanation is the execution itself and not a second opinion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from .authority import Allowed, Writer, verdict
from .conditions import Check, ConditionError
from .durations import parse as parse_duration
from .effects import LONGEST_CAMPAIGN, FieldRequest, FieldWrite, Goal, PlannedEffect, effect_key
from .guards import Verdict, check, refusal
from .snapshot import Catalog, Cause, Sent, Snapshot
from .spec import END, Spec, Step

Definition = TypeVar("Definition")


class Undefined(Exception):
    """A step names a definition that is not there, or that cannot be used as it stands."""


@dataclass(frozen=True, slots=True)
class StepTrace:
    """What one step decided: done, skipped, withheld, waits, woke, chose, stopped or failed."""

    step: str
    outcome: str
    says: str
    checks: tuple[Check, ...] = ()
    guards: tuple[Verdict, ...] = ()
    writes: tuple[FieldWrite, ...] = ()
    effect: PlannedEffect | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done for one run now."""

    #: waiting, done, stopped or failed.
    state: str
    #: The step it waits at or ended at.
    step: str
    reason: str
    trace: tuple[StepTrace, ...]
    effects: tuple[PlannedEffect, ...]
    writes: tuple[FieldWrite, ...]
    goals: tuple[Goal, ...]
    #: Writes that the fields' authority refused.
    requests: tuple[FieldRequest, ...] = ()
    #: For a run that waits.
    due_at: datetime | None = None
    waits_for: str | None = None


@dataclass(slots=True)
class _Walk:
    """One run on its way: the facts as its own steps change them, and what it has asked for so far."""

    spec: Spec
    catalog: Catalog
    snapshot: Snapshot
    entry_key: str
    at: datetime
    facts: dict[str, Any]
    sent: tuple[Sent, ...]
    trace: list[StepTrace] = field(default_factory=list)
    effects: list[PlannedEffect] = field(default_factory=list)
    writes: list[FieldWrite] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    requests: list[FieldRequest] = field(default_factory=list)

    def key(self, step: Step, part: str = "") -> Any:
        return effect_key(workflow=self.spec.key, entry_key=self.entry_key, step=step.key, part=part)

    def write(self, step: Step, name: str, value: Any) -> FieldWrite:
        contact = self.facts["contact"]
        change = FieldWrite(step=step.key, field=name, old=contact.get(name), new=value)
        contact[name] = value
        self.writes.append(change)
        return change

    def refusal(self, step: Step, name: str, value: Any) -> str | None:
        """Why the step may not write the field, noted as a request to its owner; None if it may."""
        writer = Writer("step", self.spec.key, stage=step.stage)
        found = verdict(self.catalog.fields.get(name), name=name, writer=writer)
        if isinstance(found, Allowed):
            return None
        self.requests.append(FieldRequest(step.key, name, value, found.because, found.may_ask))
        return found.because

    def end(self, state: str, step: str, reason: str = "", **wait: Any) -> Decision:
        return Decision(
            state=state,
            step=step,
            reason=reason,
            trace=tuple(self.trace),
            effects=tuple(self.effects),
            writes=tuple(self.writes),
            goals=tuple(self.goals),
            requests=tuple(self.requests),
            **wait,
        )


def decide(
    spec: Spec,
    *,
    catalog: Catalog,
    snapshot: Snapshot,
    entry_key: str,
    waiting_at: str | None,
    cause: Cause,
    at: datetime,
) -> Decision:
    """Take a run from its entry (`waiting_at` None), or from the step it waits at, as far as it goes now."""
    walk = _Walk(
        spec=spec,
        catalog=catalog,
        snapshot=snapshot,
        entry_key=entry_key,
        at=at,
        facts={"contact": dict(snapshot.contact), "event": cause.event, "now": at},
        sent=snapshot.sent,
    )
    position = 0
    if waiting_at is not None:
        position = _position(spec, waiting_at) + 1
        says = "its time is over" if cause.kind == "timer" else f"{(cause.event or {}).get('name')} happened"
        walk.trace.append(StepTrace(step=waiting_at, outcome="woke", says=says))
    while position < len(spec.steps):
        step = spec.steps[position]
        try:
            ended, position = _KINDS.get(step.kind, _unknown)(walk, step, position)
        except Undefined as error:
            reason = f"step {step.key} cannot be done: {error}"
            walk.trace.append(StepTrace(step=step.key, outcome="failed", says=reason))
            return walk.end("failed", step.key, reason)
        except ConditionError as error:
            reason = f"the rule of step {step.key} cannot be answered: {error}"
            checks = step.when.explain(walk.facts) if step.when else ()
            walk.trace.append(StepTrace(step=step.key, outcome="failed", says=reason, checks=checks))
            return walk.end("failed", step.key, reason)
        if ended:
            return ended
    return walk.end("done", spec.steps[-1].key)


def _defined(table: Mapping[str, Definition], kind: str, key: str) -> Definition:
    """What a step names. Raises `Undefined`: the run fails visibly, and the others go on."""
    try:
        return table[key]
    except KeyError:
        raise Undefined(f"there is no {kind} {key} that can be used") from None


def _position(spec: Spec, key: str) -> int:
    return next(i for i, step in enumerate(spec.steps) if step.key == key)


def _act(walk: _Walk, step: Step, position: int) -> tuple[None, int]:
    checks = step.when.explain(walk.facts) if step.when else ()
    if step.when and not step.when.test(walk.facts):
        walk.trace.append(StepTrace(step=step.key, outcome="skipped", says="its rule does not hold", checks=checks))
    else:
        walk.trace.append(_ACTS.get(step.action or "", _unknown_act)(walk, step, checks))
    return None, position + 1


def _unknown(walk: _Walk, step: Step, position: int) -> tuple[Decision | None, int]:
    del walk, position
    raise Undefined(f"{step.kind} is no kind of step that can be done here")


def _unknown_act(walk: _Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    del walk, checks
    raise Undefined(f"{step.action} is nothing that can be done here")


def _wait(walk: _Walk, step: Step, position: int) -> tuple[Decision, int]:
    wait = step.wait
    if wait is None or wait.span is None or wait.where:
        raise Undefined("this way of waiting is not offered yet")
    due_at = wait.span.after(walk.at)
    until = f", or until {wait.event} if that is sooner" if wait.event else ""
    walk.trace.append(StepTrace(step=step.key, outcome="waits", says=f"for {wait.span}{until}"))
    return walk.end("waiting", step.key, due_at=due_at, waits_for=wait.event), position


def _choose(walk: _Walk, step: Step, position: int) -> tuple[Decision | None, int]:
    checks: list[Check] = []
    for branch in step.branches:
        if branch.when:
            checks.extend(branch.when.explain(walk.facts))
        if branch.when is None or branch.when.test(walk.facts):
            walk.trace.append(StepTrace(step=step.key, outcome="chose", says=branch.go, checks=tuple(checks)))
            if branch.go == END:
                return walk.end("done", step.key), position
            return None, _position(walk.spec, branch.go)
    raise ValueError(f"step {step.key} has no way for everyone else")


def _stop(walk: _Walk, step: Step, position: int) -> tuple[Decision | None, int]:
    checks = step.when.explain(walk.facts) if step.when else ()
    if step.when and not step.when.test(walk.facts):
        walk.trace.append(StepTrace(step=step.key, outcome="skipped", says="its rule does not hold", checks=checks))
        return None, position + 1
    walk.trace.append(StepTrace(step=step.key, outcome="stopped", says=step.reason, checks=checks))
    return walk.end("stopped", step.key, step.reason), position


_KINDS: dict[str, Callable[[_Walk, Step, int], tuple[Decision | None, int]]] = {
    "act": _act,
    "wait": _wait,
    "choose": _choose,
    "stop": _stop,
}


def _effect(
    walk: _Walk,
    step: Step,
    checks: tuple[Check, ...],
    *,
    payload: Mapping[str, Any],
    says: str,
    kind: str | None = None,
    channel: str | None = None,
    against: str | None = None,
    writes: tuple[FieldWrite, ...] = (),
) -> StepTrace:
    """Plan what the step does at its far side, or write down why it is withheld."""
    if step.guards.valid or step.guards.window or step.guards.approval is not None:
        raise Undefined("one of its guards cannot be asked yet")
    once_key = None
    if step.guards.once_per:
        once_key = f"{walk.spec.key}/{step.key}/contact:{walk.snapshot.contact_id}"
    verdicts = check(step.guards, facts=walk.facts, sent=walk.sent, channel=channel, once_key=once_key, at=walk.at)
    refused = "; ".join(filter(None, (against, refusal(verdicts)))) or None
    effect = PlannedEffect(
        key=walk.key(step),
        step=step.key,
        kind=kind or step.action or "",
        system=step.system or "",
        payload=payload,
        once_key=once_key,
        refusal=refused,
    )
    walk.effects.append(effect)
    if refused is None and (channel or once_key):
        walk.sent = (*walk.sent, Sent(channel=channel or "", at=walk.at, once_key=once_key))
    return StepTrace(
        step=step.key,
        outcome="withheld" if refused else "done",
        says=refused or says,
        checks=checks,
        guards=verdicts,
        writes=writes,
        effect=effect,
    )


def _upsert_record(walk: _Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    mapped = _defined(walk.catalog.mappings, "mapping", step.arguments["mapping"]).apply(walk.facts)
    email = walk.facts["contact"].get("email")
    against = _against(
        *(f"{target} is missing" for target in mapped.missing),
        None if email else "there is no e-mail address to find the record by",
    )
    fields = dict(mapped.values) | _status(walk)
    bad = [f"{target} {problem}" for target, problem in mapped.violations]
    says = f"{len(fields)} fields to {step.system}" + (f"; left out: {'; '.join(bad)}" if bad else "")
    return _effect(walk, step, checks, payload={"email": email, "fields": fields}, says=says, against=against)


def _set_field(walk: _Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    name, value = step.arguments["field"], step.arguments["value"]
    if walk.facts["contact"].get(name) == value:
        return StepTrace(step=step.key, outcome="done", says=f"{name} is {value} already", checks=checks)
    if refused := walk.refusal(step, name, value):
        return StepTrace(step=step.key, outcome="withheld", says=refused, checks=checks)
    change = walk.write(step, name, value)
    return StepTrace(step=step.key, outcome="done", says=f"{name} becomes {value}", checks=checks, writes=(change,))


def _set_stage(walk: _Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """Move the contact to a stage and the CRM's record with it; backwards only where the step says so."""
    wanted = _defined(walk.catalog.stages, "stage", step.arguments["stage"])
    now = walk.catalog.stages.get(walk.facts["contact"].get("lifecycle_stage") or "")
    if now and (now.key == wanted.key or (now.position > wanted.position and not step.arguments.get("backwards"))):
        says = f"stays {now.key}" + ("" if now.key == wanted.key else f", which is further than {wanted.key}")
        return StepTrace(step=step.key, outcome="done", says=says, checks=checks)
    refused = walk.refusal(step, "lifecycle_stage", wanted.key)
    writes = () if refused else (walk.write(step, "lifecycle_stage", wanted.key),)
    email = walk.facts["contact"].get("email")
    against = _against(refused, None if email else "there is no e-mail address to find the record by")
    return _effect(
        walk,
        step,
        checks,
        kind="upsert_record",
        payload={"email": email, "fields": _status(walk)},
        says=f"becomes {wanted.key}",
        against=against,
        writes=writes,
    )


def _send_message(walk: _Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    template = step.arguments["template"]
    channel = _defined(walk.catalog.channels, "message template", template)
    email = walk.facts["contact"].get("email")
    against = None if email else "there is no e-mail address"
    payload = {"template": template, "channel": channel, "to": email}
    return _effect(
        walk, step, checks, payload=payload, says=f"{template} by {channel}", channel=channel, against=against
    )


def _create_task(walk: _Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    due = step.arguments.get("due")
    payload = {
        "queue": step.arguments["queue"],
        "title": step.arguments["title"],
        "email": walk.facts["contact"].get("email"),
        "due_at": parse_duration(due).after(walk.at).isoformat() if due else None,
    }
    against = None if payload["email"] else "there is no e-mail address to find the record by"
    return _effect(walk, step, checks, payload=payload, says=f"a task in {payload['queue']}", against=against)


def _record_conversion(walk: _Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    name = step.arguments["name"]
    campaign = str(walk.facts["contact"].get("utm_campaign") or "")[:LONGEST_CAMPAIGN]
    walk.goals.append(Goal(key=walk.key(step), name=name, campaign=campaign, at=walk.at))
    says = f"{name} counts for {campaign}" if campaign else f"{name} counts, without a campaign"
    return StepTrace(step=step.key, outcome="done", says=says, checks=checks)


_ACTS: dict[str, Callable[[_Walk, Step, tuple[Check, ...]], StepTrace]] = {
    "upsert_record": _upsert_record,
    "set_field": _set_field,
    "set_stage": _set_stage,
    "send_message": _send_message,
    "create_task": _create_task,
    "record_conversion": _record_conversion,
}


def _status(walk: _Walk) -> dict[str, str]:
    """The CRM's word for where the contact stands; nothing where there is none."""
    stage = walk.catalog.stages.get(walk.facts["contact"].get("lifecycle_stage") or "")
    return {"status": stage.crm_status} if stage and stage.crm_status else {}


def _against(*reasons: str | None) -> str | None:
    return "; ".join(reason for reason in reasons if reason) or None
