"""What a version did to everyone it touched, a batch of its runs at a time; and how far repairs are."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q

from campaigns.models import Repair, RepairItem
from martechops.lib import csv_file, windows
from workflows.engine.effects import REPAIR, effect_key
from workflows.models import (
    Assignment,
    AudienceMember,
    Effect,
    FieldChange,
    Handoff,
    Run,
    RunMove,
    StepApproval,
    Version,
)
from workflows.queries import names, restorations
from workflows.queries.restorations import Wanted

KIND, STATE = RepairItem.Kind, RepairItem.State
#: What was done and stays done, in words.
_DEEDS: Mapping[str, str] = {
    "send_message": "a message was sent",
    "call_webhook": "a webhook was called",
    "upsert_record": "the record at the far side was written; what it held before is known there alone",
    "publish_content": "it was published",
    "update_channels": "its channels were changed",
    "distribute_report": "a report was sent",
    "close_task": "a task was closed",
}
#: What undoes what was done with an audience.
OPPOSITE = {"add_to_audience": "remove_from_audience", "remove_from_audience": "add_to_audience"}


@dataclass(frozen=True, slots=True)
class Touched:
    """One run that was on the version, and since when and until when it was."""

    run: Run
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Items of a repair by kind and state."""

    by_kind: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def of(self, state: str, kind: str = "") -> int:
        return sum(n for (of_kind, of_state), n in self.by_kind.items() if of_state == state and kind in ("", of_kind))

    @property
    def planned(self) -> int:
        return self.of(STATE.PLANNED)

    @property
    def done(self) -> int:
        return self.of(STATE.DONE)

    @property
    def left(self) -> int:
        return self.of(STATE.LEFT)

    @property
    def cannot(self) -> int:
        return self.of(STATE.CANNOT)

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())

    @property
    def dealt_with(self) -> int:
        return self.total - self.of(STATE.PLANNED)

    @property
    def rows(self) -> list[tuple[str, int, int, int, int]]:
        """Label of each kind that there is, with its numbers: planned, done, left, cannot."""
        there = {kind for kind, _ in self.by_kind}
        return [
            (str(kind.label), *(self.of(state, kind) for state in STATE))  # type: ignore[misc]
            for kind in KIND
            if kind in there
        ]


def counts(repair: Repair) -> Counts:
    """One query."""
    rows = repair.items.order_by().values_list("kind", "state").annotate(Count("pk"))
    return Counts({(kind, state): n for kind, state, n in rows})


def touched_after(version: Version, run_id: int, *, limit: int) -> list[Touched]:
    """The next runs that were on the version at any time, in the order of their ids."""
    left = RunMove.objects.filter(move__from_version=version).exclude(way=RunMove.Way.STAYS)
    runs = Run.objects.filter(workflow_id=version.workflow_id, pk__gt=run_id)
    runs = runs.filter(Q(version_id=version.pk) | Q(pk__in=left.values("run_id")))
    found = list(runs.order_by("pk")[:limit])
    ids = [run.pk for run in found]
    until = dict(left.filter(run_id__in=ids).values_list("run_id", "at"))
    came = RunMove.objects.filter(move__to_version=version, run_id__in=ids).exclude(way=RunMove.Way.STAYS)
    since = dict(came.values_list("run_id", "at"))
    return [Touched(run, since.get(run.pk, run.entered_at), until.get(run.pk)) for run in found]


def somebody_is_still_at_it(repair: Repair) -> bool:
    """Did a transaction begin before this repair was opened that is not over?

    A batch that read what is live before a rollback commits what its runs did after it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT EXISTS (
                SELECT 1 FROM pg_stat_activity a JOIN {Repair._meta.db_table} r ON r.id = %s
                WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_xid IS NOT NULL
                  AND age(a.backend_xid) > age(r.xmin))
            """,  # noqa: S608  a name of our own
            [repair.pk],
        )
        return bool(cursor.fetchone()[0])


def items_of(repair: Repair, touched: Sequence[Touched]) -> list[RepairItem]:
    """Everything that these runs did on the version, as it could be dealt with now. About ten queries."""
    runs = {one.run.pk: one for one in touched}
    contacts = {one.run.contact_id for one in touched if one.run.contact_id is not None}
    return [
        *_fields(repair, runs, contacts),
        *_effects(repair, runs, contacts),
        *_on_the_way(repair, touched),
        *_asked(repair, runs),
    ]


