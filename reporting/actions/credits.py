"""Credit rows: what each touch is owed of the deals and conversions of its contact, kept with the facts.

The models are asked themselves (`reporting.attribution`), so what is kept is what they say, and there is no second way
to say it. Whatever changes about a contact's touches, stages, deals or conversions makes all of its credits anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from martechops.lib import bulk
from reporting.attribution import BY_TOUCH, Journey, Touch, parts
from reporting.facts import conversions, deals, stages, touches
from reporting.facts.fact import day
from reporting.models import Credit, DailyCredits, Deal
from reporting.queries.attribution import KEPT_DAYS

#: Contacts whose journeys are read at once.
_AT_ONCE = 20_000
_CREDIT, _DAILY, _DEAL = Credit._meta.db_table, DailyCredits._meta.db_table, Deal._meta.db_table
_COLUMNS = (
    *("subject", "subject_id", "contact_id", "at", "name", "currency", "value"),
    *("touch_id", "campaign", "channel", "parts"),
)
#: Facts that credits are made of.
_FROM = (touches.FACT, stages.FACT, deals.FACT, conversions.FACT)
_MODELS = ", ".join(f"('{model.key}', {place})" for place, model in enumerate(BY_TOUCH, start=1))
_SUBJECTS = f"""
    SELECT 'deal' AS subject, id, contact_id, at, event AS name, currency, value FROM {_DEAL} WHERE {{which}}
    UNION ALL
    SELECT 'conversion', id, contact_id, at, name, '', value FROM {conversions.FACT.table} WHERE {{which}}
"""  # noqa: S608  names of our own
_JOURNEYS = f"""
    SELECT d.subject, d.id, d.contact_id, d.at, d.name, d.currency, d.value, t.ids, t.campaigns, t.channels, t.days,
        t.lead
    FROM ({_SUBJECTS.format(which="contact_id = ANY(%(contacts)s::bigint[])")}) d
    LEFT JOIN LATERAL (
        SELECT min(at) AS at FROM {stages.FACT.table} WHERE contact_id = d.contact_id
    ) s ON TRUE
    CROSS JOIN LATERAL (
        SELECT array_agg(id ORDER BY at, id) AS ids, array_agg(campaign ORDER BY at, id) AS campaigns,
            array_agg(channel ORDER BY at, id) AS channels,
            array_agg((extract(epoch FROM d.at - at) / 86400)::float8 ORDER BY at, id) AS days,
            count(*) FILTER (WHERE at <= s.at) - 1 AS lead
        FROM {touches.FACT.table}
        WHERE contact_id = d.contact_id AND at <= d.at AND at >= d.at - interval '{KEPT_DAYS} days'
    ) t
    WHERE t.ids IS NOT NULL
"""  # noqa: S608  names of our own


def contacts_of(cursor: CursorWrapper, stale: Mapping[str, list[int]]) -> set[int]:
    """Whose credits may change with the facts of these rows; asked before these are changed and after."""
    asked = [fact for fact in _FROM if stale.get(fact.kind)]
    if not asked:
        return set()
    each = (f"SELECT contact_id FROM {fact.table} WHERE id = ANY(%({fact.kind})s::bigint[])" for fact in asked)  # noqa: S608
    cursor.execute(" UNION ".join(each), {fact.kind: bulk.array(stale[fact.kind]) for fact in asked})
    return {contact for (contact,) in cursor.fetchall() if contact is not None}


def follow(cursor: CursorWrapper, contacts: set[int], *, zone: str) -> None:
    """Credits of these contacts as their facts are now."""
    if not contacts:
        return
    values = {"contacts": bulk.array(sorted(contacts))}
    cursor.execute(
        f"WITH f AS (DELETE FROM {_CREDIT} WHERE contact_id = ANY(%(contacts)s::bigint[]) RETURNING *) "  # noqa: S608
        f"{_counted(zone, sign='-')}",
        values,
    )
    if _add(cursor, sorted(contacts)):
        which = "f.contact_id = ANY(%(contacts)s::bigint[])"
        cursor.execute(f"WITH f AS (SELECT * FROM {_CREDIT} f WHERE {which}) {_counted(zone, sign='')}", values)  # noqa: S608
    cursor.execute(f"DELETE FROM {_DAILY} WHERE count = 0")  # noqa: S608


def make(cursor: CursorWrapper, *, zone: str) -> None:
    """All of them anew."""
    for table in (_CREDIT, _DAILY):
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608
    known = _SUBJECTS.format(which="contact_id IS NOT NULL")
    cursor.execute(f"SELECT DISTINCT contact_id FROM ({known}) d ORDER BY 1")  # noqa: S608
    contacts = [contact for (contact,) in cursor.fetchall()]
    for first in range(0, len(contacts), _AT_ONCE):
        _add(cursor, contacts[first : first + _AT_ONCE])
    cursor.execute(f"WITH f AS (SELECT * FROM {_CREDIT}) {_counted(zone, sign='')}")  # noqa: S608


def basis() -> list[str]:
    """Names what credits are made by: another model or window makes them anew."""
    return [_JOURNEYS, _counted("''", sign="")]


def _add(cursor: CursorWrapper, contacts: Sequence[int]) -> int:
    """The number of rows."""
    cursor.execute(_JOURNEYS, {"contacts": bulk.array(contacts)})
    rows = [row for journey in cursor.fetchall() for row in _owed(*journey)]
    bulk.copy_rows(cursor, _CREDIT, _COLUMNS, rows)
    return len(rows)


def _owed(*said: Any) -> Iterator[tuple[Any, ...]]:
    """A row a touch of one journey."""
    *subject, touched, campaigns, channels, days, lead = said
    journey = Journey(tuple(map(Touch, channels, days)), lead=lead if lead >= 0 else None)
    by_touch = zip(*(parts(model, journey) for model in BY_TOUCH), strict=True)
    for touch, campaign, channel, owed in zip(touched, campaigns, channels, by_touch, strict=True):
        yield (*subject, touch, campaign, channel, bulk.array(owed))


def _counted(zone: str, *, sign: str) -> str:
    """Credits `f` added to the daily ones, or taken off them."""
    return f"""
        INSERT INTO {_DAILY} AS d (subject, model, day, name, currency, campaign, channel, count, valued, parts, value)
        SELECT subject, m.model, {day("f.at").replace("{zone}", zone)}, name, currency, campaign, channel,
            {sign}count(*), {sign}count(value), {sign}sum(f.parts[m.place]),
            {sign}coalesce(sum(value * f.parts[m.place]), 0) * 0.000000000001
        FROM f CROSS JOIN (VALUES {_MODELS}) m (model, place) WHERE f.parts[m.place] <> 0 GROUP BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (subject, model, day, name, currency, campaign, channel) DO UPDATE SET
            count = d.count + EXCLUDED.count, valued = d.valued + EXCLUDED.valued, parts = d.parts + EXCLUDED.parts,
            value = d.value + EXCLUDED.value
        """  # noqa: S608
