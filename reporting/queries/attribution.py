"""Which channels conversions are owed to, by every model: journeys read from facts, divided in memory."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from reporting.attribution import MODELS, Credit, Journey, Model, Touch
from reporting.models import ConversionFact, StageFact, TouchFact

#: Conversions and, apart from them, ways of those who did not convert, that one answer looks at.
MOST = 5_000
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

    @property
    def value_words(self) -> str:
        return f"worth {self.value:,.0f}" if self.value else ""


def by_channel(asked: Asked) -> Answer:
    """Every channel that some model owes something. Two queries, however many journeys there are."""
    won = _won(asked)
    lost = _lost(asked)
    is_cut, won = len(won) > MOST, won[:MOST]
    found: list[Mapping[str, Credit]] = [model.credit([*won, *lost]) for model in MODELS]
    nothing = Credit(0.0, 0.0)
    channels = {channel for credit in found for channel, owed in credit.items() if owed.conversions}
    lines = [Line(channel, tuple(credit.get(channel, nothing) for credit in found)) for channel in channels]
    return Answer(
        lines=tuple(sorted(lines, key=lambda line: (-sum(one.conversions for one in line.credits), line.channel))),
        conversions=len(won),
        value=sum(journey.value for journey in won),
        untouched=sum(not journey.touches for journey in won),
        is_cut=is_cut,
    )


def goals() -> list[str]:
    """Goals that somebody ever reached, by name."""
    return list(ConversionFact.objects.values_list("name", flat=True).distinct().order_by("name"))


def _won(asked: Asked) -> list[Journey]:
    """The way to each conversion, newest first; one more than is looked at, to know that there are more.

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
            SELECT e.value, t.channels, t.days, t.lead
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
    return [
        Journey(tuple(map(Touch, channels or (), days or ())), value=value, lead=lead if lead >= 0 else None)
        for value, channels, days, lead in rows
    ]


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