def key_of(kind: str, key: str, detail: Mapping[str, Any], *, system: str = "") -> UUID:
    """The key of the effect that puts an item right: the same whichever repair does it.

    `system` is where a record is corrected, since several may have to be.
    """
    written = "/".join(map(str, (*detail.get("changes", ()), *([system] if system else []))))
    return effect_key(workflow=REPAIR, entry_key=kind, step=key, part=written)


def wanted_of(item: RepairItem) -> Wanted:
    """What a field's item asks to be put back."""
    detail = item.detail
    return Wanted(item.contact_id or 0, detail["field"], frozenset(detail["changes"]), item.run_id or 0, step=item.step)


def _fields(repair: Repair, runs: Mapping[int, Touched], contacts: Collection[int]) -> Iterator[RepairItem]:
    """Of each field of a contact one item, however often it was written."""
    changes: dict[tuple[int, str], list[FieldChange]] = defaultdict(list)
    rows = FieldChange.objects.filter(contact_id__in=contacts, run_id__in=runs).order_by("pk")
    for row in rows.exclude(writer__startswith="repair-"):
        run = runs[row.run_id or 0]
        if run.since <= row.at and (run.until is None or row.at <= run.until):
            changes[row.contact_id, row.field].append(row)
    labels = names.of_fields()
    wanted = {
        key: Wanted(key[0], key[1], frozenset(row.pk for row in rows), rows[-1].run_id or 0, rows[-1].step)
        for key, rows in changes.items()
    }
    found = restorations.judged(wanted.values())
    for key, one in wanted.items():
        outcome = found[key]
        yield RepairItem(
            repair=repair,
            kind=KIND.FIELD,
            key=f"{key[0]}/{key[1]}",
            contact_id=key[0],
            run_id=one.run_id,
            step=one.step,
            label=labels.get(key[1], key[1]),
            detail={"field": key[1], "changes": sorted(one.changes)},
            before=outcome.before,
            ours=outcome.ours,
            state=STATE.PLANNED if outcome.restored else STATE.LEFT,
            reason=outcome.because,
        )


def _effects(repair: Repair, runs: Mapping[int, Touched], contacts: Collection[int]) -> Iterator[RepairItem]:
    """What is still to come is called off, tasks are closed, audiences put right; the rest is told."""
    of_version = Effect.objects.filter(version_id=repair.version_id, run_id__in=runs).exclude(step=REPAIR)
    about = Q(contact_id__in=contacts) | Q(contact_id=None, workflow_id=repair.version.workflow_id)
    rows = list(of_version.filter(about).order_by("pk"))
    members = _members(row for row in rows if row.kind in OPPOSITE)
    keys = {key_of(kind, str(row.pk), {}): row.pk for row in rows for kind in (KIND.TASK, KIND.AUDIENCE)}
    righted = {keys[key] for key in Effect.objects.filter(key__in=keys).values_list("key", flat=True)}
    for row in rows:
        kind, state, reason = _fate(row, members)
        if row.pk in righted and state == STATE.PLANNED:
            state, reason = STATE.LEFT, "an earlier repair has put it right"
        if kind:
            yield _item(repair, row, kind, state=state, reason=reason)


def _fate(effect: Effect, members: Mapping[tuple[str, int], int]) -> tuple[str, str, str]:
    """The kind of its item (empty: nothing came of it), its state and the reason."""
    if effect.state in ("planned", "held", "reserved"):
        return KIND.SEND, STATE.PLANNED, ""
    if effect.state == "uncertain":
        return KIND.DEED, STATE.CANNOT, "nobody knows whether it happened: settle it on its own page"
    if effect.state != "done":
        return "", "", ""
    if effect.kind == "create_task":
        return KIND.TASK, STATE.PLANNED, ""
    if effect.kind in OPPOSITE:
        inside = members.get((effect.payload.get("audience", ""), effect.contact_id or 0))
        if effect.kind == "add_to_audience" and inside != effect.run_id:
            return KIND.AUDIENCE, STATE.LEFT, "it is not in there by this run any more"
        if effect.kind == "remove_from_audience" and inside is not None:
            return KIND.AUDIENCE, STATE.LEFT, "it was put in again since"
        return KIND.AUDIENCE, STATE.PLANNED, ""
    return KIND.DEED, STATE.CANNOT, _DEEDS.get(effect.kind, "it happened")


