"""Who can be given leads, and how it stands on their desks."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from django.db.models import Count

from martechops.lib import bulk, failures, prepared
from workflows.engine.conditions import BadCondition, Segments, compile_condition
from workflows.engine.rosters import Desk as DeskNow
from workflows.engine.rosters import Member, Roster, Territory
from workflows.models import Assignment, Desk, Queue

log = structlog.get_logger()


def all(segments: Segments | None) -> dict[str, Roster]:
    """Every queue as the engine takes turns over it; one that cannot be read stands aside. One query."""
    found = {}
    for row in Queue.objects.all():
        try:
            found[row.key] = roster(row.key, row.members, row.territories, segments)
        except (BadCondition, KeyError, TypeError, ValueError) as error:
            log.error("queue_cannot_be_used", queue=row.key, error=failures.place(error))
    return found


def roster(
    key: str, members: Iterable[Mapping[str, Any]], territories: Iterable[Mapping[str, Any]], segments: Segments | None
) -> Roster:
    """One queue read. Raises BadCondition, KeyError, TypeError or ValueError for what is none."""
    return Roster(
        key=key,
        members=tuple(
            Member(
                key=str(member["key"]),
                crm_id=str(member.get("crm_id") or ""),
                capacity=int(member["capacity"]) if member.get("capacity") is not None else None,
                away=bool(member.get("away")),
            )
            for member in members
        ),
        territories=tuple(
            Territory(
                key=str(area["key"]),
                when=compile_condition(area["when"], segments=segments),
                members=tuple(map(str, area["members"])),
            )
            for area in territories
        ),
    )


def desks(rosters: Iterable[Roster]) -> dict[str, DeskNow]:
    """Their desks, locked to the end of the transaction so that nobody is given two turns. Three statements."""
    wanted = sorted({key for roster in rosters for key in _desk_keys(roster)})
    if not wanted:
        return {}
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Desk._meta.db_table} (key, last)
            SELECT key, NULL FROM json_array_elements_text(%s::json) AS key ON CONFLICT DO NOTHING
            """,  # noqa: S608
            [bulk.texts(wanted)],
        )
    last = {desk.key: desk.last for desk in Desk.objects.select_for_update().filter(key__in=wanted).order_by("key")}
    states = (Assignment.State.OPEN, Assignment.State.TAKEN)
    held = Assignment.objects.filter(desk__in=wanted, state__in=states).values_list("desk", "person")
    load: dict[str, dict[str, int]] = {}
    for desk, person, count in held.annotate(Count("pk")).order_by():
        load.setdefault(desk, {})[person] = count
    return {key: DeskNow(last=last.get(key), open=load.get(key, {})) for key in wanted}


def load(queues: Iterable[Queue]) -> dict[tuple[str, str], int]:
    """(queue, person) → how many leads they look after, by whichever territory they came. One query."""
    desks = [key for row in queues for key in (row.key, *(f"{row.key}/{area['key']}" for area in row.territories))]
    states = (Assignment.State.OPEN, Assignment.State.TAKEN)
    held = Assignment.objects.filter(desk__in=desks, state__in=states).values_list("desk", "person")
    found: dict[tuple[str, str], int] = {}
    for desk, person, count in held.annotate(Count("pk")).order_by():
        whose = desk.partition("/")[0], person
        found[whose] = found.get(whose, 0) + count
    return found


def _desk_keys(roster: Roster) -> list[str]:
    return [roster.key, *(f"{roster.key}/{area.key}" for area in roster.territories)]
