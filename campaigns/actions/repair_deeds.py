"""How each kind of item of a repair is dealt with: what is still the version's is changed, the rest is left, with why.

Locks are taken in the order in which workers take them: effects, timers, then contacts by their ids. What somebody
has in hand just now is skipped, and stays planned for the next batch.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from campaigns.models import Repair, RepairItem
from campaigns.queries.repairs import KIND, OPPOSITE, STATE, key_of, wanted_of
from martechops.lib import wake
from workflows.actions import restorations
from workflows.actions.restorations import Because
from workflows.engine.effects import REPAIR
from workflows.models import (
    Assignment,
    AudienceMember,
    Contact,
    Effect,
    Handoff,
    LifecycleStage,
    Run,
    StepApproval,
    Timer,
)
from workflows.queries import in_flight

Items = Sequence[RepairItem]


def do(repair: Repair, items: Items, *, at: datetime) -> list[RepairItem]:
    """Deal with these items, which are locked; those that were dealt with. Call inside a transaction."""
    of: dict[str, list[RepairItem]] = defaultdict(list)
    for item in items:
        of[item.kind].append(item)
    because = f"version {repair.version.number} was rolled back ({repair.writer})"
    free = _free_to_stop(of[KIND.RUN])
    happened = _call_off(of[KIND.SEND], because, at)
    _lock_contacts(items)
    _put_back(repair, of[KIND.FIELD], at)
    _stop(repair, free, because, at)
    _ask_no_more(of[KIND.ASKED], because, at)
    planned = [*_close(repair, of[KIND.TASK] + happened.tasks, at)]
    planned += _correct_audiences(repair, of[KIND.AUDIENCE] + happened.audiences, at)
    _correct_audiences(repair, happened.only_here, at)
    planned += _correct_records(repair, of[KIND.FIELD], at)
    if planned:
        Effect.objects.bulk_create(planned, ignore_conflicts=True)
        wake.after_commit("workflows.deliver")
    return [item for item in items if item.state != STATE.PLANNED]


def _settle(item: RepairItem, state: str, reason: str, at: datetime) -> None:
    item.state, item.reason, item.at = state, reason, at


@dataclass(slots=True)
class _Happened:
    """What was to be called off and has happened, or may have: undone as what had happened before it was listed."""

    tasks: list[RepairItem] = field(default_factory=list)
    audiences: list[RepairItem] = field(default_factory=list)
    #: The far side never heard of it; our own list has it since it was planned.
    only_here: list[RepairItem] = field(default_factory=list)


def _call_off(items: Items, because: str, at: datetime) -> _Happened:
    """What is planned or held never happens; what a worker has in hand is looked at again.

    A worker that was killed may have done what is planned again now: it is called off, and counts as done.
    """
    ids = [int(item.key) for item in items]
    rows = Effect.objects.select_for_update(skip_locked=True).filter(pk__in=ids).order_by("pk")
    locked = {row.pk: row for row in rows} if ids else {}
    cancelled, happened = [], _Happened()
    for item in items:
        row = locked.get(int(item.key))
        if row is None or row.state == Effect.State.RESERVED:
            continue
        was, reason = row.state, "it was on its way before it could be called off"
        if was in _OPEN:
            row.state, row.reason, row.ended_at, row.fence = Effect.State.CANCELLED, because, at, row.fence + 1
            cancelled.append(row)
            reason = "called off; the worker that had it in hand ended before it could say whether it happened"
        if was in _OPEN and row.doubt_since is None and row.kind not in OPPOSITE:
            _settle(item, STATE.DONE, "called off before it happened", at)
        elif was not in (*_OPEN, Effect.State.DONE, Effect.State.UNCERTAIN):
            _settle(item, STATE.LEFT, "it had come to nothing by itself", at)
        elif row.kind == "create_task":
            happened.tasks.append(item)
        elif row.kind in OPPOSITE:
            (happened.only_here if was in _OPEN and row.doubt_since is None else happened.audiences).append(item)
        else:
            _settle(item, STATE.CANNOT, reason, at)
    Effect.objects.bulk_update(cancelled, ["state", "reason", "ended_at", "fence"])
    return happened


#: Nothing of it has begun, or it is to be begun again.
_OPEN = (Effect.State.PLANNED, Effect.State.HELD)


def _free_to_stop(items: Items) -> list[RepairItem]:
    """Those whose timer no worker has in hand; the timers are locked."""
    ids = [int(item.key) for item in items]
    if not ids:
        return []
    locked = set(
        Timer.objects.select_for_update(skip_locked=True).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)
    )
    held = set(Timer.objects.filter(pk__in=ids).values_list("pk", flat=True)) - locked
    return [item for item in items if int(item.key) not in held]


def _lock_contacts(items: Items) -> None:
    ids = {item.contact_id for item in items if item.contact_id is not None}
    list(Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _put_back(repair: Repair, items: Items, at: datetime) -> None:
    """Fields and stages, where they still hold what the version wrote."""
    if not items:
        return
    version = repair.version
    says = f"Repaired: version {version.number} of {version.workflow.name} was rolled back"
    because = Because(repair.writer, in_flight.specs(version)[0], says)
    found = restorations.put_back([wanted_of(item) for item in items], because=because, at=at)
    for item in items:
        outcome = found[item.contact_id or 0, item.detail["field"]]
        item.before, item.ours = outcome.before, outcome.ours
        _settle(item, STATE.DONE if outcome.restored else STATE.LEFT, outcome.because or "put back", at)


def _stop(repair: Repair, items: Items, because: str, at: datetime) -> None:
    """Nobody goes further on it; who is stopped may enter the version that is live."""
    runs = Run.objects.in_bulk([int(item.key) for item in items])
    stopped = []
    for item in items:
        run = runs.get(int(item.key))
        if run is not None and run.state == Run.State.WAITING and run.version_id == repair.version_id:
            stopped.append(run.pk)
            _settle(item, STATE.DONE, "stopped", at)
        else:
            _settle(item, STATE.LEFT, "it is not on its way on this version any more", at)
    Timer.objects.filter(pk__in=stopped).delete()
    Run.objects.filter(pk__in=stopped).update(
        state=Run.State.STOPPED, reason=because, waits_for="", changed_at=at, ended_at=at
    )


def _ask_no_more(items: Items, because: str, at: datetime) -> None:
    for table, model, open_states, ended in (
        ("approval", StepApproval, ("asked",), "decided_at"),
        ("handoff", Handoff, ("offered", "accepted"), "ended_at"),
        ("assignment", Assignment, ("open",), "ended_at"),
    ):
        ours = {item.detail["id"]: item for item in items if item.detail["table"] == table}
        rows = model._default_manager.filter(pk__in=ours, state__in=open_states)
        there = set(rows.select_for_update().values_list("pk", flat=True)) if ours else set()
        said: dict[str, Any] = {"state": "lapsed", ended: at}
        if table != "assignment":
            said["reason"] = because
        model._default_manager.filter(pk__in=there).update(**said)
        for pk, item in ours.items():
            done = (
                (STATE.DONE, "nobody is asked any more") if pk in there else (STATE.LEFT, "it was answered meanwhile")
            )
            _settle(item, *done, at)


def _close(repair: Repair, items: Items, at: datetime) -> list[Effect]:
    for item in items:
        _settle(item, STATE.DONE, f"{item.detail['system']} is asked to close it", at)
    return [
        _effect(repair, item, "close_task", {"task": item.detail["key"], "email": item.detail.get("email")}, at)
        for item in items
    ]


def _correct_audiences(repair: Repair, items: Items, at: datetime) -> list[Effect]:
    """The opposite of what was done, there and in our own list."""
    planned = []
    for item in items:
        audience, opposite = item.detail["audience"], OPPOSITE[item.detail["kind"]]
        members = AudienceMember.objects.filter(audience=audience, contact_id=item.contact_id or 0)
        if opposite == "remove_from_audience" and not members.filter(run_id=item.run_id or 0).delete()[0]:
            _settle(item, STATE.LEFT, "it is not in there by this run any more", at)
            continue
        if opposite == "add_to_audience":
            if members.exists():
                _settle(item, STATE.LEFT, "it was put in again since", at)
                continue
            AudienceMember.objects.create(
                audience=audience, contact_id=item.contact_id or 0, run_id=item.run_id or 0, since=at
            )
        way = "taken out of" if opposite == "remove_from_audience" else "put back into"
        _settle(item, STATE.DONE, f"{way} {audience}", at)
        planned.append(_effect(repair, item, opposite, {"email": item.detail.get("email"), "audience": audience}, at))
    return planned


def _correct_records(repair: Repair, items: Items, at: datetime) -> list[Effect]:
    """Where a stage was put back, each far side that was told another one last is told of it, whoever told it."""
    restored = {
        item.contact_id or 0: item
        for item in items
        if item.detail["field"] == "lifecycle_stage" and item.state == STATE.DONE and item.before
    }
    if not restored:
        return []
    statuses = {row.key: row.crm_statuses for row in LifecycleStage.objects.all()}
    planned: list[Effect] = []
    for (contact_id, system), (told, email) in _told(repair, restored).items():
        item = restored[contact_id]
        meant = statuses.get(str(item.before)) or [told]
        if told not in meant:
            payload = {"email": email, "fields": {"status": meant[0]}}
            planned.append(_effect(repair, item, "upsert_record", payload, at, system=system))
    return planned


def _told(repair: Repair, restored: Mapping[int, RepairItem]) -> dict[tuple[int, str], tuple[str, str]]:
    """By contact and system, the last status that it was told, or will be before us, and the address it knows them by.

    Another workflow that keeps a record in step told it what the version had made of the contact. What a worker has in
    hand, or had when it was killed, may arrive; what stands before us of others does.
    """
    happens = Q(state__in=(Effect.State.DONE, Effect.State.RESERVED, Effect.State.UNCERTAIN))
    comes = Q(state=Effect.State.PLANNED) & ~Q(version_id=repair.version_id)
    rows = Effect.objects.filter(
        happens | comes | Q(doubt_since__isnull=False), contact_id__in=restored, kind="upsert_record"
    )
    found = {}
    for row in rows.order_by("pk"):
        if status := (row.payload.get("fields") or {}).get("status"):
            found[row.contact_id or 0, row.system] = status, row.payload["email"]
    return found


#: What undoes what had happened by the time that it was listed, and what happened afterwards, is the same.
_UNDOES = {"close_task": KIND.TASK, "add_to_audience": KIND.AUDIENCE, "remove_from_audience": KIND.AUDIENCE}


def _effect(
    repair: Repair, item: RepairItem, kind: str, payload: Mapping[str, Any], at: datetime, *, system: str = ""
) -> Effect:
    """Planned like any other, under a key that a second repair would have too."""
    return Effect(
        key=key_of(_UNDOES.get(kind, item.kind), item.key, item.detail, system=system),
        workflow_id=repair.version.workflow_id,
        version_id=repair.version_id,
        run_id=item.run_id or 0,
        contact_id=item.contact_id,
        step=REPAIR,
        kind=kind,
        system=system or item.detail["system"],
        payload=dict(payload),
        state=Effect.State.PLANNED,
        not_before=at,
        planned_at=at,
    )
