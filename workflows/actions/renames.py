"""Another name for an event type, a lifecycle stage or a picklist's value, everywhere at once (requirement I2).

What is frozen or still arrives under the former name means the new one by an alias. Contacts that hold a value follow
in batches, by a row that says how far they are: whatever stops them, the sweep goes on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q

from martechops.audit import entries
from martechops.lib import wake
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.actions import definitions, field_changes, versions
from workflows.actions.field_changes import Changed
from workflows.engine.references import Names, renamed
from workflows.models import (
    Alias,
    Contact,
    EventType,
    Field,
    LifecycleStage,
    Notice,
    Rename,
    ReviewHold,
    Run,
    Status,
    Version,
    Workflow,
)
from workflows.queries import documents, uses

BATCH = 5_000
#: The task that goes on with what is left.
DOORBELL = "workflows.renames"
#: So long contacts are looked at again: an event that was being handled may have brought the former name.
SETTLES_AFTER = timedelta(minutes=1)


class CannotRename(Exception):
    """This name cannot become that one; the message says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rename touches: nothing has been done yet."""

    #: "event-type", "stage" or "value:<field>".
    kind: str
    old: str
    new: str
    uses: tuple[uses.Use, ...]
    #: How many contacts hold the value.
    contacts: int
    #: How many runs wait for the event.
    runs: int

    @property
    def names(self) -> Names:
        return {(self.kind, self.old): self.new}

    @property
    def by_owner(self) -> dict[str, tuple[str, ...]]:
        """What is written anew, by the key of the team that owns it."""
        found: dict[str, dict[str, None]] = {}
        for use in self.uses:
            if owner := use.holder.document.get("owner"):
                found.setdefault(str(owner), {})[use.label] = None
        return {owner: tuple(labels) for owner, labels in sorted(found.items())}

    @property
    def holders(self) -> int:
        """How many definitions and workflows refer to it."""
        return len({(use.holder.kind, use.holder.row_id, use.holder.state) for use in self.uses})


def plan(*, kind: str, old: str, new: str) -> Plan:
    """Everything that refers to the name. Raises CannotRename."""
    row, new = _target(kind, old), new.strip()
    if not new or new == old:
        raise CannotRename("Give it another name.")
    if _is_taken(kind, new):
        raise CannotRename(f"{new} is there already.")
    if getattr(row, "status", "") == Status.FROZEN:
        raise CannotRename("It is frozen: an admin can thaw it.")
    found, holding = uses.of(kind, old), _holding(kind, old)
    frozen = sorted({use.label for use in found if use.holder.document.get("status") == Status.FROZEN})
    if frozen:
        raise CannotRename(f"Frozen definitions refer to it: {', '.join(frozen)}.")
    written = {use.holder.key for use in found if use.holder.kind == "workflow"}
    if held := ReviewHold.objects.filter(kind="workflow", key__in=written).first():
        raise CannotRename(f"{held.says} is in review: it would be written anew. Wait for that, or withdraw it.")
    return Plan(
        kind=kind,
        old=old,
        new=new,
        uses=tuple(found),
        contacts=holding.count() if holding is not None else 0,
        runs=Run.objects.filter(waits_for=old, state=Run.State.WAITING).count() if kind == "event-type" else 0,
    )


def apply(*, kind: str, old: str, new: str, by: User | str, at: datetime) -> Plan:
    """Rename it: definitions and drafts in one transaction, then a first batch of contacts; `go_on` does the rest.

    Teams whose definitions are written anew are told. Raises NotAllowed, CannotRename, and what saving a definition
    raises.
    """
    done = rewrite(kind=kind, old=old, new=new, by=by, at=at)
    go_on(at=at)
    return done


def go_on(*, at: datetime) -> int:
    """The next batch of contacts of each rename that is not through; how many they were. 0: nothing is left now."""
    unfinished = Rename.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True)
    return sum(_batch(pk, at=at) for pk in list(unfinished))


@transaction.atomic
def _batch(pk: int, *, at: datetime) -> int:
    """One batch, unless another worker is at it."""
    rename = Rename.objects.select_for_update(skip_locked=True).filter(pk=pk, finished_at=None).first()
    if rename is None:
        return 0
    holding = _holding(rename.kind, rename.old)
    ids = list(holding.order_by("pk").values_list("pk", flat=True)[:BATCH]) if holding is not None else []
    if ids:
        _rewrite(ids, rename, at=at)
        rename.done += len(ids)
    elif holding is None or at >= rename.at + SETTLES_AFTER:
        rename.finished_at = at
    rename.save()
    return len(ids)


@transaction.atomic
def rewrite(*, kind: str, old: str, new: str, by: User | str, at: datetime) -> Plan:
    """Definitions and drafts alone, for a longer transaction; contacts follow its commit."""
    row = _target(kind, old)
    if isinstance(by, User):
        check_may(by, "definitions.edit", row)
    planned = plan(kind=kind, old=old, new=new)
    new, note, on_behalf = planned.new, f"{old} is called {planned.new} now", _on_behalf(by)
    _alias(kind, old, new, at=at)
    if isinstance(row, Field):
        row.allowed_values = [new if value == old else value for value in row.allowed_values]
    else:
        setattr(row, "name" if isinstance(row, EventType) else "key", new)
    definitions.save(row, by=by, at=at, note=note)
    touched: list[tuple[uses.Holder, int]] = []
    for holder in {(use.holder.kind, use.holder.row_id): use.holder for use in planned.uses}.values():
        if holder.kind in documents.KINDS and holder.row_id != (row.pk if kind == holder.kind else None):
            touched.append((holder, _rewrite_definition(holder, planned.names, by=on_behalf, at=at, note=note)))
    for holder in _workflows(planned):
        touched.append((holder, _rewrite_workflow(holder, planned.names, by=on_behalf, at=at, note=note)))
    _begin(planned, writer=on_behalf, at=at)
    _tell(touched, by=by, says=note, at=at)
    wake.after_commit(DOORBELL)
    entries.record(
        action="rename.apply",
        object_kind=kind,
        object_key=old,
        by=by,
        at=at,
        detail={"new": new, "touches": planned.holders, "contacts": planned.contacts},
    )
    return planned


def _on_behalf(by: User | str) -> str:
    return f"rename by {by if isinstance(by, str) else by.get_username()}"


def _begin(planned: Plan, *, writer: str, at: datetime) -> None:
    """The row that contacts follow by. As with aliases, earlier ones lead to the newest name, and end at a name that
    comes back.
    """
    unfinished = Rename.objects.filter(kind=planned.kind, finished_at=None)
    unfinished.filter(old=planned.new).update(finished_at=at)
    unfinished.filter(new=planned.old).update(new=planned.new)
    Rename.objects.create(
        kind=planned.kind, old=planned.old, new=planned.new, writer=writer, at=at, contacts=planned.contacts
    )


def _tell(touched: list[tuple[uses.Holder, int]], *, by: User | str, says: str, at: datetime) -> None:
    """A notice for each thing of a team that whoever renames is not in."""
    person = by if isinstance(by, User) else None
    own = set(person.teams.values_list("pk", flat=True)) if person else set()
    Notice.objects.bulk_create(
        Notice(owner_id=owner, label=holder.label, address=holder.address, says=says, by=person, at=at)
        for holder, owner in touched
        if owner not in own
    )


def _rewrite_definition(holder: uses.Holder, names: Names, *, by: str, at: datetime, note: str) -> int:
    """Its team is not asked but told: a rename changes how a thing is called, not what it says. Returns the team."""
    kind = documents.KINDS[holder.kind]
    row: Any = kind.model._default_manager.get(pk=holder.row_id)
    consumers = documents.fill(row, renamed(holder.document, names))
    definitions.save(row, by=by, at=at, note=note, consumers=consumers)
    return int(row.owner_id)


def _workflows(planned: Plan) -> list[uses.Holder]:
    """One holder a workflow, its open draft rather than its live version: that is what the next version says."""
    found: dict[int, uses.Holder] = {}
    for use in planned.uses:
        if use.holder.kind == "workflow" and (use.holder.state == "draft" or use.holder.row_id not in found):
            found[use.holder.row_id] = use.holder
    drafts = set(Version.objects.filter(frozen_at=None).values_list("workflow_id", flat=True))
    # A draft that does not refer to the name is somebody's work in progress, and none of a rename's business.
    return [holder for id, holder in found.items() if holder.state == "draft" or id not in drafts]


def _rewrite_workflow(holder: uses.Holder, names: Names, *, by: str, at: datetime, note: str) -> int:
    """A frozen version keeps its words, which mean the new ones by the alias; its next draft says them."""
    workflow = Workflow.objects.get(pk=holder.row_id)
    latest = workflow.versions.filter(frozen_at=None).first() or workflow.versions.order_by("-number").first()
    if latest is not None:
        content = renamed({"kind": "workflow", **latest.content}, names)
        draft = versions.draft(workflow=workflow, content=content, by=by, at=at, note=note)
        if workflow.map_only:
            versions.freeze(version=draft, by=by, at=at)
    return workflow.owner_id


def _alias(kind: str, old: str, new: str, *, at: datetime) -> None:
    """Former names lead to the newest one directly; a name that comes back is no alias any more."""
    live = Alias.objects.filter(kind=kind, until=None)
    live.filter(old=new).update(until=at)
    live.filter(new=old).update(new=new)
    Alias.objects.create(kind=kind, old=old, new=new, since=at)


def _target(kind: str, old: str) -> EventType | LifecycleStage | Field:
    """The row that holds the name, locked where there is a transaction."""
    found: EventType | LifecycleStage | Field | None
    if kind == "event-type":
        found = EventType.objects.filter(name=old).first()
    elif kind == "stage":
        found = LifecycleStage.objects.filter(key=old).first()
    else:
        found = Field.objects.filter(key=kind.removeprefix("value:")).first()
        if found is not None and old not in found.allowed_values:
            found = None
    if found is None:
        raise CannotRename(f"There is no {old}.")
    return found


def _is_taken(kind: str, new: str) -> bool:
    if kind == "event-type":
        return EventType.objects.filter(name=new).exists()
    if kind == "stage":
        return LifecycleStage.objects.filter(key=new).exists()
    field = Field.objects.filter(key=kind.removeprefix("value:")).first()
    return field is not None and new in field.allowed_values


def _holding(kind: str, value: str) -> models.QuerySet[Contact] | None:
    """Contacts that hold a value; None for an event type, which nobody holds."""
    if kind == "stage":
        return Contact.objects.filter(lifecycle_stage=value)
    if kind.startswith("value:"):
        return Contact.objects.filter(Q(**{f"fields__{kind.removeprefix('value:')}": value}))
    return None


def _rewrite(ids: list[int], rename: Rename, *, at: datetime) -> None:
    """One batch, locked in the order of ids as the workers do."""
    field = "lifecycle_stage" if rename.kind == "stage" else rename.kind.removeprefix("value:")
    list(Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    with connection.cursor() as cursor:
        if rename.kind == "stage":
            cursor.execute(
                f"UPDATE {Contact._meta.db_table} SET lifecycle_stage = %s, updated_at = %s WHERE id = ANY(%s)",  # noqa: S608
                [rename.new, at, ids],
            )
        else:
            cursor.execute(
                f"UPDATE {Contact._meta.db_table} SET fields = jsonb_set(fields, ARRAY[%s], to_jsonb(%s::text)),"  # noqa: S608
                " updated_at = %s WHERE id = ANY(%s)",
                [field, rename.new, at, ids],
            )
    field_changes.write((Changed(id, field, rename.old, rename.new, rename.writer) for id in ids), at=at)
