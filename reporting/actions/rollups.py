"""What facts add up to by day, kept by what each turn changes and made anew from facts to the same.

A turn that changes facts takes what the people whom it touches had added up to off the rollups, lets facts be changed,
and adds what these people come to then; of deals the newest event is looked up again. So the cost follows what changed,
and a cell is a sum of whole numbers: nothing wanders, whatever comes and goes.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db.backends.utils import CursorWrapper

from martechops.lib import bulk
from reporting.actions import credits
from reporting.facts import deals, mails, stages
from reporting.facts.fact import day
from reporting.models import DailyDeals, DailyPeople, DailyWays, Deal
from reporting.models.rollup import NEVER
from workflows.models import InboundEvent

#: From one stage to another.
Way = tuple[str, str]
_DEAL, _DEALS = Deal._meta.db_table, DailyDeals._meta.db_table
_PEOPLE, _WAYS = DailyPeople._meta.db_table, DailyWays._meta.db_table
_STAGE_FACTS, _MAIL_FACTS, _DEAL_FACTS = stages.FACT.table, mails.FACT.table, deals.FACT.table
#: Of a deal that has no name: a blank, with which no name begins.
_KEY = "CASE WHEN f.deal = '' THEN ' ' || f.id ELSE f.deal END"
_DEAL_COLUMNS = "id, key, event_id, contact_id, at, event, deal, value, currency, campaign, channel"


@contextmanager
def following(
    cursor: CursorWrapper, stale: Mapping[str, list[int]], *, zone: str, ways: Collection[Way]
) -> Iterator[None]:
    """Facts of stale rows are changed within; afterwards all rollups say what facts say."""
    changed, told = stale.get(stages.FACT.kind, []), stale.get(mails.FACT.kind, [])
    moved = _who_moved(cursor, changed) if changed else []
    mailed = _who_was_mailed(cursor, told) if told else []
    before = _deals_of(cursor, told) if told else set()
    owed = credits.contacts_of(cursor, stale) | _whose(cursor, before)
    _count(cursor, moved, mailed, sign="-", zone=zone, ways=ways)
    yield
    _count(cursor, moved, mailed, sign="", zone=zone, ways=ways)
    if told and (keys := before | _deals_of(cursor, told)):
        owed |= _whose(cursor, keys)
        _look_up_deals(cursor, sorted(keys), zone=zone)
        owed |= _whose(cursor, keys)
        cursor.execute(f"DELETE FROM {_DEALS} WHERE count = 0")  # noqa: S608  names of our own
    credits.follow(cursor, owed | credits.contacts_of(cursor, stale), zone=zone)
    for table in (_PEOPLE, _WAYS) if moved or mailed else ():
        cursor.execute(f"DELETE FROM {table} WHERE count = 0")  # noqa: S608


def basis() -> list[str]:
    """Names the SQL of all rollups: another one makes them anew."""
    zone = "''"
    return [
        _people(zone, sign="", stages="", mails=""),
        _ways(zone, sign="", which=""),
        _counted_deals(zone, sign=""),
        *credits.basis(),
    ]


def make(cursor: CursorWrapper, *, zone: str, ways: Collection[Way]) -> None:
    """All of them anew."""
    for table in (_PEOPLE, _DEAL, _DEALS):
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608
    cursor.execute(_people(zone, sign="", stages="TRUE", mails="TRUE"))
    _insert_deals(cursor, "TRUE", {}, zone=zone)
    make_ways(cursor, zone=zone, ways=ways)
    credits.make(cursor, zone=zone)


def make_ways(cursor: CursorWrapper, *, zone: str, ways: Collection[Way]) -> None:
    """Those from stage to stage anew; the way after the other, so that each is sorted by itself."""
    cursor.execute(f"DELETE FROM {_WAYS}")  # noqa: S608
    for begun, reached in ways:
        which = "s.to_stage IN (p.from_stage, p.to_stage)"
        values = {"from": [begun], "to": [reached]}
        cursor.execute(_ways(zone, sign="", which=which), values)


def _who_moved(cursor: CursorWrapper, changes: list[int]) -> list[int]:
    """Contacts whose stages these changes were or are about."""
    cursor.execute(
        f"SELECT contact_id FROM {_STAGE_FACTS} WHERE id = ANY(%(ids)s::bigint[]) UNION "  # noqa: S608
        f"SELECT contact_id FROM {stages.FACT.raw_table} "
        "WHERE id = ANY(%(ids)s::bigint[]) AND stage_at IS NOT NULL",
        {"ids": bulk.array(changes)},
    )
    return [contact for (contact,) in cursor.fetchall()]


def _who_was_mailed(cursor: CursorWrapper, traces: list[int]) -> list[int]:
    cursor.execute(
        f"SELECT contact_id FROM {_MAIL_FACTS} WHERE id = ANY(%(ids)s::bigint[]) UNION "  # noqa: S608
        f"SELECT r.contact_id FROM {mails.FACT.raw_table} r JOIN {InboundEvent._meta.db_table} e ON e.id = r.event_id "
        "WHERE r.id = ANY(%(ids)s::bigint[]) AND r.contact_id IS NOT NULL AND e.name = ANY(%(names)s)",
        {"ids": bulk.array(traces), "names": list(mails.OUTCOMES)},
    )
    return [contact for (contact,) in cursor.fetchall()]


def _deals_of(cursor: CursorWrapper, traces: list[int]) -> set[str]:
    """Keys of the deals that the facts of these rows tell of."""
    cursor.execute(
        f"SELECT {_KEY} FROM {_DEAL_FACTS} f WHERE f.id = ANY(%s::bigint[])",  # noqa: S608
        [bulk.array(traces)],
    )
    return {key for (key,) in cursor.fetchall()}


def _whose(cursor: CursorWrapper, keys: Collection[str]) -> set[int]:
    if not keys:
        return set()
    cursor.execute(f"SELECT contact_id FROM {_DEAL} WHERE key = ANY(%s)", [list(keys)])  # noqa: S608
    return {contact for (contact,) in cursor.fetchall()}


def _count(
    cursor: CursorWrapper, moved: list[int], mailed: list[int], *, sign: str, zone: str, ways: Collection[Way]
) -> None:
    """What these people have come to, added or taken off."""
    values = {"moved": bulk.array(moved), "mailed": bulk.array(mailed)}
    if moved or mailed:
        who = {"stages": "contact_id = ANY(%(moved)s::bigint[])", "mails": "contact_id = ANY(%(mailed)s::bigint[])"}
        cursor.execute(_people(zone, sign=sign, **who), values)
    if moved and ways:
        which = "s.contact_id = ANY(%(moved)s::bigint[])"
        ends = {"from": [begun for begun, _ in ways], "to": [reached for _, reached in ways]}
        cursor.execute(_ways(zone, sign=sign, which=which), {**values, **ends})


def _people(zone: str, *, sign: str, stages: str, mails: str) -> str:
    """A cell for each day on which somebody came to something, with the day on which they came there last."""
    at = _day(zone, "at")
    return f"""
        INSERT INTO {_PEOPLE} AS d (figure, day, former_day, campaign, channel, count)
        SELECT figure, day, former_day, campaign, channel, {sign}count(*) FROM (
            SELECT figure, day, campaign, channel,
                coalesce(lag(day) OVER (PARTITION BY figure, contact_id ORDER BY day), DATE '{NEVER}') AS former_day
            FROM (
                SELECT 'stage ' || to_stage AS figure, contact_id, {at} AS day, min(campaign) AS campaign,
                    min(channel) AS channel
                FROM {_STAGE_FACTS} WHERE {stages} GROUP BY 1, 2, 3
                UNION ALL
                SELECT 'mail ' || outcome, contact_id, {at}, min(campaign), min(channel)
                FROM {_MAIL_FACTS} WHERE {mails} GROUP BY 1, 2, 3
            ) AS days
        ) AS arrivals GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (figure, day, former_day, campaign, channel) DO UPDATE SET count = d.count + EXCLUDED.count
        """  # noqa: S608


def _ways(zone: str, *, sign: str, which: str) -> str:
    """A cell for each day on which somebody came to the first stage, by how long it took to come to the second.

    Of the changes of a contact, from the last to the first, the earliest arrival so far is the one that comes next.
    """
    return f"""
        INSERT INTO {_WAYS} AS d (from_stage, to_stage, of_all, day, former_day, passed_days, campaign, channel, count,
            microseconds)
        SELECT from_stage, to_stage, grouping(campaign) = 1, day, former_day, passed_days, coalesce(campaign, ''),
            coalesce(channel, ''), {sign}count(*), {sign}coalesce(sum(took), 0)
        FROM (
            SELECT *, coalesce(took / 86400000000, -1) AS passed_days FROM (
                SELECT from_stage, to_stage, day, campaign, channel,
                    coalesce(lag(day) OVER (PARTITION BY from_stage, to_stage, contact_id ORDER BY day),
                        DATE '{NEVER}') AS former_day,
                    (extract(epoch FROM reached - at) * 1000000)::bigint AS took
                FROM (
                    SELECT from_stage, to_stage, contact_id, {_day(zone, "at")} AS day, min(at) AS at,
                        min(reached) AS reached, min(campaign) AS campaign, min(channel) AS channel
                    FROM (
                        SELECT p.from_stage, p.to_stage, s.contact_id, s.at, s.to_stage AS stage, s.campaign, s.channel,
                            min(s.at) FILTER (WHERE s.to_stage = p.to_stage) OVER (
                                PARTITION BY p.from_stage, p.to_stage, s.contact_id ORDER BY s.at DESC
                            ) AS reached
                        FROM unnest(%(from)s::text[], %(to)s::text[]) AS p (from_stage, to_stage)
                        JOIN {_STAGE_FACTS} s ON s.to_stage IN (p.from_stage, p.to_stage) AND {which}
                    ) AS changes WHERE stage = from_stage GROUP BY 1, 2, 3, 4
                ) AS begun
            ) AS timed
        ) AS ways
        GROUP BY GROUPING SETS (
            (from_stage, to_stage, day, former_day, passed_days),
            (from_stage, to_stage, day, former_day, passed_days, campaign, channel)
        )
        ON CONFLICT (from_stage, to_stage, of_all, day, former_day, passed_days, campaign, channel)
        DO UPDATE SET count = d.count + EXCLUDED.count, microseconds = d.microseconds + EXCLUDED.microseconds
        """  # noqa: S608


def _look_up_deals(cursor: CursorWrapper, keys: list[str], *, zone: str) -> None:
    """Each deal as its newest event says it now."""
    cursor.execute(
        f"WITH f AS (DELETE FROM {_DEAL} WHERE key = ANY(%s) RETURNING *) {_counted_deals(zone, sign='-')}",  # noqa: S608
        [keys],
    )
    named = [key for key in keys if not key.startswith(" ")]
    single = bulk.array([int(key) for key in keys if key.startswith(" ")])
    which = "(f.deal <> '' AND f.deal = ANY(%(named)s)) OR (f.deal = '' AND f.id = ANY(%(single)s::bigint[]))"
    _insert_deals(cursor, which, {"named": named, "single": single}, zone=zone)


def _insert_deals(cursor: CursorWrapper, which: str, values: dict[str, Any], *, zone: str) -> None:
    cursor.execute(
        f"""
        WITH f AS (
            INSERT INTO {_DEAL} ({_DEAL_COLUMNS})
            SELECT DISTINCT ON (key) {_DEAL_COLUMNS} FROM (
                SELECT f.*, {_KEY} AS key FROM {_DEAL_FACTS} f WHERE {which}
            ) AS told ORDER BY key, at DESC, id DESC
            RETURNING *
        ) {_counted_deals(zone, sign="")}
        """,  # noqa: S608
        values,
    )


def _counted_deals(zone: str, *, sign: str) -> str:
    """Deals `f` added to the daily ones, or taken off them."""
    return f"""
        INSERT INTO {_DEALS} AS d (day, event, currency, campaign, channel, count, valued, value)
        SELECT {_day(zone, "f.at")}, event, currency, campaign, channel, {sign}count(*), {sign}count(value),
            {sign}coalesce(sum(value), 0)
        FROM f GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (day, event, currency, campaign, channel) DO UPDATE SET count = d.count + EXCLUDED.count,
            valued = d.valued + EXCLUDED.valued, value = d.value + EXCLUDED.value
        """  # noqa: S608


def _day(zone: str, column: str) -> str:
    return day(column).replace("{zone}", zone)
