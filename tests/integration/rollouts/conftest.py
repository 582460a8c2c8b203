"""The worked example with a candidate beside it, and people who arrive by the hundred."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from campaigns.actions import rollouts
from campaigns.models import Rollout
from campaigns.queries import rollout_counts
from campaigns.ramps import Ramp
from tests.integration.runtime.conftest import AT, _nothing_is_remembered, demo
from workflows.actions import inbound, versions
from workflows.models import Contact, Exposure, Run, Source, Version, Workflow
from workflows.runtime.advance import advance

__all__ = ["AT", "_nothing_is_remembered", "demo"]

KEY = "demo-request-nurture"
#: When people arrive: after the demo went live, on the clock that events are folded by.
NOW = datetime.now(UTC)
Content = dict[str, Any]


def workflow() -> Workflow:
    return Workflow.objects.get(key=KEY)


def candidate(change: Callable[[Content], None] = lambda content: None, *, note: str = "") -> Version:
    """A frozen version that differs from the newest one by `change`, and by its name."""
    newest = workflow().versions.order_by("number").last()
    assert newest is not None
    content = copy.deepcopy(newest.content)
    content["name"] = f"Candidate {newest.number + 1}"
    change(content)
    draft = versions.draft(workflow=workflow(), content=content, by="tests", at=AT, note=note)
    return versions.freeze(version=draft, by="tests", at=AT)


def step(content: Content, key: str) -> Content:
    return next(one for one in content["steps"] if one["key"] == key)


def ramp(*shares: int, at_least: int = 10, minutes: int = 0, **more: Any) -> Ramp:
    stages = [{"share_percent": share, "at_least": at_least, "minutes": minutes} for share in shares]
    return Ramp.of({"stages": [*stages, {"share_percent": 100}], **more})


def let_out(version: Version, ramp_: Ramp, *, at: datetime = NOW) -> Rollout:
    return rollouts.start(version=version, ramp=ramp_, by="tests", at=at)


@pytest.fixture(autouse=True)
def _no_rollout_is_remembered() -> None:
    """Rollouts of other databases have the same numbers."""
    rollout_counts._last_before.cache_clear()
    rollout_counts._longest.cache_clear()


@pytest.fixture
def arrive(demo: Source) -> Callable[..., None]:
    """So many people ask for a demo, and everything is decided; nothing is delivered.

    They have the same numbers in every run, and so the coin falls the same way: of twenty people, one toss in a hundred
    is so uneven that the sample ratio rightly waits.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [Contact._meta.db_table])
        (sequence,) = cursor.fetchone()
        cursor.execute(f"ALTER SEQUENCE {sequence} RESTART WITH 2000001")
    return arriving(demo)


def arriving(source: Source) -> Callable[..., None]:
    """As the fixture, for a test that furnishes its own database."""

    def arrive(first: int, count: int, *, at: datetime = NOW, handled: bool = True, **properties: Any) -> None:
        for start in range(first, first + count, 400):
            numbers = range(start, min(start + 400, first + count))
            inbound.receive(
                source=source,
                messages=[_message(number, at, properties) for number in numbers],
                received_at=at,
                sent_at=None,
            )
        while handled and advance(at=at):
            pass

    return arrive


def _message(number: int, at: datetime, properties: dict[str, Any]) -> dict[str, Any]:
    email = f"person-{number}@example.com"
    asked = {
        "form_id": "demo",
        "first_name": "Lea",
        "last_name": "Marsh",
        "company": "Brightwater",
        "company_size": 300,
        "marketing_consent": True,
    }
    return {
        "type": "track",
        "event": "Demo Requested",
        "messageId": f"{number}-{at.isoformat()}",
        "userId": email,
        "timestamp": (at - timedelta(seconds=1)).isoformat(),
        "properties": {"email": email}
        | {name: value for name, value in (asked | properties).items() if value is not None},
    }


def arms(rollout: Rollout) -> dict[int, str]:
    """Arm by contact, as it is stored."""
    return {
        row.contact_id: row.arm for row in Exposure.objects.filter(rollout_id=rollout.pk) if row.contact_id is not None
    }


def entered(version: Version) -> set[int]:
    """Contacts that have a run of it."""
    return {id for id in Run.objects.filter(version_id=version.pk).values_list("contact_id", flat=True) if id}
