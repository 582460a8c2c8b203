"""How fast numbers come at scale, by definition and from raw rows in turn; unequal answers end it.

Of a database that `manage.py load_large_demo` filled and `manage.py rebuild_facts` made facts of:
`DATABASE_URL=postgres://… python -m tests.bench.reporting_at_scale`.
"""

import math
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "martechops.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402  settings come first
from django.test import Client  # noqa: E402

from martechops.people.models import User  # noqa: E402
from reporting import compile  # noqa: E402
from reporting.metrics import Grain, Period, Question  # noqa: E402
from reporting.queries import attribution, metrics  # noqa: E402

PERIOD = Period(date(2026, 8, 25), date(2026, 11, 23))
SINCE, UNTIL = (datetime.combine(day, datetime.min.time(), UTC) for day in (PERIOD.since, PERIOD.until))
RAW_ROUNDS, ROUNDS = 3, 40
_WEEK = "date_trunc('week', {} AT TIME ZONE 'UTC')::date"
_CHANGES = (
    "workflows_fieldchange WHERE field = 'lifecycle_stage' AND writer NOT LIKE 'rename by %%' AND new#>>'{{}}' = '{}'"
)
_WITHIN = "{0} >= %(since)s AND {0} < %(until)s"
_ENDED = "coalesce(ended_at, reserved_at, planned_at)"


def _way(days: int, value: str) -> str:
    """Whoever came to lead in the time: how it went on, from every change of a stage."""
    return f"""
        SELECT NULL, '', {value} FROM (
            SELECT a.at, min(z.at) AS reached FROM (
                SELECT contact_id, min(at) AS at FROM {_CHANGES.format("lead")} AND {_WITHIN.format("at")} GROUP BY 1
            ) a LEFT JOIN (SELECT contact_id, at FROM {_CHANGES.format("{stage}")}) z
            ON z.contact_id = a.contact_id AND z.at >= a.at AND z.at < a.at + interval '{days} days'
            GROUP BY a.contact_id, a.at
        ) b"""


#: By name: what is asked, and the same from raw rows as one would write it by hand.
BY_HAND = {
    "leads by week and campaign": (
        Question("leads", PERIOD, Grain.WEEK, ("campaign",)),
        f"""SELECT {_WEEK.format("created_at")}, coalesce(fields->>'utm_campaign', ''), count(*) FROM workflows_contact
            WHERE {_WITHIN.format("created_at")} GROUP BY 1, 2""",
    ),
    "MQL by week": (
        Question("mql", PERIOD, Grain.WEEK),
        f"""SELECT {_WEEK.format("at")}, '', count(DISTINCT contact_id) FROM {_CHANGES.format("mql")}
            AND {_WITHIN.format("at")} GROUP BY 1""",
    ),
    "lead to MQL": (
        Question("lead-to-mql", PERIOD),
        _way(90, "count(reached)::float8 / nullif(count(*), 0)").replace("{stage}", "mql"),
    ),
    "velocity": (
        Question("velocity", PERIOD),
        _way(180, "avg(extract(epoch FROM reached - at) / 86400)::float8").replace("{stage}", "sql"),
    ),
    "messages sent by week": (
        Question("messages-sent", PERIOD, Grain.WEEK),
        f"""SELECT {_WEEK.format(_ENDED)}, '', count(*) FROM workflows_effect
            WHERE kind = 'send_message' AND state = 'done' AND {_WITHIN.format(_ENDED)} GROUP BY 1""",
    ),
    "routing time": (
        Question("routing-time", PERIOD),
        f"""SELECT NULL, '', avg(extract(epoch FROM at - n.entered_at) / 3600)::float8 FROM (
                SELECT {_ENDED} AS at, run_id FROM workflows_effect WHERE kind = 'create_task' AND state = 'done'
                UNION ALL SELECT given_at, run_id FROM workflows_assignment
            ) g JOIN workflows_run n ON n.id = g.run_id WHERE {_WITHIN.format("at")}""",
    ),
    "won by week": (
        Question("won-value", PERIOD, Grain.WEEK),
        f"""SELECT {_WEEK.format("at")}, '', sum(value)::float8 FROM (
                SELECT DISTINCT ON (coalesce(nullif(e.body#>>'{{properties,deal_id}}', ''), ' ' || t.id))
                    e.occurred_at AS at, (e.body#>>'{{properties,value}}')::numeric AS value, s.key
                FROM workflows_trace t JOIN workflows_inboundevent e ON e.id = t.event_id
                LEFT JOIN workflows_eventtype y ON y.name = e.name
                LEFT JOIN workflows_lifecyclestage s ON s.id = y.stage_effect_id
                WHERE t.contact_id IS NOT NULL AND e.body#>>'{{properties,value}}' IS NOT NULL
                ORDER BY coalesce(nullif(e.body#>>'{{properties,deal_id}}', ''), ' ' || t.id), e.occurred_at DESC,
                    t.id DESC
            ) d WHERE key = 'customer' AND {_WITHIN.format("at")} GROUP BY 1""",
    ),
}
PAGES = (
    *("/results/?days=90", "/results/pipeline/?days=90", "/results/workflows/?days=90", "/results/teams/?days=90"),
    *("/results/?days=365", "/results/pipeline/?days=365", "/results/attribution/"),
)


