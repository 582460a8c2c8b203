"""What facts cost, and what they save. Run by name: `pytest tests/bench/test_facts_cost.py -m bench -s`."""

import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from reporting.actions import projection

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BATCH, BATCHES, ROUNDS = 500, 12, 5
CONTACTS = 100_000
_TICK = os.sysconf("SC_CLK_TCK")

#: What a batch writes for each of its events, in the order of the runtime: somebody arrives, moves on, enters, leaves.
WRITES = (
    """INSERT INTO workflows_contact (id, lifecycle_stage, score, consent, fields, created_at, updated_at)
       SELECT n, 'lead', 0, '{}', '{"utm_campaign": "autumn", "utm_medium": "email"}', %(at)s, %(at)s
       FROM generate_series(%(first)s, %(last)s) n""",
    """INSERT INTO workflows_run (id, workflow_id, version_id, contact_id, entry_key, state, step, waits_for, reason,
                                   entered_at, changed_at)
       SELECT n, 1, 1, n, n::text, 'waiting', '', '', '', %(at)s, %(at)s FROM generate_series(%(first)s, %(last)s) n""",
    """INSERT INTO workflows_contactchange (contact_id, at, stage_at, writer, shape, pairs)
       SELECT n, %(at)s, 0, 'crm', '[["lifecycle_stage"]]', '[null,"lead"]'
       FROM generate_series(%(first)s, %(last)s) n""",
    """INSERT INTO workflows_trace (contact_id, event_id, at, detail)
       SELECT n, n, %(at)s, '[]' FROM generate_series(%(first)s, %(last)s) n""",
    """UPDATE workflows_run SET state = 'done', ended_at = %(at)s WHERE id BETWEEN %(first)s AND %(last)s""",
)
EVENTS = """INSERT INTO workflows_inboundevent (id, key, source_id, message_id, type, name, occurred_at, received_at,
                lane, body_digest, body)
            SELECT n, md5(n::text)::uuid, 1, n::text, 'track', 'Demo Requested', at, at, 0, md5('')::uuid, %(body)s
            FROM (SELECT n, %(at)s::timestamptz - n %% 90 * interval '1 day' AS at
                  FROM generate_series(%(first)s, %(last)s) n) e"""
BODY = (
    '{"type": "track", "event": "Demo Requested", "context": {"page": {"url": "https://shop.example/demo"}}, '
    '"properties": {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "autumn", "company": "Acme"}}'
)


def _cpu() -> float:
    """Seconds that this process and its session in the database have worked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(spent[11]) + int(spent[12])) / _TICK


def _costing(work: Callable[[], object]) -> float:
    begun = _cpu()
    work()
    return (_cpu() - begun) / (BATCH * BATCHES) * 1e6


def _execute(statement: str, **values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.bench
@pytest.mark.django_db(transaction=True)
def test_upkeep_costs_little_of_what_an_event_costs() -> None:
    firsts = iter(range(1, 10**9, BATCH))

    def batches(noted: bool) -> Callable[[], None]:
        mine = [next(firsts) for _ in range(BATCHES)]
        _execute(EVENTS, at=AT, first=mine[0], last=mine[-1] + BATCH - 1, body=BODY)

        def write() -> None:
            _execute(f"SET session_replication_role = {'origin' if noted else 'replica'}")
            for first in mine:
                for statement in WRITES:
                    _execute(statement, at=AT, first=first, last=first + BATCH - 1)
            _execute("SET session_replication_role = origin")

        return write

    def keep_up() -> None:
        while projection.turn(at=AT):
            pass

    keep_up()
    plain, noted, kept = [], [], []
    for _ in range(ROUNDS):
        plain.append(_costing(batches(noted=False)))
        noted.append(_costing(batches(noted=True)))
        kept.append(_costing(keep_up))
    notes = statistics.median(b - a for a, b in zip(plain, noted, strict=True))
    print(
        f"\nan event of five raw rows: written {statistics.median(plain):.0f} µs; its notes {notes:.1f} µs more "
        f"({min(b - a for a, b in zip(plain, noted, strict=True)):.1f} to "
        f"{max(b - a for a, b in zip(plain, noted, strict=True)):.1f}); made into facts and daily figures "
        f"{statistics.median(kept):.1f} µs ({min(kept):.1f} to {max(kept):.1f}), elsewhere"
    )


FUNNELS = {
    "stages by week": (
        """SELECT date_trunc('week', at AT TIME ZONE 'UTC')::date, new#>>'{}', count(*) FROM workflows_fieldchange
           WHERE field = 'lifecycle_stage' GROUP BY 1, 2 ORDER BY 1, 2""",
        """SELECT date_trunc('week', day)::date, substr(figure, 7), sum(count) FROM reporting.daily
           WHERE figure LIKE 'stage %%' GROUP BY 1, 2 ORDER BY 1, 2""",
    ),
    "touches by campaign and week": (
        """SELECT date_trunc('week', e.occurred_at AT TIME ZONE 'UTC')::date, e.body#>>'{properties,utm_campaign}',
                  count(*)
           FROM workflows_trace t JOIN workflows_inboundevent e ON e.id = t.event_id GROUP BY 1, 2 ORDER BY 1, 2""",
        """SELECT date_trunc('week', day)::date, campaign, sum(count) FROM reporting.daily
           WHERE figure = 'touches' GROUP BY 1, 2 ORDER BY 1, 2""",
    ),
}


@pytest.mark.bench
@pytest.mark.django_db(transaction=True)
def test_daily_figures_answer_as_raw_rows_do_and_much_sooner() -> None:
    _execute("SET session_replication_role = replica")
    _execute(EVENTS, at=AT, first=1, last=CONTACTS, body=BODY)
    for statement in WRITES:
        _execute(statement, at=AT, first=1, last=CONTACTS)
    _execute("UPDATE workflows_contactchange SET at = at - contact_id %% 90 * interval '1 day'")
    _execute("SET session_replication_role = origin")
    begun = time.perf_counter()
    made = projection.rebuild(at=AT)
    print(f"\n{made:,} facts made anew in {time.perf_counter() - begun:.1f} s")
    _execute("ANALYZE")
    for name, (raw, kept) in FUNNELS.items():
        times: dict[str, list[float]] = {raw: [], kept: []}
        answers = {}
        for _ in range(ROUNDS):
            for statement in (raw, kept):
                begun = time.perf_counter()
                with connection.cursor() as cursor:
                    cursor.execute(statement, {})
                    answers[statement] = cursor.fetchall()
                times[statement].append((time.perf_counter() - begun) * 1000)
        assert answers[raw] == answers[kept]
        ratios = [a / b for a, b in zip(times[raw], times[kept], strict=True)]
        raw_ms, kept_ms = statistics.median(times[raw]), statistics.median(times[kept])
        times_faster = f"{statistics.median(ratios):.0f} × ({min(ratios):.0f} to {max(ratios):.0f})"
        print(f"{name}: raw {raw_ms:.1f} ms, daily figures {kept_ms:.2f} ms, {times_faster}")
