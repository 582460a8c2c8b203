"""What pages ask of large tables has an index that answers it, whatever else the tables hold."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from workflows.actions import inbound
from workflows.models import Effect, InboundEvent, Run, System
from workflows.queries import connections, effects, events, retention, runs

pytestmark = pytest.mark.django_db

QUESTIONS: dict[str, Callable[[], object]] = {
    "effect_system": lambda: effects.window(effects.EffectFilter(system="crm")),
    "effect_ended_otherwise": lambda: list(Effect.objects.filter(state="cancelled").order_by("-pk")[:50]),
    "run_ended_otherwise": lambda: runs.window(runs.RunFilter(state="failed")),
    "quarantine_settled": lambda: events.quarantine(state="dismissed"),
    "quarantine_held": lambda: events.quarantine(),
    "workflows_inboundevent_key_key": lambda: inbound.found(source_id=1, message_id="m-1"),
    "effect_reserved": lambda: connections.overview(System(key="crm"), at=timezone.now()),
}


#: What is asked of an index that knows pages and no order: the order of ids must not tempt the planner away from it.
OF_PAGES: list[tuple[str, Callable[[], object]]] = [
    ("inbound_found", lambda: events.window(events.EventFilter(name="Trade Fair Visited"))),
    ("inbound_found", lambda: events.window(events.EventFilter(type="alias"))),
    ("inbound_found", lambda: events.window(events.EventFilter(source_id=7))),
    ("inbound_found", lambda: retention.preview(retention.KINDS["event-bodies"], keep_days=400, at=timezone.now())),
    ("effect_found", lambda: effects.window(effects.EffectFilter(kind="publish_content"))),
    ("effect_found", lambda: retention.preview(retention.KINDS["sent-content"], keep_days=400, at=timezone.now())),
]


@pytest.mark.parametrize(("index", "asks"), OF_PAGES)
def test_index_of_pages_answers_for_what_is_rare(index: str, asks: Callable[[], object]) -> None:
    with CaptureQueriesContext(connection) as asked:
        asks()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        plans = "\n".join(_plan(cursor.execute, cursor.fetchall, one["sql"]) for one in asked.captured_queries)
    assert f"Bitmap Index Scan on {index}" in plans


@pytest.mark.parametrize("index", QUESTIONS)
def test_index_answers_what_a_page_asks(index: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        QUESTIONS[index]()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        plans = "\n".join(_plan(cursor.execute, cursor.fetchall, one["sql"]) for one in asked.captured_queries)
    assert index in plans
    assert "Seq Scan on workflows_effect" not in plans


def _plan(execute: Callable[[str], object], fetch: Callable[[], list[tuple[str]]], query: str) -> str:
    if not query.lstrip().upper().startswith("SELECT"):
        return ""
    execute(f"EXPLAIN {query}")
    return "\n".join(line for (line,) in fetch())


@pytest.fixture(autouse=True)
def _many_rows(db: None) -> None:
    """Of an empty table the planner takes any index, by what former tests left in its statistics."""
    _many_effects()
    _many_events()
    run = {"workflow_id": 1, "version_id": 1, "state": "done", "entered_at": timezone.now()}
    Run.objects.bulk_create(
        Run(**run, contact_id=n, entry_key=f"contact:{n}#1", changed_at=timezone.now()) for n in range(1_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE workflows_effect; ANALYZE workflows_inboundevent; ANALYZE workflows_run")


def _many_events() -> None:
    now = timezone.now()
    same = {"source_id": 1, "type": "track", "occurred_at": now, "received_at": now, "lane": 0, "body": {}}
    InboundEvent.objects.bulk_create(
        InboundEvent(
            **same, key=uuid.UUID(int=n), body_digest=uuid.UUID(int=n), message_id=f"m{n}", name=f"Event {n % 9}"
        )
        for n in range(1_000)
    )


def _many_effects() -> None:
    now = timezone.now()
    same = {"workflow_id": 1, "version_id": 1, "run_id": 1, "kind": "send_message", "payload": {}, "planned_at": now}
    Effect.objects.bulk_create(
        Effect(**same, key=uuid.UUID(int=n), contact_id=n, step="s", system=f"s{n % 50}", state="done", not_before=now)
        for n in range(1_000)
    )
