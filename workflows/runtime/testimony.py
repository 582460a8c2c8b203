"""What the witnesses on this machine know of reservations whose worker cannot say it any more, written down.

Under the fence that each was reserved with, as its own worker would have: `orphans` may have called it uncertain since.
Witnesses of other machines are heard there. What may be believed, and why, is in `witness`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from martechops.lib import bulk, failures, prepared
from martechops.lib.frozen import dataclass
from workflows.models import Effect

from . import effects, witness_file
from .effects import Settled
from .witness_file import Found, Told

NEVER_LEFT = "the worker that reserved it ended before it left"
_EFFECTS = Effect._meta.db_table
#: In doubt since lately: a living process that had lost its database may know. For longer, nobody here does.
_LATELY = "10 minutes"
_MOST_IN_DOUBT = 500


@dataclass(frozen=True, slots=True)
class _Row:
    """An effect as it stands, locked."""

    id: int
    fence: int
    state: str
    reserved_at: datetime | None
    outcome: Mapping[str, Any] | None


def hear() -> int:
    """Settle what can be, and remove what has nothing more to say; returns how many effects were settled."""
    try:
        with witness_file.all_found() as files:
            settled = _hear_the_dead([file for file in files if file.is_over])
            return settled + _hear_the_living([file for file in files if not file.is_over])
    except OSError as error:
        witness_file.complain("witness_cannot_be_read", failures.place(error))
        return 0


def _hear_the_dead(files: Sequence[Found]) -> int:
    """They say no more, so what they did not say counts too. Each is removed once nothing it names can change."""
    if not files:
        return 0
    statements = {file.path: file.statement() for file in files}
    told = _together((one, said.whole) for said in statements.values() for one in said.told)
    settled, unclear = _settle(told)
    for path, said in statements.items():
        if not unclear & {one.id for one in said.told}:
            path.unlink(missing_ok=True)
    return settled


def _hear_the_living(files: Sequence[Found]) -> int:
    """Of what is in doubt since lately, they may have had the answer while the database was away."""
    in_doubt = _in_doubt_lately() if files else set()
    if not in_doubt:
        return 0
    told = _together((one, False) for file in files for one in file.statement().told if one.id in in_doubt)
    return _settle(told)[0]


def _together(said: Iterable[tuple[Told, bool]]) -> dict[tuple[int, int, datetime], tuple[Told, bool]]:
    """By reservation. Said twice where a process ended between its old file and its new one: the more of it counts."""
    found: dict[tuple[int, int, datetime], tuple[Told, bool]] = {}
    for told, whole in said:
        name = told.id, told.fence, told.reserved_at
        other, other_whole = found.get(name, (told, whole))
        more = max(told, other, key=lambda one: (one.answer is not None, one.left))
        found[name] = more, whole and other_whole
    return found


@transaction.atomic
def _settle(told: Mapping[tuple[int, int, datetime], tuple[Told, bool]]) -> tuple[int, set[int]]:
    """Returns how many were, and which of those named somebody is just changing: they are asked about again."""
    rows, unclear = _locked({id for id, _, _ in told})
    settled = []
    for row in rows:
        fence = row.fence - (row.state == Effect.State.UNCERTAIN)
        if row.reserved_at and (heard := told.get((row.id, fence, row.reserved_at))):
            settled.append(_settled(row, *heard))
    known = [one for one in settled if one]
    effects.write(known)
    Effect.objects.filter(pk__in=[one.id for one in known]).update(doubt_since=None)
    return len(known), unclear


def _settled(row: _Row, told: Told, whole: bool) -> Settled | None:
    """None where nobody can know it."""
    if told.answer is not None:
        state, reason, not_before, receipt = told.answer
        outcome = dict(row.outcome or {}) | {"receipt": receipt}
        until = datetime.fromisoformat(not_before) if not_before else None
        return Settled(row.id, told.fence, state, reason, outcome, not_before=until)
    return Settled(row.id, told.fence, Effect.State.PLANNED, NEVER_LEFT, None) if whole and not told.left else None


def _locked(ids: set[int]) -> tuple[list[_Row], set[int]]:
    """Those that are reserved or in doubt; and the ids of those that somebody holds, perhaps to commit the dead's last.

    All are locked, whatever they are: a reservation that is being committed shows only in that.
    """
    if not ids:
        return [], set()
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id, fence, state, reserved_at, outcome FROM {_EFFECTS}
            WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE SKIP LOCKED
            """,  # noqa: S608
            [bulk.array(sorted(ids))],
        )
        rows = [_Row(*row) for row in cursor.fetchall()]
        cursor.execute(f"SELECT id FROM {_EFFECTS} WHERE id = ANY(%s::bigint[])", [bulk.array(sorted(ids))])  # noqa: S608
        unclear = {id for (id,) in cursor.fetchall()} - {row.id for row in rows}
    return [row for row in rows if row.state in (Effect.State.RESERVED, Effect.State.UNCERTAIN)], unclear


def _in_doubt_lately() -> set[int]:
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id FROM (SELECT id, ended_at FROM {_EFFECTS} WHERE state = 'uncertain'
                            ORDER BY id DESC LIMIT {_MOST_IN_DOUBT}) AS newest
            WHERE ended_at > now() - interval '{_LATELY}'
            """  # noqa: S608
        )
        return {id for (id,) in cursor.fetchall()}
