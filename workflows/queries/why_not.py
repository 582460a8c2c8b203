"""Why a contact was not sent something, not given a task, not let in: asked of what was kept of it.

The newest turn of the workflow with the contact answers. Where the workflow never looked at the contact, its trigger is
held against the contact's newest events.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from workflows.engine.counterfactual.steps import Answer, why_not, why_not_triggered
from workflows.engine.spec import Spec
from workflows.models import Activation, Contact, Effect, InboundEvent, Trace, Version, Workflow

from . import contacts, scores, segment_rules, segments, specs

#: Traces and events of one contact that are looked through.
_NEWEST = 300
_EVENTS = 50
#: What became of an effect after it was decided, where that is no success.
_NOT_DONE = {
    Effect.State.SUPPRESSED: "it was decided, and withheld when it was about to be done",
    Effect.State.FAILED: "it was tried, and the far side refused",
    Effect.State.UNCERTAIN: "it was tried, and whether it happened is not known",
    Effect.State.HELD: "it is held",
    Effect.State.PLANNED: "it is planned, and waits for its turn",
    Effect.State.RESERVED: "it is being done just now",
    Effect.State.CANCELLED: "it was decided, and cancelled",
}


@dataclass(frozen=True, slots=True)
class Found:
    """An answer with where it was found."""

    answer: Answer
    version: Version | None
    #: When it was decided; None where it never was.
    at: datetime | None = None
    run_id: int | None = None
    #: What became of the step's effect.
    effect: Effect | None = None

    @property
    def happened(self) -> bool:
        """There is no "why not": it was done."""
        return not self.answer.says


def of_contact(contact: Contact, *, workflow: Workflow, step: str, at: datetime) -> Found | None:
    """Why the step was not done for the contact; None for a step that no version in question has."""
    traces = Trace.objects.filter(contact_id=contact.pk).order_by("-pk")[:_NEWEST]
    parts = [(trace, part) for trace in traces for part in _parts(trace) if part["workflow"] == workflow.key]
    if not parts:
        return _never_looked_at(contact, workflow, step, at=at)
    trace, newest = parts[0]
    version = workflow.versions.filter(number=newest.get("version") or 0).first()
    spec = specs.of(version).spec if version else None
    if spec is None or step not in spec.positions:
        return None
    run_id = newest.get("run_id")
    whole = _whole([part for _, part in parts if run_id and part.get("run_id") == run_id] or [newest])
    answer = why_not(spec, step, whole, at=trace.at, fields=segments.field_types(), segments=segment_rules.rules())
    return _with_effect(Found(answer, version, trace.at, run_id), whole, step)


def _parts(trace: Trace) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = trace.detail.get("workflows", [])
    return found


def _whole(newest_first: list[Mapping[str, Any]]) -> dict[str, Any]:
    """A run that was decided in several turns, as one: the entry of the first, all steps, where it stands now."""
    turns = newest_first[::-1]
    return {
        **turns[-1],
        "entry": next((turn["entry"] for turn in turns if turn.get("entry")), None),
        "steps": [step for turn in turns for step in turn.get("steps", [])],
    }


def _with_effect(found: Found, whole: Mapping[str, Any], step: str) -> Found:
    """What was decided may still not have happened: the effect says."""
    own = next((one for one in reversed(whole["steps"]) if one["step"] == step and one.get("effect")), None)
    effect = Effect.objects.filter(key=UUID(own["effect"])).first() if own else None
    if effect is None:
        return found
    found = replace(found, effect=effect)
    if not found.happened or effect.state == Effect.State.DONE:
        return found
    says = _NOT_DONE[Effect.State(effect.state)]
    return replace(found, answer=Answer(step, f"{says}: {effect.reason}" if effect.reason else says))


def _never_looked_at(contact: Contact, workflow: Workflow, step: str, *, at: datetime) -> Found | None:
    """The trigger against the contact's newest events, the one that came nearest first."""
    live = Activation.objects.filter(workflow=workflow, until=None).select_related("version").first()
    if live is None:
        return Found(Answer("", "the workflow is not live, so it looks at nobody"), None)
    spec = specs.of(live.version).spec
    if step not in spec.positions:
        return None
    ids = Trace.objects.filter(contact_id=contact.pk, event_id__isnull=False).order_by("-pk")
    events = InboundEvent.objects.in_bulk(list(ids.values_list("event_id", flat=True)[:_EVENTS]))
    known = contacts.facts_of(contact, scoring=scores.compiled(), at=at)
    answers = [_triggered(spec, known, event, at=at) for event in sorted(events.values(), key=lambda e: -e.pk)]
    nearest = next((answer for answer in answers if answer.changes), None)
    return Found(nearest or Answer("", _begins_with(spec)), live.version)


def _triggered(spec: Spec, known: Mapping[str, Any], event: InboundEvent, *, at: datetime) -> Answer:
    body = event.body
    seen: dict[str, Any] = {"name": event.name, "type": event.type, "occurred_at": event.occurred_at.isoformat()}
    seen |= {part: body.get(part) or {} for part in ("properties", "traits", "context")}
    facts = {**known, "event": seen, "now": at}
    return why_not_triggered(spec, facts, fields=segments.field_types(), segments=segment_rules.rules())


def _begins_with(spec: Spec) -> str:
    names = ", ".join(spec.trigger.names) if spec.trigger else "nothing"
    return f"no event of this contact began the workflow since it is live; it begins with {names}"
