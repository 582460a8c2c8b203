"""Two contacts that are one person become one, and two again if that was wrong (requirement D6).

Both rows are locked in the order of their ids, as the runtime locks them, so a merge stands before or after what a
worker does and never inside it. What belonged to the one that goes is counted for the one that stays: keys, history,
runs, messages that were sent, so that nothing is sent to the same person again.
"""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction

from martechops.audit import entries
from martechops.lib import bulk
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.actions import field_changes
from workflows.actions.field_changes import Changed
from workflows.engine import merging
from workflows.engine.scoring import Score
from workflows.models import Contact, DuplicateFinding, Effect, Exposure, Merge, Run, Timer
from workflows.queries import scores

#: What is the same for both and so is kept once; the contact's own row and what is only about the pair itself.
_NOT_MOVED = {Contact, Merge, DuplicateFinding}
#: A contact is in each of these once.
_ONCE = {
    "workflows_segmentmember": "segment",
    "workflows_audiencemember": "audience",
    Exposure._meta.db_table: "rollout_id",
}
#: Of findings that nobody has decided.
_OPEN_FINDINGS = (DuplicateFinding.State.FOUND, DuplicateFinding.State.PROPOSED)
_OPEN_EFFECTS = (Effect.State.PLANNED, Effect.State.HELD)
_OF_OLD = "its merge was undone: somebody has to let it go on"


class CannotMerge(Exception):
    """These two cannot be merged, or this merge cannot be undone; the message says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge would do."""

    kept: Contact
    gone: Contact
    lines: tuple[merging.Line, ...]
    consent: Mapping[str, Mapping[str, str]]
    #: Rows that go over, by what they are called: {"runs": 3}.
    moves: Mapping[str, int]
    #: Runs of the one that goes which end, because the other is in the same workflow.
    stops: int


def plan(*, kept_id: int, gone_id: int, from_gone: Iterable[str] = ()) -> Plan:
    """What merging would do, field by field. Raises CannotMerge."""
    kept, gone = _both(kept_id, gone_id, lock=False)
    moves = {
        str(model._meta.verbose_name_plural): number
        for model in moved_models()
        if (number := model._default_manager.filter(contact_id=gone.pk).count())
    }
    lines = merging.lines(_values(kept), _values(gone), from_gone=frozenset(from_gone))
    stops = _running_twice(kept.pk, gone.pk).count()
    return Plan(kept, gone, lines, merging.consent(kept.consent, gone.consent), moves, stops)


@transaction.atomic
def merge(*, kept_id: int, gone_id: int, by: User, at: datetime, from_gone: Iterable[str] = ()) -> Merge:
    """Make one of two; `from_gone` names the fields where the one that goes is believed. Raises CannotMerge."""
    check_may(by, "contacts.merge")
    kept, gone = _both(kept_id, gone_id, lock=True)
    before, former = _row(kept), _row(gone)
    moved: dict[str, Any] = {"stopped": _stop_twice(kept, gone, at=at), "cancelled": _cancel_twice(kept, gone, at=at)}
    moved["rekeyed"] = _rekey(kept, gone)
    moved["rows"] = {model._meta.db_table: _move(model, gone.pk, kept.pk) for model in moved_models()}
    _add_points(kept, gone.score, gone.scored_at)
    changes = _become(kept, gone, frozenset(from_gone), by=by, at=at)
    gone.delete()
    moved["finding"] = _decide_finding(kept.pk, gone_id, by=by, at=at)
    done = Merge.objects.create(
        kept_id=kept.pk,
        gone_id=gone_id,
        kept_before=before,
        gone=former,
        kept_after=_row(kept),
        moved=moved,
        by=by,
        at=at,
    )
    _record("contact.merge", kept.pk, by=by, at=at, merged=gone_id, changed=changes)
    return done


