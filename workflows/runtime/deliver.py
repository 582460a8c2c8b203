"""Effects, a batch at a time: reserve and commit, act, record (DESIGN, idea 4)."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction

from martechops.lib import bulk, failures
from workflows.connectors import CONNECTORS
from workflows.connectors.base import Receipt, Refused, Request, TryLater, Unknown
from workflows.engine import guards
from workflows.engine.snapshot import Sent
from workflows.models import Effect, MessageTemplate, System

from . import definitions, render, subjects
from .claim import database_now

log = structlog.get_logger()

#: How long a worker may take before its reservations count as orphaned.
LEASE_SECONDS = 30
#: After so many tries an effect has failed for good.
MOST_TRIES = 8
_EFFECTS = Effect._meta.db_table


@dataclass(frozen=True, slots=True)
class Claimed:
    """One effect that this worker may carry out."""

    id: int
    key: UUID
    once_key: str | None
    version_id: int
    contact_id: int
    step: str
    kind: str
    system: str
    payload: Mapping[str, Any]
    tries: int
    fence: int
    #: What the far side is asked; filled in when it is reserved.
    content: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one effect."""

    id: int
    fence: int
    state: str
    reason: str
    outcome: Mapping[str, Any] | None
    not_before: datetime | None = None


def deliver(*, limit: int = 50, at: datetime | None = None) -> int:
    """Carry out up to `limit` effects; returns how many were reserved or withheld.

    `at` sets the clock for a rehearsal or a test; leases always run on the database's.
    """
    paused, connectors = _systems()
    claimed, reserved = _reserve(limit=limit, paused=paused, at=at or database_now())
    if reserved:
        _record([_act(effect, connectors) for effect in reserved])
    return claimed


def _systems() -> tuple[list[str], dict[str, str]]:
    """Keys of systems whose kill switch is on, and the connector of each system."""
    rows = System.objects.values_list("key", "paused", "connector")
    return [key for key, paused, _ in rows if paused], {key: connector for key, _, connector in rows}


@transaction.atomic
def _reserve(*, limit: int, paused: Sequence[str], at: datetime) -> tuple[int, list[Claimed]]:
    """Claim effects, ask their guards once more under the contacts' lock, and reserve those that may happen."""
    claimed = _claim(limit, paused, at)
    if not claimed:
        return 0, []
    people = subjects.locked({effect.contact_id for effect in claimed})
    subjects.read_sent(people, planned=False)
    defined = definitions.load()
    defined.need({effect.version_id for effect in claimed})
    templates = {template.key: template for template in MessageTemplate.objects.all()}
    reserved: list[Claimed] = []
    settled: list[Settled] = []
    for effect in claimed:
        person = people.get(effect.contact_id)
        outcome = _prepared(effect, person, defined, templates, at) if person else _gone(effect)
        if isinstance(outcome, Claimed):
            reserved.append(outcome)
        else:
            settled.append(outcome)
    _mark_reserved(reserved)
    _write_settled(settled)
    return len(claimed), reserved


def _claim(limit: int, paused: Sequence[str], at: datetime) -> list[Claimed]:
    """The oldest effects that may be tried now; of one contact at one system, only the first that is open.

    An effect that another worker has just claimed still counts as open here, so order holds between workers too.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id, key, once_key, version_id, contact_id, step, kind, system, payload, tries, fence
            FROM {_EFFECTS} e
            WHERE state = 'planned' AND not_before <= %s AND system <> ALL(%s::text[])
              AND NOT EXISTS (
                SELECT 1 FROM {_EFFECTS} before
                WHERE before.contact_id = e.contact_id AND before.id < e.id AND before.system = e.system
                  AND before.state IN ('planned', 'reserved'))
            ORDER BY not_before, id LIMIT %s FOR UPDATE SKIP LOCKED
            """,  # noqa: S608
            [at, bulk.array(paused), limit],
        )
        return [Claimed(*row) for row in cursor.fetchall()]


def _prepared(
    effect: Claimed,
    person: subjects.Subject,
    defined: definitions.Definitions,
    templates: Mapping[str, MessageTemplate],
    at: datetime,
) -> Claimed | Settled:
    """As `_ready`; one effect that cannot be made ready fails by itself, and the rest of the batch goes on."""
    try:
        return _ready(effect, person, defined, templates, at)
    except Exception as error:  # noqa: BLE001 - nothing was done yet, so it can only be this effect's own fault
        log.error("effect_not_ready", system=effect.system, kind=effect.kind, error=failures.place(error))
        return Settled(
            effect.id, effect.fence, Effect.State.FAILED, f"cannot be made ready: {type(error).__name__}", None
        )


