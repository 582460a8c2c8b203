"""Which channels conversions are owed to, by every model side by side.

Models that divide each conversion among its own touches are kept as credit rows (`reporting.actions.credits`) with the
touches of the 30 days before, and added up by day: any number of conversions is a sum. Other windows, and the chain,
which has to look at all journeys at once, are made of journeys read from facts, the newest of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from reporting.attribution import BY_TOUCH, MODELS, MODELS_BY_KEY, Credit, Journey, Model, Touch
from reporting.compile import Statement
from reporting.models import ConversionFact, DailyCredits, StageFact, TouchFact
from reporting.queries.metrics import text_of

#: Conversions and, apart from them, ways of those who did not convert, that one answer looks at.
MOST = 5_000
#: Days before a conversion in which touches count for what is kept.
KEPT_DAYS = 30
_CHAIN = MODELS_BY_KEY["markov"]
_DAILY = DailyCredits._meta.db_table
_CONVERSIONS, _TOUCHES = ConversionFact._meta.db_table, TouchFact._meta.db_table


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be divided."""

    since: datetime
    until: datetime
    #: How far back from a conversion a touch counts.
    window: timedelta
    #: The goal; empty: every one.
    goal: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One channel: what each model owes it."""

    channel: str
    #: In the order of `MODELS`.
    credits: tuple[Credit, ...]

    @property
    def by_model(self) -> Iterator[tuple[Model, Credit]]:
        return zip(MODELS, self.credits, strict=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it."""

    lines: tuple[Line, ...]
    conversions: int
    value: float
    #: Conversions without a touch in the window: nobody is owed these.
    untouched: int
    #: There are more conversions than were looked at, the newest.
    is_cut: bool
    #: Only what cannot be kept is of the newest: the chain.
    is_kept: bool = False

    @property
    def value_words(self) -> str:
        return f"worth {self.value:,.0f}" if self.value else ""


def by_channel(asked: Asked) -> Answer:
    """Every channel that some model owes something. Two queries, however many journeys there are."""
    won, looked_at = _won(asked)
    lost = _lost(looked_at)
    found: list[Mapping[str, Credit]] = [model.credit([*won, *lost]) for model in MODELS]
    nothing = Credit(0.0, 0.0)
    channels = {channel for credit in found for channel, owed in credit.items() if owed.conversions}
    lines = [Line(channel, tuple(credit.get(channel, nothing) for credit in found)) for channel in channels]
    return Answer(
        lines=_in_order(lines),
        conversions=len(won),
        value=sum(journey.value for journey in won),
        untouched=sum(not journey.touches for journey in won),
        is_cut=looked_at != asked,
    )


def kept(asked: Asked, *, since: date, until: date) -> Answer:
    """The same of whole days from what is kept; the chain is that of the newest journeys, for all conversions."""
    owed = owed_by_day(asked, since=since, until=until)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum(value), 0)::float8 FROM {_CONVERSIONS} "  # noqa: S608
            "WHERE at >= %(since)s AND at < %(until)s AND (%(goal)s = '' OR name = %(goal)s)",
            _values(asked, most=0),
        )
        conversions, value = cursor.fetchone()
    first = [one for (model, _), one in owed.items() if model == BY_TOUCH[0].key]
    touched = Credit(sum(one.conversions for one in first), sum(one.value for one in first))
    won, looked_at = _won(asked)
    chain = _CHAIN.credit([*won, *_lost(looked_at)])
    whole = sum(one.conversions for one in chain.values()) or 1.0
    for channel, one in chain.items():
        share = one.conversions / whole
        owed[_CHAIN.key, channel] = Credit(touched.conversions * share, touched.value * share)
    nothing = Credit(0.0, 0.0)
    lines = [
        Line(channel, tuple(owed.get((model.key, channel), nothing) for model in MODELS))
        for channel in {channel for _, channel in owed}
    ]
    return Answer(
        *(_in_order(lines), conversions, value, conversions - round(touched.conversions), looked_at != asked),
        is_kept=True,
    )


def owed_by_day(asked: Asked, *, since: date, until: date) -> dict[tuple[str, str], Credit]:
    """By the key of a model that divides by touch, and channel: what is kept of these days."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT model, channel, (sum(parts) / 1e12)::float8, sum(value)::float8 FROM {_DAILY}
            WHERE subject = 'conversion' AND model = ANY(%(models)s) AND day >= %(since)s AND day < %(until)s
                AND (%(goal)s = '' OR name = %(goal)s) GROUP BY 1, 2
            """,  # noqa: S608
            {"since": since, "until": until, "goal": asked.goal, "models": [model.key for model in BY_TOUCH]},
        )
        return {(model, channel): Credit(parts, value) for model, channel, parts, value in cursor.fetchall()}


def _in_order(lines: Iterable[Line]) -> tuple[Line, ...]:
    """What all models together owe the most first."""
    return tuple(sorted(lines, key=lambda line: (-sum(one.conversions for one in line.credits), line.channel)))


@dataclass(frozen=True, slots=True)
class InSql:
    """Part of an answer as an analyst reads it with the read-only role."""

    key: str
    title: str
    text: str


def in_sql(asked: Asked, *, since: date, until: date) -> tuple[InSql, ...]:
    """The numbers as statements over the documented views.

    Of the 30 days that are kept every model that divides by touch; of other windows first, last and linear. What looks
    at whole journeys is computed of these, which are the last statement.
    """
    is_kept = asked.window == timedelta(days=KEPT_DAYS)
    values = _values(asked, most=MOST) | {"first_day": since, "day_after": until}
    goal = "AND goal = %(goal)s" if asked.goal else ""
    texts = {
        ("conversions", "Conversions and their worth"): _SQL_WHOLE,
        ("credits", "Conversions owed" + ("" if is_kept else ": first, last and linear")): _SQL_KEPT
        if is_kept
        else _SQL_BY_TOUCH,
        ("journeys", "The way to each conversion, of which the other models are computed"): _SQL_JOURNEYS,
    }
    return tuple(
        InSql(key, title, text_of(Statement(text.format(goal=goal), values))) for (key, title), text in texts.items()
    )