@transaction.atomic
def undo(done: Merge, *, by: User, at: datetime) -> Contact:
    """Make two of one again: each row goes back that came over; what came since stays. Raises CannotMerge."""
    check_may(by, "contacts.merge")
    done = Merge.objects.select_for_update().get(pk=done.pk)
    if done.undone_at is not None:
        raise CannotMerge(f"It was undone on {done.undone_at:%Y-%m-%d}.")
    kept = Contact.objects.select_for_update().filter(pk=done.kept_id).first()
    if kept is None:
        raise CannotMerge(f"Contact {done.kept_id} is itself gone by now: undo its own merge first.")
    gone = Contact.objects.create(pk=done.gone_id, **_columns(done.gone))
    for model in moved_models():
        _move_back(model, done.moved["rows"].get(model._meta.db_table, []), kept.pk, gone.pk)
    _restart(done.moved["stopped"], at=at)
    _plan_again(done.moved["cancelled"])
    _rekey_back(done.moved["rekeyed"])
    _reopen_finding(done.moved.get("finding"))
    changes = _unbecome(kept, done, by=by, at=at)
    Merge.objects.filter(pk=done.pk).update(undone_by=by, undone_at=at)
    _record("contact.unmerge", kept.pk, by=by, at=at, restored=gone.pk, changed=changes)
    return gone


@transaction.atomic
def dismiss(finding: DuplicateFinding, *, by: User, at: datetime) -> None:
    """They are two people. Raises CannotMerge where somebody has decided meanwhile."""
    check_may(by, "contacts.merge")
    finding = DuplicateFinding.objects.select_for_update().get(pk=finding.pk)
    if finding.state not in _OPEN_FINDINGS:
        raise CannotMerge(f"Meanwhile it is decided: {finding.get_state_display().lower()}.")
    finding.state, finding.decided_by, finding.decided_at = DuplicateFinding.State.DISMISSED, by, at
    finding.save()
    _record("contact.not_merged", finding.contact_id, by=by, at=at, other=finding.other_id)


def moved_models() -> list[type[models.Model]]:
    """Every table whose rows are about a contact; what is only a view of one goes with it."""
    return [
        model
        for app in ("workflows", "inbox")
        for model in apps.get_app_config(app).get_models()
        if model._meta.managed
        and model not in _NOT_MOVED
        and any(field.name == "contact_id" for field in model._meta.get_fields())
    ]


def _both(kept_id: int, gone_id: int, *, lock: bool) -> tuple[Contact, Contact]:
    if kept_id == gone_id:
        raise CannotMerge("A contact is not merged with itself.")
    rows = Contact.objects.filter(pk__in=[kept_id, gone_id]).order_by("pk")
    found = {row.pk: row for row in (rows.select_for_update() if lock else rows)}
    for wanted in (kept_id, gone_id):
        if wanted not in found:
            into = Merge.objects.filter(gone_id=wanted, undone_at=None).values_list("kept_id", flat=True).first()
            raise CannotMerge(f"There is no contact {wanted}" + (f": it is contact {into} now." if into else "."))
    return found[kept_id], found[gone_id]


def _values(contact: Contact) -> dict[str, Any]:
    return {**contact.fields, **{name: getattr(contact, name) for name in merging.COLUMNS}}


def _row(contact: Contact) -> dict[str, Any]:
    """Its columns as JSON."""
    found = {field.attname: getattr(contact, field.attname) for field in Contact._meta.concrete_fields}
    return {
        name: value.isoformat() if isinstance(value, datetime) else deepcopy(value) for name, value in found.items()
    }


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    times = {field.attname for field in Contact._meta.concrete_fields if isinstance(field, models.DateTimeField)}
    return {
        name: datetime.fromisoformat(value) if name in times and value else value
        for name, value in row.items()
        if name != "id"
    }


def _running_twice(kept_id: int, gone_id: int) -> models.QuerySet[Run]:
    """Runs of the one that goes in workflows that the other is in, too."""
    waiting = Run.objects.filter(state=Run.State.WAITING)
    return waiting.filter(contact_id=gone_id, workflow_id__in=waiting.filter(contact_id=kept_id).values("workflow_id"))


