"""When the moments came that success criteria name: of many runs at once, a statement for each kind and name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from workflows.engine.references import Names
from workflows.engine.spec import Moment
from workflows.models import Effect, FieldChange, InboundEvent, Trace

_TRACES, _EVENTS, _EFFECTS = Trace._meta.db_table, InboundEvent._meta.db_table, Effect._meta.db_table


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run of which a moment is looked for, from an instant on."""

    span_id: int
    run_id: int
    contact_id: int | None
    content_id: int | None
    event_id: int | None
    since: datetime


def found(moment: Moment, wanted: Sequence[Wanted], names: Names) -> Mapping[int, datetime]:
    """The first time it came, by span; those for which it has not are left out."""
    if moment.kind == "entry":
        return {one.span_id: one.since for one in wanted}
    spelled = [moment.name, *(old for (kind, old), new in names.items() if kind == "event-type" and new == moment.name)]
    with connection.cursor() as cursor:
        cursor.execute(
            _STATEMENTS[moment.kind],
            _values(wanted) | {"name": moment.name, "names": spelled},
        )
        rows: list[Any] = cursor.fetchall()
    return {span_id: at for span_id, at in rows if at is not None}


def let_off(step: str, wanted: Sequence[Wanted]) -> frozenset[int]:
    """Spans of runs that a rule took elsewhere: a choice, a stop, or the rule or guard of the step itself. What nobody
    answered, and went another way for that, is not among them.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LET_OFF, _values(wanted) | {"name": step})
        return frozenset(span_id for (span_id,) in cursor.fetchall())


def _values(wanted: Sequence[Wanted]) -> dict[str, Any]:
    return {
        "spans": [one.span_id for one in wanted],
        "runs": [one.run_id for one in wanted],
        "contacts": [one.contact_id for one in wanted],
        "contents": [one.content_id for one in wanted],
        "events": [one.event_id for one in wanted],
        "since": [one.since for one in wanted],
    }


_WANTED = """
    unnest(%(spans)s::bigint[], %(runs)s::bigint[], %(contacts)s::bigint[], %(contents)s::bigint[],
        %(events)s::bigint[], %(since)s::timestamptz[]) AS s (span_id, run_id, contact_id, content_id, event_id, since)
"""
#: Steps of the runs, as their traces tell.
_STEPS = f"""
    {_WANTED} JOIN {_TRACES} t ON t.at >= s.since AND CASE
        WHEN s.contact_id IS NOT NULL THEN t.contact_id = s.contact_id
        WHEN s.content_id IS NOT NULL THEN t.content_id = s.content_id
        ELSE t.contact_id IS NULL AND t.content_id IS NULL END
    CROSS JOIN LATERAL json_array_elements(t.detail -> 'workflows') AS w (said)
    CROSS JOIN LATERAL json_array_elements(w.said -> 'steps') AS one (step)
"""
_LET_OFF = f"""
    SELECT DISTINCT s.span_id FROM {_STEPS} WHERE w.said ->> 'run_id' = s.run_id::text
    AND (one.step ->> 'outcome' IN ('chose', 'stopped')
        OR (one.step ->> 'step' = %(name)s AND one.step ->> 'outcome' IN ('skipped', 'withheld')))
"""  # noqa: S608  names of our own
#: What is not yet a step's own deed: it did not hold, was kept back, or only asks and waits.
_IDLE = "('skipped', 'withheld', 'failed', 'waits', 'asks')"

_STATEMENTS: Mapping[str, str] = {
    # The event that began the run, or the first of the contact since.
    "event": f"""
        SELECT s.span_id, coalesce(
            (SELECT e.occurred_at FROM {_EVENTS} e WHERE e.id = s.event_id AND e.name = ANY(%(names)s)),
            (SELECT min(e.occurred_at) FROM {_TRACES} t JOIN {_EVENTS} e ON e.id = t.event_id
             WHERE t.contact_id = s.contact_id AND e.name = ANY(%(names)s) AND t.at >= s.since
               AND t.event_id IS DISTINCT FROM s.event_id))
        FROM {_WANTED}
    """,  # noqa: S608  names of our own
    # Where the step has an effect, when that was done.
    "step": f"""
        SELECT s.span_id, min(coalesce(e.ended_at, t.at)) FROM {_STEPS}
        LEFT JOIN {_EFFECTS} e ON e.key = (one.step ->> 'effect')::uuid
        WHERE w.said ->> 'run_id' = s.run_id::text AND one.step ->> 'step' = %(name)s
          AND one.step ->> 'outcome' NOT IN {_IDLE} AND (e.id IS NULL OR e.state = 'done')
        GROUP BY 1
    """,  # noqa: S608
    "stage": f"""
        SELECT s.span_id, min(c.at) FROM {_WANTED}
        JOIN {FieldChange._meta.db_table} c ON c.contact_id = s.contact_id AND c.field = 'lifecycle_stage'
            AND c.at >= s.since AND c.new #>> '{{}}' = %(name)s
        GROUP BY 1
    """,  # noqa: S608
}
