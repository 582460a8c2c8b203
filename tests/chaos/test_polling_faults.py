"""A worker that asks the CRM what changed is killed between the answer and the commit, or just after it."""

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from martechops.people.models import Team
from martechops.sandbox import crm
from tests.chaos import driver
from workflows.engine import record_changes
from workflows.models import EventType, InboundEvent, Poll, QueuedEvent, System
from workflows.runtime import polling

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = 30


@pytest.fixture
def changed() -> set[str]:
    """What salespeople did: the ids under which the CRM will tell it."""
    now = datetime.now(UTC)
    team = Team.objects.create(key="sales-ops", name="Sales ops")
    System.objects.create(key="crm", name="CRM", kind="crm", connector="sandbox_crm", owner=team)
    EventType.objects.create(name=record_changes.NAME, meaning="A record changed.", owner=team)
    for number in range(COUNT):
        record, _ = crm.upsert_record(email=f"p{number}@example.com", fields={"status": "Open", "owner": "Noor"})
        crm.edit_record(record_id=record.pk, values={"status": "Working"}, by="Noor", at=now)
    return {change.id for change in polling.CONNECTORS["sandbox_crm"].changes(polling.links.Link(), since="").found}


@pytest.mark.requirement("A2")
@pytest.mark.requirement("D8")
@pytest.mark.parametrize("point", ["poll.answered", "poll.stored"])
def test_worker_killed_while_it_asks_loses_and_doubles_no_change(point: str, changed: set[str], tmp_path: Path) -> None:
    with driver.worker(**driver.ordered(tmp_path, point)) as process:
        assert driver.ended(process) == -signal.SIGKILL
    is_stored = point == "poll.stored"
    cursor, stored = Poll.objects.values_list("cursor", flat=True).first(), InboundEvent.objects.count()
    assert (bool(cursor), stored) == (is_stored, len(changed) if is_stored else 0), "both in one commit, or neither"
    assert driver.until(lambda: _asked_again() or bool(Poll.objects.get().cursor))
    assert set(InboundEvent.objects.values_list("message_id", flat=True)) == changed
    assert InboundEvent.objects.count() == QueuedEvent.objects.count() == len(changed)
    Poll.objects.update(cursor="")
    assert driver.until(lambda: _asked_again() or bool(Poll.objects.get().cursor))
    assert InboundEvent.objects.count() == len(changed)
    assert Poll.objects.get().brought == len(changed)


def _asked_again() -> bool:
    """Once the dead worker's session is gone, and with it the lock that it held."""
    return polling.poll("crm")