def fetched(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def took_ms(work: Callable[[], object], rounds: int) -> list[float]:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1_000)
    return sorted(times)


def told(times: list[float]) -> str:
    return f"{statistics.median(times):,.1f} ms, p95 {times[math.ceil(len(times) * 0.95) - 1]:,.1f}"


def compare(known: metrics.Catalog) -> None:
    """Each question and its like from raw rows, in turn."""
    values = {"since": SINCE, "until": UNTIL}
    for name, (question, by_hand) in BY_HAND.items():
        statement = compile.statement([known.plan(question)], zone="UTC", ways=known.ways)
        raw: list[float] = []
        kept: list[float] = []
        for _ in range(RAW_ROUNDS):
            raw += took_ms(lambda: fetched(by_hand, values), 1)  # noqa: B023  called at once
            kept += took_ms(lambda: metrics.rows_of(statement), ROUNDS // RAW_ROUNDS)  # noqa: B023
        wanted = {(at, group): float(value) for at, group, value in fetched(by_hand, values) if value is not None}
        found = {(at, by[0] if by else ""): value for _, at, by, value, _ in metrics.rows_of(statement)}
        if wanted.keys() != found.keys() or any(not math.isclose(wanted[key], found[key]) for key in wanted):
            raise SystemExit(f"{name}: {found} by definition, {wanted} from raw rows")
        ratio = statistics.median(raw) / statistics.median(kept)
        print(f"{name}: raw {told(sorted(raw))}; by definition {told(sorted(kept))}; {ratio:,.0f} x")


def each_metric(known: metrics.Catalog) -> None:
    """As a series of weeks, and by campaign."""
    for key in sorted(known.metrics):
        for question in (Question(key, PERIOD, Grain.WEEK), Question(key, PERIOD, None, ("campaign",))):
            if known.can_tell(key, *question.by):
                made = compile.statement([known.plan(question)], zone="UTC", ways=known.ways)
                print(f"  {key}{' by campaign' if question.by else ''}: "
                      f"{told(took_ms(lambda: metrics.rows_of(made), ROUNDS))}")  # fmt: skip  # noqa: B023


def pages() -> None:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.filter(is_active=True).order_by("pk")[0])
    for address in PAGES:
        assert client.get(address).status_code == 200, address
        print(f"page {address}: {told(took_ms(lambda: client.get(address), 20))}")  # noqa: B023


def credits() -> None:
    asked = attribution.Asked(SINCE, UNTIL, timedelta(days=attribution.KEPT_DAYS))
    answer = attribution.kept(asked, since=PERIOD.since, until=PERIOD.until)
    sums = took_ms(lambda: attribution.owed_by_day(asked, since=PERIOD.since, until=PERIOD.until), ROUNDS)
    print(f"eight models over {answer.conversions:,} conversions from credits: {told(sums)}")


if __name__ == "__main__":
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("workflows_contact", "workflows_inboundevent", "workflows_contactchange", "reporting_credit"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            print(f"{table}: {cursor.fetchone()[0]:,}")
    catalog = metrics.catalog()
    compare(catalog)
    each_metric(catalog)
    credits()
    pages()