_SQL_WHOLE = """
SELECT count(*) AS conversions, coalesce(sum(value), 0) AS worth FROM reporting.conversions
WHERE at >= %(since)s AND at < %(until)s {goal}
"""
_SQL_KEPT = """
SELECT model, channel, sum(credit) AS conversions, sum(value) AS worth FROM reporting.daily_conversion_credits
WHERE day >= %(first_day)s AND day < %(day_after)s {goal} GROUP BY 1, 2 ORDER BY 1, 3 DESC
"""
_SQL_TOUCHED = """
SELECT c.conversion_id, c.at, coalesce(c.value, 0) AS value, t.channel,
       extract(epoch FROM c.at - t.at) / 86400 AS days_before,
       row_number() OVER (PARTITION BY c.conversion_id ORDER BY t.at, t.touch_id) AS place,
       count(*) OVER (PARTITION BY c.conversion_id) AS touches
FROM (SELECT * FROM reporting.conversions WHERE at >= %(since)s AND at < %(until)s {goal}) c
JOIN reporting.touches t ON t.contact_id = c.contact_id AND t.at <= c.at AND t.at >= c.at - %(window)s
"""
_SQL_BY_TOUCH = f"""
SELECT m.model, p.channel, sum(m.credit) AS conversions, sum(m.credit * p.value) AS worth FROM ({_SQL_TOUCHED}) p
CROSS JOIN LATERAL (VALUES ('first', CASE WHEN p.place = 1 THEN 1.0 ELSE 0 END),
    ('last', CASE WHEN p.place = p.touches THEN 1.0 ELSE 0 END), ('linear', 1.0 / p.touches)) m (model, credit)
GROUP BY 1, 2 HAVING sum(m.credit) > 0 ORDER BY 1, 3 DESC
"""  # noqa: S608  text of our own
_SQL_JOURNEYS = f"""
SELECT conversion_id, at, value, array_agg(channel ORDER BY place) AS channels,
       array_agg(days_before ORDER BY place) AS days_before
FROM ({_SQL_TOUCHED}) p GROUP BY 1, 2, 3 ORDER BY 2 DESC, 1 DESC LIMIT %(most)s
"""  # noqa: S608  text of our own


def goals() -> list[str]:
    """Goals that somebody ever reached, by name."""
    return list(ConversionFact.objects.values_list("name", flat=True).distinct().order_by("name"))


def _won(asked: Asked) -> tuple[list[Journey], Asked]:
    """The way to each conversion, newest first, and the time that they are of: a shorter one, where there are more.

    Who did not convert is looked at over the same time, or the chain would weigh all of these against some of those.

    The touch that made the lead is the last one before the contact's first lifecycle stage.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH ended AS (
                SELECT id, contact_id, at, coalesce(value, 0)::float8 AS value FROM {_CONVERSIONS}
                WHERE at >= %(since)s AND at < %(until)s AND (%(goal)s = '' OR name = %(goal)s)
                ORDER BY at DESC, id DESC LIMIT %(most)s
            )
            SELECT e.at, e.value, t.channels, t.days, t.lead
            FROM ended e
            LEFT JOIN LATERAL (
                SELECT min(at) AS at FROM {StageFact._meta.db_table} WHERE contact_id = e.contact_id
            ) s ON TRUE
            LEFT JOIN LATERAL (
                SELECT array_agg(channel ORDER BY at, id) AS channels,
                       array_agg((extract(epoch FROM e.at - at) / 86400)::float8 ORDER BY at, id) AS days,
                       count(*) FILTER (WHERE at <= s.at) - 1 AS lead
                FROM {_TOUCHES}
                WHERE contact_id = e.contact_id AND at <= e.at AND at >= e.at - %(window)s
            ) t ON TRUE
            ORDER BY e.at DESC, e.id DESC
            """,  # noqa: S608
            _values(asked, most=MOST + 1),
        )
        rows = cursor.fetchall()
    journeys = [
        Journey(tuple(map(Touch, channels or (), days or ())), value=value, lead=lead if lead >= 0 else None)
        for _, value, channels, days, lead in rows[:MOST]
    ]
    return journeys, replace(asked, since=rows[MOST - 1][0]) if len(rows) > MOST else asked


def _lost(asked: Asked) -> list[Journey]:
    """Ways of those who were touched in that time and did not convert in it: equal ones added up, most usual first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT channels, count(*) FROM (
                SELECT contact_id, array_agg(channel ORDER BY at, id) AS channels FROM {_TOUCHES} t
                WHERE at >= %(since)s AND at < %(until)s AND NOT EXISTS (
                    SELECT FROM {_CONVERSIONS} c WHERE c.contact_id = t.contact_id
                    AND c.at >= %(since)s AND c.at < %(until)s AND (%(goal)s = '' OR c.name = %(goal)s)
                )
                GROUP BY contact_id
            ) ways GROUP BY channels ORDER BY count(*) DESC, channels LIMIT %(most)s
            """,  # noqa: S608
            _values(asked, most=MOST),
        )
        rows = cursor.fetchall()
    return [Journey(tuple(map(Touch, channels)), conversions=0.0, lost=float(count)) for channels, count in rows]


def _values(asked: Asked, *, most: int) -> dict[str, Any]:
    return {"since": asked.since, "until": asked.until, "window": asked.window, "goal": asked.goal, "most": most}