def _stop_twice(kept: Contact, gone: Contact, *, at: datetime) -> list[dict[str, Any]]:
    """End those runs, with what it takes to go on with them."""
    stopped = []
    for run in _running_twice(kept.pk, gone.pk).select_for_update():
        timer = Timer.objects.filter(run_id=run.pk).first()
        stopped.append({"id": run.pk, "due_at": timer.due_at.isoformat() if timer else None})
        Timer.objects.filter(run_id=run.pk).delete()
        run.state, run.ended_at, run.changed_at = Run.State.STOPPED, at, at
        run.reason = f"the contact was merged into contact {kept.pk}, which is in this workflow"
        run.save()
    return stopped


def _restart(stopped: Iterable[Mapping[str, Any]], *, at: datetime) -> None:
    for one in stopped:
        run = Run.objects.filter(pk=one["id"], state=Run.State.STOPPED).first()
        if run is None:
            continue
        run.state, run.ended_at, run.changed_at, run.reason = Run.State.WAITING, None, at, ""
        run.save()
        if one["due_at"]:
            Timer.objects.create(run_id=run.pk, contact_id=run.contact_id, due_at=datetime.fromisoformat(one["due_at"]))


def _cancel_twice(kept: Contact, gone: Contact, *, at: datetime) -> list[dict[str, Any]]:
    """End what is still to be done for the one that goes, where the other had the same step or will have it.

    Each with the state that it was in: what was held for somebody's word is held again when the merge is undone.
    """
    theirs = Effect.objects.filter(contact_id=kept.pk).values_list("workflow_id", "step", "kind")
    done = set(theirs)
    cancelled = [
        {"id": effect.pk, "state": effect.state, "reason": effect.reason}
        for effect in Effect.objects.filter(contact_id=gone.pk, state__in=_OPEN_EFFECTS).select_for_update()
        if (effect.workflow_id, effect.step, effect.kind) in done
    ]
    Effect.objects.filter(pk__in=[one["id"] for one in cancelled]).update(
        state=Effect.State.CANCELLED, ended_at=at, reason=f"the contact was merged into contact {kept.pk}"
    )
    return cancelled


def _plan_again(cancelled: Iterable[Mapping[str, Any] | int]) -> None:
    """As before the merge, unless somebody has decided otherwise since. A merge of old noted ids alone: those are
    held, because nobody knows any more which of them were waiting for somebody's word."""
    for one in cancelled:
        of_old = {"id": one, "state": Effect.State.HELD, "reason": _OF_OLD}
        was: Mapping[str, Any] = of_old if isinstance(one, int) else one
        Effect.objects.filter(pk=was["id"], state=Effect.State.CANCELLED).update(
            state=was["state"], reason=was["reason"], ended_at=None
        )


def _rekey(kept: Contact, gone: Contact) -> dict[str, str]:
    """What was done once for the one that goes counts for the other; the former keys by effect."""
    pattern = re.compile(rf"contact:{gone.pk}(?=$|@)")
    rows = Effect.objects.filter(contact_id=gone.pk, once_key__isnull=False).select_for_update()
    taken = set(Effect.objects.filter(contact_id=kept.pk).values_list("once_key", flat=True))
    former = {}
    for effect in rows:
        key = pattern.sub(f"contact:{kept.pk}", effect.once_key or "", count=1)
        if key != effect.once_key and key not in taken:
            former[str(effect.pk)] = str(effect.once_key)
            taken.add(key)
            Effect.objects.filter(pk=effect.pk).update(once_key=key)
    return former


def _rekey_back(former: Mapping[str, str]) -> None:
    for effect_id, key in former.items():
        Effect.objects.filter(pk=int(effect_id)).update(once_key=key)


def _decide_finding(kept_id: int, gone_id: int, *, by: User, at: datetime) -> dict[str, Any] | None:
    """The finding that the two may be one, if there was one, is decided; as it was before, for the undoing."""
    pair = DuplicateFinding.objects.filter(contact_id=min(kept_id, gone_id), other_id=max(kept_id, gone_id))
    finding = pair.select_for_update().first()
    if finding is None:
        return None
    before = {
        "id": finding.pk,
        "state": finding.state,
        "decided_by": finding.decided_by_id,
        "decided_at": finding.decided_at.isoformat() if finding.decided_at else None,
    }
    finding.state, finding.decided_by, finding.decided_at = DuplicateFinding.State.MERGED, by, at
    finding.save()
    return before


