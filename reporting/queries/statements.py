"""Every number of a dashboard as a statement over the documented views, for those who read with the read-only role.

Compiled from the same plans as the page's own numbers: there is no second place where they are written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reporting import compile
from reporting.metrics import Journey, Question
from reporting.queries.dashboards import Asked, Asking, cohort_grain
from reporting.queries.metrics import Catalog, Defined, catalog, sql_of, text_of, zone


@dataclass(frozen=True, slots=True)
class Statement:
    """One number of a part of a board, or one column of its table."""

    metric: Defined
    sql: str


@dataclass(frozen=True, slots=True)
class Part:
    """What stands together on a board."""

    key: str
    title: str
    statements: tuple[Statement, ...]


def of_board(asked: Asked, *, known: Catalog | None = None) -> list[Part]:
    """The parts of a board that have numbers, in the order of the page."""
    known = known or catalog()
    return [Part(key, title, found) for key, title, made in _parts(asked, known) if (found := tuple(made))]


def script(asked: Asked, parts: Iterable[Part]) -> str:
    """All of them as one file for psql, each under the metric and the version that it is counted by."""
    period = asked.period
    # A comment ends with its line, so what was chosen may hold no end of one.
    chosen = "".join(f", {name} {' '.join(value.split())}" for name, value in asked.filters.items())
    lines = [
        f"-- {asked.board.title}, {period.since} to {period.last}, days of {zone()}{chosen}",
        "-- For the role that manage.py reporting_role makes; it reads the views of the schema reporting.",
    ]
    for part in parts:
        for one in part.statements:
            lines += ["", f"-- {part.title}: {one.metric.name} ({one.metric.key}, {one.metric.says_version})"]
            lines += [f"{one.sql};"]
    return "\n".join(lines) + "\n"


def _parts(asked: Asked, known: Catalog) -> Iterator[tuple[str, str, Iterator[Statement]]]:
    asking, board, where = Asking(asked, known), asked.board, zone()
    drawn = asking.drawn()
    tiles = [key for key in board.tiles if asking.can(key)]
    trend = [drawn] if drawn else []
    columns = [key for key in board.columns if asking.group(key)]

    def made(questions: Iterator[Question]) -> Iterator[Statement]:
        return (Statement(known.metrics[one.metric], sql_of(one, known=known, at_zone=where)) for one in questions)

    yield "numbers", "Numbers", made(asking.questions(tiles))
    yield "before", "The time before", made(asking.questions(tiles, former=True))
    yield "trend", "Trend", made(asking.questions(trend, series=True))
    yield "trend-before", "Trend, the time before", made(asking.questions(trend, series=True, former=True))
    yield "steps", "Steps", made(asking.questions([key for key in board.funnel if asking.can(key)]))
    yield "lines", f"By {board.by_words.lower()}", made(asking.questions(columns, grouped=True))
    if board.cohort and asking.can(board.cohort):
        yield "cohorts", "By when they began", _cohorts(asking.question(board.cohort), known, where)


def _cohorts(question: Question, known: Catalog, where: str) -> Iterator[Statement]:
    plan = known.plan(question)
    if isinstance(plan.root, Journey):
        found = compile.cohorts(plan, zone=where, grain=cohort_grain(question.period), ways=known.ways)
        yield Statement(known.metrics[question.metric], text_of(found))