def _item(repair: Repair, effect: Effect, kind: str, *, state: str, reason: str) -> RepairItem:
    payload = effect.payload
    kept = {name: payload[name] for name in ("email", "audience", "template", "channel", "queue") if name in payload}
    return RepairItem(
        repair=repair,
        kind=kind,
        key=str(effect.pk),
        contact_id=effect.contact_id,
        run_id=effect.run_id,
        step=effect.step,
        label=effect.kind,
        detail={"system": effect.system, "key": str(effect.key), "kind": effect.kind, **kept},
        state=state,
        reason=reason,
    )


def _members(effects: Iterator[Effect]) -> dict[tuple[str, int], int]:
    """By audience and contact, the run that put it in."""
    contacts = {effect.contact_id for effect in effects if effect.contact_id is not None}
    rows = AudienceMember.objects.filter(contact_id__in=contacts) if contacts else AudienceMember.objects.none()
    return {
        (audience, contact_id): run
        for audience, contact_id, run in rows.values_list("audience", "contact_id", "run_id")
    }


def _on_the_way(repair: Repair, touched: Sequence[Touched]) -> Iterator[RepairItem]:
    for one in touched:
        run = one.run
        if run.state == Run.State.WAITING and run.version_id == repair.version_id:
            yield RepairItem(
                repair=repair,
                kind=KIND.RUN,
                key=str(run.pk),
                contact_id=run.contact_id,
                run_id=run.pk,
                step=run.step,
                label="on the way",
                state=STATE.PLANNED,
            )


def _asked(repair: Repair, runs: Mapping[int, Touched]) -> Iterator[RepairItem]:
    """Questions, hand-offs and leads that are still with somebody."""
    for model, table, open_states in (
        (StepApproval, "approval", ["asked"]),
        (Handoff, "handoff", ["offered", "accepted"]),
        (Assignment, "assignment", ["open"]),
    ):
        rows = model._default_manager.filter(run_id__in=runs, state__in=open_states).order_by("pk")
        for row in rows:
            if repair.version_id != runs[row.run_id].run.version_id:
                continue
            yield RepairItem(
                repair=repair,
                kind=KIND.ASKED,
                key=f"{table}/{row.pk}",
                contact_id=row.contact_id,
                run_id=row.run_id,
                step=row.step,
                label=table,
                detail={"table": table, "id": row.pk},
                state=STATE.PLANNED,
            )


def listed() -> list[Repair]:
    """All, newest first."""
    rows = Repair.objects.select_related("version__workflow", "opened_by", "confirmed_by")
    return list(rows.order_by("-pk")[:200])


def found(repair_id: int) -> Repair | None:
    rows = Repair.objects.select_related(
        "version__workflow__owner", "opened_by", "confirmed_by", "correction", "rollout"
    )
    return rows.filter(pk=repair_id).first()


def items(repair: Repair, *, state: str = "", kind: str = "", before: str = "") -> windows.Window[RepairItem]:
    """A page of its items."""
    rows = repair.items.all()
    rows = rows.filter(state=state) if state in STATE.values else rows
    rows = rows.filter(kind=kind) if kind in KIND.values else rows
    return windows.by_id(rows, before=before)


def sent_templates(repair: Repair) -> Sequence[tuple[str, str, int]]:
    """Messages that cannot be taken back: channel, template, how many."""
    rows = repair.items.filter(kind=KIND.DEED, label="send_message").values_list("detail", flat=True)
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for detail in rows:
        counted[detail.get("channel", ""), detail.get("template", "")] += 1
    return [(channel, template, n) for (channel, template), n in sorted(counted.items())]


def csv_lines(repair: Repair) -> Iterator[str]:
    """The repair as a file: a line an item, the head first."""
    head = ("kind", "what", "contact", "run", "step", "before", "written", "state", "reason")
    yield from csv_file.lines(head, map(_cells, repair.items.order_by("pk").iterator(chunk_size=1_000)))


def _cells(item: RepairItem) -> Sequence[object]:
    values = ["" if value is None else value for value in (item.contact_id, item.run_id)]
    held = ["" if value is None else value for value in (item.before, item.ours)]
    kind, state = item.get_kind_display(), item.get_state_display()
    return (kind, item.label, *values, item.step, *held, state, item.reason)
