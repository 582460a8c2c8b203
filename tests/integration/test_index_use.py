"""What pages ask of large tables has an index that answers it, whatever else the tables hold."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from workflows.models import Effect, System
from workflows.queries import connections, effects

pytestmark = pytest.mark.django_db

QUESTIONS: dict[str, Callable[[], object]] = {
    "effect_system": lambda: effects.window(effects.EffectFilter(system="crm")),
    "effect_ended_otherwise": lambda: list(Effect.objects.filter(state="cancelled").order_by("-pk")[:50]),
    "effect_reserved": lambda: connections.overview(System(key="crm"), at=timezone.now()),
}


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
def _many_effects(db: None) -> None:
    """Of an empty table the planner takes any index, by what former tests left in its statistics."""
    now = timezone.now()
    same = {"workflow_id": 1, "version_id": 1, "run_id": 1, "kind": "send_message", "payload": {}, "planned_at": now}
    Effect.objects.bulk_create(
        Effect(**same, key=uuid.UUID(int=n), contact_id=n, step="s", system=f"s{n % 50}", state="done", not_before=now)
        for n in range(1_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE workflows_effect")
