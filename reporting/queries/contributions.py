"""The map of contributions: which touches led to which stages and goals, each divided equally among those before it.

Read from the documented views, so that an analyst comes to the same (`sql`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from reporting import compile
from reporting.metrics import Period
from reporting.queries.metrics import rows_of, text_of, zone
from workflows.models import Contact, LifecycleStage

#: What touches are told apart by: the columns of the view `touches`.
BY = ("channel", "campaign")
#: Sources that are drawn by themselves; the others are one.
MOST_SOURCES = 9
MOST_CONTACTS = 200
OTHERS = "others"

_OUTCOMES = """
SELECT 'stage' AS kind, to_stage AS name, contact_id, at, change_id AS id FROM reporting.stage_changes
WHERE is_forward AND at >= %(since)s AND at < %(until)s
UNION ALL
SELECT 'goal' AS kind, goal AS name, contact_id, at, conversion_id AS id FROM reporting.conversions
WHERE at >= %(since)s AND at < %(until)s
"""
_OWED = """
SELECT o.kind, o.name, o.contact_id, o.at, t.source,
       1.0 / nullif(count(t.source) OVER (PARTITION BY o.kind, o.id), 0) AS credit
FROM ({outcomes}) o LEFT JOIN (SELECT contact_id, at, {by} AS source FROM reporting.touches) t
ON t.contact_id = o.contact_id AND t.at <= o.at AND t.at >= o.at - %(window)s
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Outcomes of a time, and the touches of the days before each."""

    period: Period
    by: str = "channel"
    window_days: int = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """A stage that was come to, or a goal that was reached."""

    kind: str
    name: str
    label: str
    #: How often, and how often without a touch in the window.
    count: int
    untouched: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a source is owed of an outcome."""

    source: str
    outcome: Outcome
    credit: float


@dataclass(frozen=True, slots=True)
class Contributions:
    """All of it; sources and outcomes in the order in which they are drawn."""

    asked: Asked
    sources: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    parts: tuple[Contribution, ...]
    sql: str

    def credit(self, source: str, outcome: Outcome) -> float:
        return sum(part.credit for part in self.parts if part.source == source and part.outcome == outcome)

    def total(self, source: str) -> float:
        return sum(part.credit for part in self.parts if part.source == source)


@dataclass(frozen=True, slots=True)
class Contributor:
    """A contact whose touches are owed part of an outcome."""

    id: int
    name: str
    credit: float
    last: datetime


def look(asked: Asked) -> Contributions:
    """What is owed to whom. Two queries."""
    statement = compile.Statement(
        f"SELECT kind, name, source, sum(credit)::float8 AS credit, count(*) - count(source) AS untouched "  # noqa: S608
        f"FROM ({_owed(asked)}) owed GROUP BY kind, name, source ORDER BY kind, name, source",
        _values(asked),
    )
    rows = rows_of(statement)
    places = {key: (place, name) for key, name, place in LifecycleStage.objects.values_list("key", "name", "position")}
    outcomes = {
        (kind, name): Outcome(
            kind,
            name,
            places[name][1] if kind == "stage" and name in places else name,
            count=round(sum(row[3] or row[4] for row in rows if row[:2] == (kind, name))),
            untouched=sum(row[4] for row in rows if row[:2] == (kind, name)),
        )
        for kind, name in dict.fromkeys(row[:2] for row in rows)
    }
    order = sorted(outcomes.values(), key=lambda one: (one.kind == "goal", places.get(one.name, (99, ""))[0], one.name))
    owed = [(source, outcomes[kind, name], credit) for kind, name, source, credit, _ in rows if source is not None]
    return _drawn(asked, tuple(order), owed, text_of(statement))


def contributors(asked: Asked, *, kind: str, name: str, source: str) -> list[Contributor]:
    """The contacts whose touches by a source are owed part of an outcome, those of the newest first."""
    statement = compile.Statement(
        f"SELECT contact_id, sum(credit)::float8, max(at) FROM ({_owed(asked)}) owed "  # noqa: S608
        "WHERE kind = %(kind)s AND name = %(name)s AND source = %(source)s "
        "GROUP BY contact_id ORDER BY 3 DESC, 1 DESC LIMIT %(most)s",
        {**_values(asked), "kind": kind, "name": name, "source": source, "most": MOST_CONTACTS},
    )
    found = rows_of(statement)
    names = dict(Contact.objects.filter(pk__in=[row[0] for row in found]).values_list("pk", "email"))
    return [Contributor(id, names[id] or f"Contact {id}", credit, last) for id, credit, last in found if id in names]


def _drawn(
    asked: Asked, outcomes: tuple[Outcome, ...], owed: Sequence[tuple[str, Outcome, float]], sql: str
) -> Contributions:
    totals: dict[str, float] = {}
    for source, _, credit in owed:
        totals[source] = totals.get(source, 0.0) + credit
    ranked = sorted(totals, key=lambda source: (-totals[source], source))
    alone = ranked if len(ranked) <= MOST_SOURCES + 1 else ranked[:MOST_SOURCES]
    made: dict[tuple[str, Outcome], float] = {}
    for source, outcome, credit in owed:
        place = (source if source in alone else OTHERS, outcome)
        made[place] = made.get(place, 0.0) + credit
    sources = (*alone, *([OTHERS] if len(alone) < len(ranked) else []))
    parts = tuple(Contribution(source, outcome, credit) for (source, outcome), credit in made.items())
    return Contributions(asked, sources, outcomes, parts, sql)


def _owed(asked: Asked) -> str:
    """Each outcome with each touch before it; `by` is one of `BY`, everything else a parameter."""
    if asked.by not in BY:
        raise ValueError(asked.by)
    return _OWED.format(outcomes=_OUTCOMES, by=asked.by)


def _values(asked: Asked) -> dict[str, Any]:
    at = ZoneInfo(zone())
    since, until = (datetime.combine(day, time(), at) for day in (asked.period.since, asked.period.until))
    return {"since": since, "until": until, "window": timedelta(days=asked.window_days)}
