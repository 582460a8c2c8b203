"""Bringing files in: all of a plan or nothing, by the actions that pages and interface use."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from graphlib import CycleError, TopologicalSorter
from itertools import groupby

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, ProtectedError

from martechops.audit import entries
from martechops.lib.states import WrongState
from martechops.people.models import User
from martechops.people.permissions import NotAllowed, check_may
from workflows.actions import definition_batches, definitions, renames
from workflows.actions.removals import InUse
from workflows.engine.edits import CannotEdit
from workflows.engine.parse import BadSpec
from workflows.models import LifecycleStage
from workflows.queries import documents
from workflows.workspace import checking, planning, writing
from workflows.workspace.folders import Files
from workflows.workspace.kinds import Name, place_in_order
from workflows.workspace.planning import Change, Plan, Verb
from workflows.workspace.problems import Problem

#: Held from the comparison to the commit: two applies do not mix.
LOCK = 0x776F726B  # "work"
NOTE = "From workspace files"
#: So much of a plan's digest names it.
_SHORTEST = 12
#: Where positions wait while stages change places; no order of stages is that long.
_ASIDE = 20_000


class CannotApply(Exception):
    """Nothing was applied; `problems` says why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class OtherPlan(Exception):
    """The files or the installation have changed since the plan that was shown; `plan` is what would be done now."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__("Something has changed since the plan was shown. Nothing was applied; look at the new plan.")


def apply(
    files: Files,
    *,
    by: User | str,
    at: datetime,
    prune: bool = False,
    expected: str | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Plan:
    """Make the installation what the files say, in one transaction; returns what was done.

    `expected` is the digest of the plan that somebody agreed to, or its beginning. Raises NotAllowed, CannotApply and
    OtherPlan.
    """
    if isinstance(by, User):
        check_may(by, "workspace.apply")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        planned = planning.plan(files, by=by, at=at, prune=prune)
        if expected is not None and not (len(expected) >= _SHORTEST and planned.digest.startswith(expected)):
            raise OtherPlan(planned)
        if planned.problems:
            raise CannotApply(planned.problems)
        if planned.changes:
            _write(planned, by=by, at=at, progress=progress)
    return planned


def _write(planned: Plan, *, by: User | str, at: datetime, progress: Callable[[int, int], None]) -> None:
    changes = in_order(planned.changes)
    _set_positions_aside(changes)
    writer, done = writing.Writer(by=by, at=at, note=NOTE), 0
    for batch in _batches(changes, writer):
        _write_batch(batch, writer)
        done += len(batch)
        progress(done, len(changes))
    entries.record(
        action="workspace.apply",
        object_kind="workspace",
        object_key="",
        by=by,
        at=at,
        detail={"plan": planned.digest, **{verb: planned.count(verb) for verb in Verb}},
    )


def _batches(changes: Iterable[Change], writer: writing.Writer) -> Iterator[list[Change]]:
    """New definitions of one kind that stand next to each other; everything else alone."""
    for (kind, together), group in groupby(changes, key=lambda c: (c.name.kind, writer.goes_with_others(c))):
        del kind
        batch = list(group)
        yield from [batch] if together else ([change] for change in batch)


def _write_batch(batch: list[Change], writer: writing.Writer) -> None:
    """Raises CannotApply, at the file of the change that is refused."""
    change = batch[0]
    try:
        if len(batch) > 1:
            writer.add(batch)
        elif change.verb is Verb.RENAME:
            _rename(change, by=writer.by, at=writer.at)
            writer.forget()
        else:
            writer.write(change)
    except definition_batches.Refused as error:
        refused = next(one for one in batch if one.name.key == documents.key_of(error.row))
        raise CannotApply([Problem(refused.file, 0, 0, f"{refused.name}: {error}")]) from error
    except REFUSALS as error:
        raise CannotApply([Problem(change.file, 0, 0, f"{change.name}: {said(error)}")]) from error


#: What the actions refuse; a plan foresees nearly all of it, and a fault that it did not foresee undoes everything.
REFUSALS = (
    ValidationError,
    NotAllowed,
    BadSpec,
    CannotEdit,
    InUse,
    LookupError,
    ProtectedError,
    definitions.Frozen,
    definitions.WrongStatus,
    renames.CannotRename,
    WrongState,
)


def said(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(error.messages)
    if isinstance(error, ProtectedError):
        return "something refers to it still"
    return str(error).rstrip(".")


def in_order(changes: Iterable[Change]) -> list[Change]:
    """Renames first, then each change behind those that it refers to, and what goes last, users before the used."""
    changes = list(changes)
    before = {change.name: change for change in changes if change.verb is Verb.REMOVE}
    after = {change.name: change for change in changes if change.verb not in (Verb.REMOVE, Verb.RENAME)}
    removed = [before[name] for name in reversed(_sorted({name: before[name].before or {} for name in before}))]
    written = [after[name] for name in _sorted({name: after[name].after or {} for name in after})]
    return [*(change for change in changes if change.verb is Verb.RENAME), *written, *removed]


def _sorted(documents: Mapping[Name, Mapping[str, object]]) -> list[Name]:
    graph: dict[Name, list[Name]] = {}
    for name in sorted(documents, key=place_in_order):
        needs = [Name(ref.kind, ref.key) for ref in checking.named(documents[name])]
        if name.kind == "workflow":
            needs += [Name("workflow", name.key)] if name.draft else []
            needs += [Name("workflow", str(documents[name].get("target")))]
        graph[name] = [need for need in needs if need in documents and need != name]
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return sorted(documents, key=place_in_order)


def _rename(change: Change, *, by: User | str, at: datetime) -> None:
    kind, old, new = change.name.kind, change.name.key, str((change.after or {})["name"])
    renames.rewrite(kind=kind, old=old, new=new, by=by, at=at)
    transaction.on_commit(partial(renames.go_on, at=at))


def _set_positions_aside(changes: Iterable[Change]) -> None:
    """Stages that change places would stand in one another's way until the last of them is written."""
    moved = [
        change.name.key
        for change in changes
        if change.name.kind == "stage"
        and change.before
        and change.after
        and change.before["position"] != change.after["position"]
    ]
    if moved:
        LifecycleStage.objects.filter(key__in=moved).update(position=F("position") + _ASIDE)