def _reopen_finding(before: Mapping[str, Any] | None) -> None:
    """As before the merge, unless somebody has decided anew since."""
    if before is not None:
        DuplicateFinding.objects.filter(pk=before["id"], state=DuplicateFinding.State.MERGED).update(
            state=before["state"],
            decided_by_id=before["decided_by"],
            decided_at=datetime.fromisoformat(before["decided_at"]) if before["decided_at"] else None,
        )


def _move(model: type[models.Model], gone_id: int, kept_id: int) -> list[Any]:
    """Give its rows to the contact that stays; their keys, so that they can go back."""
    table, pk = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if once := _ONCE.get(table):
            cursor.execute(
                f'DELETE FROM "{table}" g USING "{table}" k '  # noqa: S608 - names of our own
                f'WHERE g.contact_id = %s AND k.contact_id = %s AND g."{once}" = k."{once}"',
                [gone_id, kept_id],
            )
        cursor.execute(
            f'UPDATE "{table}" SET contact_id = %s WHERE contact_id = %s RETURNING "{pk}"',  # noqa: S608
            [kept_id, gone_id],
        )
        return [row[0] for row in cursor.fetchall()]


def _move_back(model: type[models.Model], keys: list[Any], kept_id: int, gone_id: int) -> None:
    table, pk = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" SET contact_id = %s WHERE contact_id = %s '  # noqa: S608 - names of our own
            f'AND "{pk}"::text IN (SELECT json_array_elements_text(%s::json))',
            [gone_id, kept_id, bulk.texts(map(str, keys))],
        )


def _add_points(contact: Contact, score: float, scored_at: datetime | None, *, sign: int = 1) -> None:
    """Give or take points that stood at an instant, fading as all do."""
    if not score:
        return
    scoring = scores.compiled()
    own = Score(contact.score, contact.scored_at)
    found = scoring.add(own, sign * score, at=scored_at or contact.updated_at)
    contact.score, contact.scored_at = max(0.0, found.value), found.at


def _become(kept: Contact, gone: Contact, from_gone: frozenset[str], *, by: User, at: datetime) -> list[str]:
    """Give the contact that stays its values, each with its history; which fields changed."""
    lines = merging.lines(_values(kept), _values(gone), from_gone=from_gone)
    changed = {line.field: line.result for line in lines if line.result != line.kept}
    kept.consent = merging.consent(kept.consent, gone.consent)
    kept.created_at = min(kept.created_at, gone.created_at)
    _write(kept, changed, by=by, at=at)
    return sorted(changed)


def _unbecome(kept: Contact, done: Merge, *, by: User, at: datetime) -> list[str]:
    """Take back what the merge changed, where nobody has changed it since."""
    before, after = _columns(done.kept_before), _columns(done.kept_after)
    was = {**before["fields"], **{name: before[name] for name in merging.COLUMNS}}
    became = {**after["fields"], **{name: after[name] for name in merging.COLUMNS}}
    now = _values(kept)
    back = {
        name: was.get(name)
        for name in became
        if became.get(name) != was.get(name) and now.get(name) == became.get(name)
    }
    if kept.consent == after["consent"]:
        kept.consent = before["consent"]
    gone = _columns(done.gone)
    _add_points(kept, gone["score"], gone["scored_at"], sign=-1)
    kept.created_at = before["created_at"]
    _write(kept, back, by=by, at=at)
    return sorted(back)


def _write(contact: Contact, values: Mapping[str, Any], *, by: User, at: datetime) -> None:
    old = _values(contact)
    for name, value in values.items():
        if name in merging.COLUMNS:
            setattr(contact, name, value)
        elif value is None:
            contact.fields.pop(name, None)
        else:
            contact.fields[name] = value
    contact.updated_at = at
    contact.save()
    writer = by.get_username()
    field_changes.write(
        (Changed(contact.pk, name, old.get(name), value, writer) for name, value in sorted(values.items())), at=at
    )


def _record(action: str, contact_id: int, *, by: User, at: datetime, **detail: Any) -> None:
    entries.record(action=action, object_kind="contact", object_key=str(contact_id), by=by, at=at, detail=detail)
