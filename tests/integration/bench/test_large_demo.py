"""A large workspace by copies: as consistent as the month that the engine itself lived through."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from martechops.management.commands import load_large_demo
from workflows.models import Contact, ContactKey, Effect, InboundEvent, QueuedEvent, Run, Timer, Trace

pytestmark = pytest.mark.django_db
PEOPLE, COPIES = 4, 3


@pytest.fixture
def large(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command said."""
    monkeypatch.setattr(load_large_demo, "A_MONTHS_PEOPLE", PEOPLE)
    said = io.StringIO()
    call_command("load_large_demo", contacts=PEOPLE * COPIES, events=60, seed=3, stdout=said)
    return said.getvalue()


def _one(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_large_demo_is_as_large_as_asked_and_consistent(large: str) -> None:
    assert (Contact.objects.count(), InboundEvent.objects.exclude(type="internal").count()) == (12, 60)
    assert not QueuedEvent.objects.exists()
    assert not Timer.objects.exists()
    assert "12 contacts" in large
    for table, of in (("run", Run), ("trace", Trace), ("effect", Effect), ("contactkey", ContactKey)):
        assert of.objects.exists()
        gone = f"SELECT count(*) FROM workflows_{table} x LEFT JOIN workflows_contact c ON c.id = x.contact_id"
        assert _one(f"{gone} WHERE c.id IS NULL AND x.contact_id IS NOT NULL") == 0
        assert of.objects.count() % COPIES == 0
    assert Run.objects.values("contact_id").distinct().count() % COPIES == 0
    entry = "SELECT count(*) FROM workflows_run WHERE contact_id IS NOT NULL AND entry_key NOT LIKE"
    assert _one(f"{entry} 'contact:' || contact_id || '%'") == 0
    _check_traces()
    _check_messages()


def _check_traces() -> None:
    """Those of copies name their own runs and events."""
    other = """
        SELECT count(*) FROM workflows_trace t, json_array_elements(t.detail -> 'workflows') w
        LEFT JOIN workflows_run r ON r.id = (w ->> 'run_id')::bigint
        WHERE w ->> 'run_id' IS NOT NULL AND r.contact_id IS DISTINCT FROM t.contact_id
    """
    assert _one(other) == 0
    causes = "SELECT count(*) FROM workflows_trace WHERE event_id <> (detail #>> '{cause,event_id}')::bigint"
    assert _one(causes) == 0
    assert _one("SELECT count(DISTINCT email) FROM workflows_contact") == 12


def _check_messages() -> None:
    """One of a copy would be known again."""
    keys = "SELECT count(*) FROM workflows_inboundevent WHERE body ->> 'messageId' <> message_id"
    assert _one(keys) == 0
    assert InboundEvent.objects.values("key").distinct().count() == InboundEvent.objects.count()


def test_workspace_that_is_in_use_is_left_alone(db: None) -> None:
    now = datetime.now(UTC)
    Contact.objects.create(created_at=now, updated_at=now)
    with pytest.raises(CommandError, match="contacts or events already"):
        call_command("load_large_demo", contacts=5, events=5)
