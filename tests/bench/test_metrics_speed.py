"""How fast dashboards answer, and how much sooner than raw rows do. Run by name, with `-m bench -s`."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection

from campaigns.demo import workspace
from reporting import compile
from reporting.actions import projection
from reporting.metrics import Grain, Period, Question
from reporting.queries import dashboards, metrics

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CONTACTS, ROUNDS = 200_000, 15
PERIOD = Period(date(2026, 8, 25), date(2026, 11, 23))

RAW = (
    """INSERT INTO workflows_contact (id, lifecycle_stage, score, consent, fields, created_at, updated_at)
       SELECT n, 'lead', 0, '{}', jsonb_build_object('utm_campaign', 'campaign-' || n %% 40, 'utm_medium',
              (ARRAY['email', 'cpc', 'social', 'referral'])[1 + n %% 4]),
              %(at)s - n %% 360 * interval '1 day', %(at)s FROM generate_series(1, %(most)s) n""",
    """INSERT INTO workflows_contactchange (contact_id, at, stage_at, writer, shape, pairs)
       SELECT n, %(at)s - n %% 360 * interval '1 day' + s.days * interval '1 day', 0, 'crm',
              '[["lifecycle_stage"]]', json_build_array(s.old::json, s.new::json)
       FROM generate_series(1, %(most)s) n
       JOIN (VALUES (1, 0, NULL, '"lead"'), (2, 3, '"lead"', '"mql"'), (6, 12, '"mql"', '"sql"'),
                    (12, 30, '"sql"', '"opportunity"')) s (share, days, old, new) ON n %% s.share = 0""",
    """INSERT INTO workflows_conversion (key, name, contact_id, workflow_id, run_id, campaign, value, at)
       SELECT md5(n::text)::uuid, 'Meeting booked', n, 1, n, 'campaign-' || n %% 40, 10,
              %(at)s - n %% 360 * interval '1 day' FROM generate_series(1, %(most)s, 6) n""",
    """INSERT INTO workflows_effect (key, workflow_id, version_id, run_id, contact_id, step, kind, system, payload,
              state, reason, not_before, tries, fence, planned_at, ended_at)
       SELECT md5(n::text)::uuid, 1 + n %% 3, 1, n, n, 'welcome', 'send_message', 'email', '{"template": "welcome"}',
              CASE WHEN n %% 5 = 0 THEN 'suppressed' ELSE 'done' END, '', at, 0, 0, at, at
       FROM (SELECT n, %(at)s - n %% 360 * interval '1 day' AS at FROM generate_series(1, %(most)s) n) e""",
)
#: The same from raw rows, as one would write it by hand.
BY_HAND = {
    "leads by week and campaign": (
        Question("leads", PERIOD, Grain.WEEK, ("campaign",)),
        """SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::date, fields->>'utm_campaign', count(*)
           FROM workflows_contact WHERE created_at >= %(since)s AND created_at < %(until)s GROUP BY 1, 2""",
    ),
    "conversions by campaign": (
        Question("conversions", PERIOD, None, ("campaign",)),
        """SELECT NULL, campaign, count(*) FROM workflows_conversion
           WHERE at >= %(since)s AND at < %(until)s GROUP BY 1, 2""",
    ),
    "messages sent by week": (
        Question("messages-sent", PERIOD, Grain.WEEK),
        """SELECT date_trunc('week', coalesce(ended_at, reserved_at, planned_at) AT TIME ZONE 'UTC')::date, '', count(*)
           FROM workflows_effect WHERE kind = 'send_message' AND state = 'done'
           AND coalesce(ended_at, reserved_at, planned_at) >= %(since)s
           AND coalesce(ended_at, reserved_at, planned_at) < %(until)s GROUP BY 1, 2""",
    ),
    "MQL by week": (
        Question("mql", PERIOD, Grain.WEEK),
        """SELECT date_trunc('week', at AT TIME ZONE 'UTC')::date, '', count(DISTINCT contact_id)
           FROM workflows_fieldchange WHERE field = 'lifecycle_stage' AND new#>>'{}' = 'mql'
           AND at >= %(since)s AND at < %(until)s GROUP BY 1, 2""",
    ),
}
HAND = {
    "since": datetime.combine(PERIOD.since, datetime.min.time(), UTC),
    "until": datetime.combine(PERIOD.until, datetime.min.time(), UTC),
}


def execute(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def took_ms(work: Callable[..., object], *values: object) -> list[float]:
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work(*values)
        times.append((time.perf_counter() - begun) * 1_000)
    return sorted(times)


def counted(known: metrics.Catalog, question: Question) -> object:
    return metrics.rows_of(compile.statement([known.plan(question)], zone="UTC"))


def shown(asked: dashboards.Asked) -> object:
    return dashboards.show(asked, today=PERIOD.last)


def p95(times: list[float]) -> float:
    return times[int(len(times) * 0.95) - 1]


@pytest.mark.bench
@pytest.mark.django_db(transaction=True)
def test_dashboards_answer_as_raw_rows_do_and_much_sooner() -> None:
    workspace.load(at=AT)
    execute("SET session_replication_role = replica", {})
    for statement in RAW:
        execute(statement, {"at": AT, "most": CONTACTS})
    execute("SET session_replication_role = origin", {})
    begun = time.perf_counter()
    made = projection.rebuild(at=AT)
    print(f"\n{made:,} facts made in {time.perf_counter() - begun:.0f} s")
    execute("VACUUM ANALYZE", {})
    known = metrics.catalog()
    for name, (question, statement) in BY_HAND.items():
        answer = metrics.ask_one(question, known=known)
        by_hand = {(at, campaign): count for at, campaign, count in execute(statement, HAND)}
        assert {(row.at, row.by[0] if row.by else ""): row.value for row in answer.rows} == by_hand
        kept = took_ms(counted, known, question)
        raw = took_ms(execute, statement, HAND)
        ratio = statistics.median(raw) / statistics.median(kept)
        print(f"{name}: raw {statistics.median(raw):.1f} ms, by definition {statistics.median(kept):.2f} ms "
              f"(p95 {p95(kept):.1f}), {ratio:.0f} x")  # fmt: skip
    for key in sorted(known.metrics):
        times = took_ms(counted, known, Question(key, PERIOD, Grain.WEEK))
        print(f"  {key}: {statistics.median(times):.1f} ms, p95 {p95(times):.1f}")
    for board in dashboards.BOARDS.values():
        asked = dashboards.Asked(board, PERIOD, Grain.WEEK, {})
        times = took_ms(shown, asked)
        print(f"board {board.key}: {statistics.median(times):.0f} ms, p95 {p95(times):.0f}")
