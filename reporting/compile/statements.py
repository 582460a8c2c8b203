"""Statements over the documented views.

Every identifier comes from the closed table of `workflows.engine.metrics`; whatever a person chose is a parameter. A
statement answers any number of plans in one round trip, in rows of (plan, bucket, by, value, currency).

What a rollup holds is read from there (`rolled`); the rest is counted from facts. Both give the same.
Amounts of several currencies are never added: together they are no number, `NaN`, and whatever is computed from that.
"""

from collections.abc import Collection, Sequence
from typing import Any

from martechops.lib.frozen import dataclass
from reporting.metrics import Grain, Journey, Leaf, Period, Plan
from workflows.engine.metrics import ENTERED, MODELS, entity_column

from . import rolled
from .arithmetic import Compiler
from .rolled import Way
from .rows import day_bucket


@dataclass(frozen=True, slots=True)
class Statement:
    """Text with named parameters, as psycopg takes them."""

    text: str
    values: dict[str, Any]


def statement(plans: Sequence[Plan], *, zone: str, ways: Collection[Way] | None = None) -> Statement:
    """The answer to each plan, in rows of its number, the first day of the span (null: all of it), groups, value, and
    the currency of that (null: it is no money). `ways` are those that are kept added up; None: nothing is,
    and all is counted from facts.
    """
    made = Compiler(zone, ways)
    parts = [
        f"SELECT {number} AS plan, bucket, by, value, currency FROM ({made.plan(plan)}) q{number}"  # noqa: S608  see above
        for number, plan in enumerate(plans)
    ]
    return Statement(" UNION ALL ".join(parts), made.values)


def alone(plan: Plan, *, zone: str, ways: Collection[Way] | None = None) -> Statement:
    """One answer as an analyst reads it: its number, or a row for each span and group, under the names asked by."""
    made, asked = Compiler(zone, ways), plan.question
    within = made.plan(plan)
    if not asked.grain and not asked.by:
        nothing = plan.of_nothing
        value = "max(value)" if nothing is None else f"coalesce(max(value), {nothing!r})"
        return Statement(f"SELECT {value} AS value FROM ({within}) q", made.values)  # noqa: S608
    heads = [f'by[{place}] AS "{name}"' for place, name in enumerate(asked.by, start=1)]
    if asked.grain:
        heads.insert(0, "bucket AS span")
    order = ", ".join(str(place + 1) for place in range(len(heads)))
    return Statement(
        f"SELECT {', '.join(heads)}, value FROM ({within}) q ORDER BY {order}",  # noqa: S608
        made.values,
    )


def cohorts(plan: Plan, *, zone: str, grain: Grain, ways: Collection[Way] | None = None) -> Statement:
    """Of a journey: rows of the span in which it began, the spans passed until it ended (null: not), and how many."""
    made = Compiler(zone, ways)
    if not isinstance(plan.root, Journey):
        raise TypeError("only journeys have cohorts")
    length = {"day": 1, "week": 7, "month": 30}[grain]
    if kept := rolled.journey(plan.root, (), made.ways or ()):
        source, where = made.way(*kept, plan.question.period, ())
        passed = f"CASE WHEN m.passed_days < {plan.root.days} THEN m.passed_days / {length} END"
        return Statement(
            f"SELECT {day_bucket(grain)} AS bucket, {passed} AS passed, sum(m.count)::bigint AS count "  # noqa: S608
            f"FROM {source} WHERE {where} GROUP BY 1, 2 ORDER BY 1, 2",
            made.values,
        )
    way = made.journey(plan.root, plan.question.period, (), grain)
    return Statement(
        f"SELECT b.bucket, floor(extract(epoch FROM b.reached - b.at) / {86_400 * length})::int AS passed, count(*) "  # noqa: S608
        f"FROM ({way}) b GROUP BY 1, 2 ORDER BY 1, 2",
        made.values,
    )


def contacts(leaf: Leaf, period: Period, *, zone: str, most: int) -> Statement:
    """Numbers of the contacts behind a leaf, those of the newest rows first, with how many rows each has."""
    made, model = Compiler(zone), MODELS[leaf.view]
    column = entity_column(model, "contact")
    if column is None:
        raise LookupError(f"{leaf.view} is about no contacts")
    source, where = made.source(model, leaf, period, ())
    return Statement(
        f"SELECT m.{column}, count(*), max(m.{model.time}) FROM {source} WHERE {where} AND m.{column} IS NOT NULL "  # noqa: S608
        f"GROUP BY 1 ORDER BY 3 DESC, 1 DESC LIMIT {int(most)}",
        made.values,
    )


def marked(leaf: Leaf, *, rollout_id: int, zone: str) -> Statement:
    """Of the contacts that met a rollout by a coin: rows of share, arm, and how many a leaf counted since then.

    Whether they have entered the workflow need not be asked: they have met its rollout.
    """
    made, model = Compiler(zone), MODELS[leaf.view]
    column = entity_column(model, "contact")
    if column is None:
        raise LookupError(f"{leaf.view} is about no contacts")
    told = {name: values for name, values in leaf.where.items() if name.removeprefix("!") != ENTERED}
    chosen = " AND ".join(["TRUE", *made.conditions(told)])
    source = f"reporting.{model.view} m{made.joined(tuple(model.foreign), model.foreign, leaf.where, ())}"
    return Statement(
        "SELECT x.share_percent, x.arm, count(*) FROM workflows_exposure x "  # noqa: S608  see above
        f"WHERE x.rollout_id = {made.value(rollout_id)} AND x.share_percent IS NOT NULL AND x.contact_id IS NOT NULL "
        f"AND EXISTS (SELECT FROM {source} WHERE {chosen} AND m.{column} = x.contact_id AND m.{model.time} >= x.at) "
        "GROUP BY 1, 2",
        made.values,
    )
