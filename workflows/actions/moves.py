"""That runs which are on their way are taken to another version: decided once, for exactly those that were previewed.

What is decided is a row for each run; `move_batches` does it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Value

from martechops.audit import entries
from martechops.lib import wake
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.engine import in_flight
from workflows.engine.in_flight import BadMap, Landing
from workflows.engine.parse import BadSpec
from workflows.models import Move, PendingMove, Run, RunMove, Version, Workflow
from workflows.queries import in_flight as queries
from workflows.queries.in_flight import Preview

__all__ = ["BadMap", "CannotMove", "InFlight", "NotAsPreviewed", "begin", "take_back"]

#: The task that goes on with what is left.
DOORBELL = "workflows.moves"
_PENDING = PendingMove._meta.db_table


class CannotMove(Exception):
    """These runs cannot be moved so; the message says why."""


class NotAsPreviewed(CannotMove):
    """Somebody has gone on since the preview was shown: look at the numbers again."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """What is to become of people on their way, as it was chosen: the policy, its map, and the preview it was for."""

    policy: str = in_flight.PIN
    steps: Mapping[str, str] | None = None
    #: `Preview.token` of what was shown; empty where nobody looked.
    seen: str = ""


@transaction.atomic
def begin(
    *,
    old: Version,
    new: Version,
    policy: str,
    by: User | str,
    at: datetime,
    steps: Mapping[str, str] | None = None,
    seen: str = "",
    cause: str = "",
) -> Move | None:
    """Decide it: from now on the runs that are on the way on `old` are taken along. None where nobody is.

    With `seen`, only if the preview that it names still holds. Raises NotAllowed, CannotMove, NotAsPreviewed, BadMap.
    """
    if isinstance(by, User):
        check_may(by, "rollouts.start", old.workflow)
    return _begin(_Decision(old, new, policy, steps or {}, cause, seen), by=by, at=at)


@transaction.atomic
def take_back(*, version: Version, to: Version, by: User | str, at: datetime, cause: str) -> Move | None:
    """Whoever was moved to a version goes back to the one they came from; who entered it themselves does not.

    What is still to be moved there is called off. For a version that is rolled back, by whoever may do that.
    """
    for going in Move.objects.select_for_update().filter(to_version=version, ended_at=None):
        PendingMove.objects.filter(move=going).delete()
        going.ended_at = at
        going.save()
    try:
        return _begin(_Decision(version, to, in_flight.FOLLOW, {}, cause, returning=True), by=by, at=at)
    except (CannotMove, BadSpec):  # they are stopped like the others: nothing keeps a version from being rolled back
        return None


@dataclass(frozen=True, slots=True)
class _Decision:
    """What was asked for."""

    old: Version
    new: Version
    policy: str
    steps: Mapping[str, str]
    cause: str
    seen: str = ""
    #: Only those who came from `new`.
    returning: bool = False


def _begin(asked: _Decision, *, by: User | str, at: datetime) -> Move | None:
    workflow = Workflow.objects.select_for_update().get(pk=asked.old.workflow_id)
    shown = _checked(asked)
    if asked.seen and not shown.is_as(asked.seen):
        raise NotAsPreviewed("People have gone on meanwhile: look at the numbers once more.")
    going = {group.step for group in shown.groups if group.landing.moves}
    if not going:
        return None
    move = Move.objects.create(
        from_version=asked.old,
        to_version=asked.new,
        policy=asked.policy,
        steps=dict(asked.steps),
        plan={step: {"way": one.way, "step": one.step, "says": one.says} for step, one in _plan(asked).items()},
        runs=0,
        cause=asked.cause,
        started_by=by if isinstance(by, User) else None,
        started_at=at,
    )
    move.runs = _take_note(move, going, returning=asked.returning)
    if not move.runs:
        move.delete()
        return None
    move.save()
    entries.record(
        action="runs.move",
        object_kind="workflow",
        object_key=workflow.key,
        by=by,
        at=at,
        detail={
            "move": move.pk,
            "from": asked.old.number,
            "to": asked.new.number,
            "policy": asked.policy,
            "steps": move.steps,
            "runs": move.runs,
            "cause": asked.cause,
        },
    )
    wake.after_commit(DOORBELL)
    return move


def _checked(asked: _Decision) -> Preview:
    old, new = asked.old, asked.new
    if old.pk == new.pk:
        raise CannotMove(f"They are on {new} already.")
    if new.frozen_at is None:
        raise CannotMove(f"{new} is a draft: nobody can be on it.")
    if Move.objects.filter(from_version__workflow_id=old.workflow_id, ended_at=None).exists():
        raise CannotMove("People of this workflow are being moved just now: wait for the end of that.")
    try:
        return queries.preview(old=old, new=new, policy=asked.policy, steps=asked.steps)
    except ValueError as error:
        raise CannotMove(str(error)) from None


def _plan(asked: _Decision) -> dict[str, Landing]:
    before, after = queries.specs(asked.old, asked.new)
    return in_flight.landings(asked.policy, old=before, new=after, steps=asked.steps)


def _take_note(move: Move, going: set[str], *, returning: bool) -> int:
    """Whoever waits at one of these steps is to be moved; how many they are."""
    runs = Run.objects.filter(
        workflow_id=move.from_version.workflow_id,
        version_id=move.from_version_id,
        state=Run.State.WAITING,
        step__in=going,
    )
    if returning:
        came = RunMove.objects.filter(move__from_version=move.to_version, move__to_version=move.from_version)
        runs = runs.filter(pk__in=came.exclude(way=RunMove.Way.STAYS).values("run_id"))
    found, params = runs.order_by("pk").annotate(of=Value(move.pk)).values("pk", "of").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {_PENDING} (run_id, move_id) {found} ON CONFLICT DO NOTHING", params)
        return int(cursor.rowcount)
