"""Effects of one connection, reserved: claimed in order, their guards asked once more, filled in, committed."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, transaction

from martechops.lib import crash_points, failures
from martechops.lib.frozen import dataclass
from workflows.engine import guards
from workflows.engine.effects import REPAIR
from workflows.engine.internal import SubjectRef
from workflows.engine.personal import CompiledBlock
from workflows.engine.snapshot import Sent, Snapshot
from workflows.models import Effect, MessageTemplate
from workflows.queries import blocks, report_requests

from . import definitions, effects, links, render, sent, subjects, witness
from .effects import Claimed, Settled

log = structlog.get_logger()

#: When it is looked again whether a report is made.
_REPORT_IN = timedelta(seconds=5)
#: Why nothing is done for a subject that is gone.
_GONE = {"contact": "the contact is no longer there", "content": "the content item is no longer there"}


@dataclass(frozen=True, slots=True)
class Reserved:
    """What a worker has taken upon itself, and over which route; `claimed` counts what was withheld too."""

    route: links.Route
    effects: Sequence[Claimed]
    claimed: int


@dataclass(frozen=True, slots=True)
class _Batch:
    """All that making effects ready needs to know, read once."""

    at: datetime
    route: links.Route
    subjects: Mapping[SubjectRef, subjects.Subject]
    defined: definitions.Definitions
    templates: Mapping[str, MessageTemplate]
    blocks: Mapping[str, CompiledBlock]
    #: When effects of workflows with a limit were reserved lately.
    happened: dict[int, list[datetime]] = field(default_factory=dict)


def reserve(system: str, *, limit: int, at: datetime, ahead: int = 0) -> Reserved:
    """Claim what the connection allows, ask the guards under the subjects' lock, and reserve what may happen.

    So many are reserved `ahead` of their turn where that is safe (`links.enter`).
    Whoever withdrew consent, pulled a switch or used up a cap before this transaction's locks is heeded (FAULTS F25).
    """
    noted: list[Claimed] = []
    try:
        return _reserve(system, limit=limit, at=at, ahead=ahead, noted=noted)
    except DatabaseError:
        witness.own().withdrawn(noted)
        raise


@transaction.atomic
def _reserve(system: str, *, limit: int, at: datetime, ahead: int, noted: list[Claimed]) -> Reserved:
    """`noted` is filled with what the witness was told of."""
    route = links.enter(system, limit=limit, ahead=ahead, at=at)
    claimed = effects.claim(system, limit=route.room, at=at) if route.room else []
    if not claimed:
        return Reserved(route, (), 0)
    locked = _locked(claimed)
    defined = definitions.load()
    defined.need({effect.version_id for effect in claimed})
    writes = any(effect.kind == "send_message" for effect in claimed)
    templates = {template.key: template for template in MessageTemplate.objects.all()} if writes else {}
    made = blocks.compiled(segments=defined.today.segments) if writes else {}
    batch = _Batch(at=at, route=route, subjects=locked, defined=defined, templates=templates, blocks=made)
    outcomes = [_prepared(effect, batch) for effect in claimed]
    reserved = [one for one in outcomes if isinstance(one, Claimed)]
    reserved_at = effects.mark_reserved(reserved)
    if reserved_at and route.effect_class == "C":
        witness.own().reserving(reserved, at=reserved_at)
        noted += reserved
    effects.write([one for one in outcomes if isinstance(one, Settled)])
    links.spend(route, len(reserved), at=at)
    crash_points.at("deliver.reserving")
    return Reserved(route, reserved, len(claimed))


def _locked(claimed: Sequence[Claimed]) -> dict[SubjectRef, subjects.Subject]:
    """Whom and what the effects are for, locked in the order of batches of events, with what was done to each."""
    refs = {effect.subject for effect in claimed}
    people = subjects.locked({ref.id for ref in refs if ref.kind == "contact" and ref.id is not None})
    subjects.read_sent(people, planned=False)
    if len(people) == len(refs):
        return {person.ref: person for person in people.values()}
    others = subjects.locked_others(refs)
    sent.read(others, {effect.workflow_id for effect in claimed}, planned=False)
    return {one.ref: one for one in (*people.values(), *others.values())}


def _prepared(effect: Claimed, batch: _Batch) -> Claimed | Settled:
    """As `_ready`; one effect that cannot be made ready fails by itself, and the rest of the batch goes on."""
    try:
        return _ready(effect, batch)
    except Exception as error:  # noqa: BLE001 - nothing was done yet, so it can only be this effect's own fault
        log.error("effect_not_ready", system=effect.system, kind=effect.kind, error=failures.place(error))
        return _withheld(effect, Effect.State.FAILED, f"cannot be made ready: {type(error).__name__}")


def _ready(effect: Claimed, batch: _Batch) -> Claimed | Settled:
    """The effect with its content, or what stands against it now."""
    is_repair = effect.step == REPAIR
    if effect.version_id in batch.defined.withdrawn and not is_repair:
        return _withheld(effect, Effect.State.HELD, "its version was rolled back")
    subject = batch.subjects.get(effect.subject)
    if subject is None:
        return _withheld(effect, Effect.State.CANCELLED, _GONE[effect.subject.kind])
    snapshot = subject.snapshot(scoring=batch.defined.scoring, at=batch.at)
    facts = snapshot.facts(event=None, at=batch.at)
    against = None if is_repair else _against(effect, subject, snapshot, facts, batch) or _over_limit(effect, batch)
    if against:
        return against
    try:
        content = render.content(effect, facts, batch.templates, blocks=batch.blocks, sender=batch.route.sender)
    except report_requests.NotYet:
        return _put_off(effect, batch.at + _REPORT_IN, "its report is being made")
    except render.CannotRender as error:
        return _withheld(effect, Effect.State.FAILED, str(error))
    if effect.kind == "send_message" or effect.once_key:
        channel = str(effect.payload.get("channel", ""))
        subject.sent.append(Sent(channel=channel, at=batch.at, once_key=effect.once_key))
    return replace(effect, content=content, fence=effect.fence + 1, tries=effect.tries + 1)


def _against(
    effect: Claimed, subject: subjects.Subject, snapshot: Snapshot, facts: Mapping[str, Any], batch: _Batch
) -> Settled | None:
    """What a guard says now: withheld for good, or put off until its window opens."""
    spec = batch.defined.version(effect.version_id).spec
    step = spec.step(effect.step)
    # An event is over when its effect is reserved: what it had to carry was asked when it was decided.
    still = tuple(path for path in step.guards.require if not path.startswith("event."))
    verdicts = guards.check(
        replace(step.guards, require=still),
        facts=facts,
        sent=subject.sent,
        channel=effect.payload.get("channel") or None,
        once_key=effect.once_key,
        at=batch.at,
        terms=guards.terms(spec, catalog=batch.defined.catalog, snapshot=snapshot),
    )
    if refusal := guards.refusal(verdicts):
        return _withheld(effect, Effect.State.SUPPRESSED, refusal)
    if opening := guards.held_until(verdicts):
        return _put_off(effect, opening, next(one.says for one in verdicts if one.until == opening))
    return None


def _over_limit(effect: Claimed, batch: _Batch) -> Settled | None:
    """The workflow itself may do only so much in a span; what is too much waits for its turn."""
    limit = batch.defined.version(effect.version_id).spec.limits
    if limit is None:
        return None
    happened = batch.happened.setdefault(effect.workflow_id, [])
    if not happened:
        happened += effects.reserved_since(effect.workflow_id, limit.per.before(batch.at), most=limit.at_most)
    free = guards.free_at(limit, happened=happened, at=batch.at)
    if free > batch.at:
        return _put_off(effect, free, f"the workflow does at most {limit.at_most} in {limit.per}")
    happened.append(batch.at)
    return None


def _put_off(effect: Claimed, until: datetime, says: str) -> Settled:
    return replace(_withheld(effect, Effect.State.PLANNED, says), not_before=until)


def _withheld(effect: Claimed, state: str, reason: str) -> Settled:
    return Settled(effect.id, effect.fence, state, reason, outcome=None)