def _ready(
    effect: Claimed,
    person: subjects.Subject,
    defined: definitions.Definitions,
    templates: Mapping[str, MessageTemplate],
    at: datetime,
) -> Claimed | Settled:
    """The effect with its content, or what stands against it now."""
    facts = {"contact": person.snapshot(scoring=defined.scoring, at=at).contact}
    step = defined.version(effect.version_id).spec.step(effect.step)
    # An event is over when its effect is reserved: what it had to carry was asked when it was decided.
    still = tuple(path for path in step.guards.require if path.startswith("contact."))
    verdicts = guards.check(
        replace(step.guards, require=still),
        facts=facts,
        sent=tuple(person.sent),
        channel=effect.payload.get("channel"),
        once_key=effect.once_key,
        at=at,
    )
    refusal = guards.refusal(verdicts)
    if refusal:
        return Settled(effect.id, effect.fence, Effect.State.SUPPRESSED, refusal, outcome=None)
    try:
        content = render.content(effect.kind, effect.payload, facts, templates)
    except render.CannotRender as error:
        return Settled(effect.id, effect.fence, Effect.State.FAILED, str(error), outcome=None)
    if effect.kind == "send_message" or effect.once_key:
        person.sent.append(Sent(channel=effect.payload.get("channel", ""), at=at, once_key=effect.once_key))
    return replace(effect, content=content, fence=effect.fence + 1, tries=effect.tries + 1)


def _gone(effect: Claimed) -> Settled:
    return Settled(effect.id, effect.fence, Effect.State.CANCELLED, "the contact is no longer there", outcome=None)


def _act(effect: Claimed, connectors: Mapping[str, str]) -> Settled:
    """Call the far side; whatever it does becomes a state."""
    connector = CONNECTORS.get(connectors.get(effect.system, ""))
    if connector is None or effect.kind not in connector.kinds:
        reason = f"system {effect.system} has no connector that can {effect.kind}"
        return _settle(effect, Effect.State.FAILED, reason)
    try:
        receipt = connector.perform(Request(key=effect.key, kind=effect.kind, content=effect.content or {}))
    except Refused as error:
        return _settle(effect, Effect.State.FAILED, str(error))
    except TryLater as error:
        return _later(effect, str(error), after_seconds=error.after_seconds)
    except Unknown as error:
        return _unknown(effect, connector.effect_class, str(error))
    except Exception as error:  # noqa: BLE001 - a connector's own fault: nobody knows how far it came
        log.error("connector_failed", system=effect.system, kind=effect.kind, error=failures.place(error))
        return _unknown(effect, connector.effect_class, f"the connector failed: {type(error).__name__}")
    return _settle(effect, Effect.State.DONE, "", receipt)


def _unknown(effect: Claimed, effect_class: str, reason: str) -> Settled:
    """Repeat where the far side can tell a repeat; elsewhere a person decides."""
    if effect_class == "C":
        return _settle(effect, Effect.State.UNCERTAIN, reason)
    return _later(effect, reason)


def _later(effect: Claimed, reason: str, *, after_seconds: float = 0) -> Settled:
    """Try again with full jitter, no earlier than the far side allows (FAULTS F6, F22)."""
    if effect.tries >= MOST_TRIES:
        return _settle(effect, Effect.State.FAILED, f"{reason} (after {effect.tries} tries)")
    wait = max(after_seconds, random.uniform(0, min(300, 2**effect.tries)))  # noqa: S311  jitter, not secrecy
    not_before = database_now() + timedelta(seconds=wait)
    return replace(_settle(effect, Effect.State.PLANNED, reason), not_before=not_before)


def _settle(effect: Claimed, state: str, reason: str, receipt: Receipt | None = None) -> Settled:
    answer = {"says": receipt.says, "details": receipt.details} if receipt else None
    return Settled(effect.id, effect.fence, state, reason, {"content": effect.content, "receipt": answer})


def _mark_reserved(effects: Iterable[Claimed]) -> None:
    rows = [
        {"id": e.id, "fence": e.fence, "tries": e.tries, "outcome": {"content": e.content, "receipt": None}}
        for e in effects
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {_EFFECTS} e SET state = 'reserved', fence = r.fence, tries = r.tries, outcome = r.outcome,
                reserved_at = now(), holder = pg_backend_pid(),
                lease_until = now() + make_interval(secs => %s), reason = ''
            FROM json_to_recordset(%s::json) AS r (id bigint, fence int, tries smallint, outcome json)
            WHERE e.id = r.id
            """,  # noqa: S608
            [LEASE_SECONDS, bulk.records(rows)],
        )


@transaction.atomic
def _record(settled: Sequence[Settled]) -> None:
    _write_settled(settled)


def _write_settled(settled: Sequence[Settled]) -> None:
    """An outcome counts only under the fence it was reserved with: a worker that woke up late changes nothing."""
    rows = [
        {
            "id": s.id,
            "fence": s.fence,
            "state": s.state,
            "reason": s.reason,
            "outcome": s.outcome,
            "not_before": s.not_before,
        }
        for s in settled
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {_EFFECTS} e SET state = r.state, reason = r.reason, outcome = coalesce(r.outcome, e.outcome),
                not_before = coalesce(r.not_before, e.not_before), lease_until = NULL, holder = NULL,
                ended_at = CASE WHEN r.state = 'planned' THEN NULL ELSE now() END
            FROM json_to_recordset(%s::json)
                AS r (id bigint, fence int, state text, reason text, outcome json, not_before timestamptz)
            WHERE e.id = r.id AND e.fence = r.fence AND e.state IN ('planned', 'reserved')
            """,  # noqa: S608
            [bulk.records(rows)],
        )
