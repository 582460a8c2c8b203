"""The demo workspace, and ways to send it events and let everything that is due happen."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import QuerySet

from workflows.actions import inbound
from workflows.models import Run, Source, Workflow
from workflows.runtime import chores, definitions
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)  # a Monday


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a former test read with something broken on purpose is under the same stamp: they begin with one world."""
    monkeypatch.setattr(definitions, "_latest", None)


@pytest.fixture
def demo(demo_of_monday: None, db: None) -> Source:
    """The demo workspace; returns its source."""
    return Source.objects.get(key="demo-site")


@pytest.fixture
def send(demo: Source) -> Callable[..., str]:
    """Receive one track event, as the ingest address would; returns its message id."""
    numbers = itertools.count(1)

    def send(
        name: str, *, email: str | None, at: datetime | None = None, message_id: str = "", **properties: Any
    ) -> str:
        message_id = message_id or f"m-{next(numbers)}"
        moment = (at or datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        properties = {k: v for k, v in properties.items() if v is not None} | ({"email": email} if email else {})
        message = {
            "type": "track",
            "event": name,
            "messageId": message_id,
            "userId": (email or "nobody").strip().lower(),
            "timestamp": moment,
            "properties": properties,
        }
        inbound.receive(source=demo, messages=[message], received_at=datetime.now(UTC), sent_at=None)
        return message_id

    return send


@pytest.fixture
def request_demo(send: Callable[..., str]) -> Callable[..., str]:
    """A demo request; complete unless a field is overridden (None leaves it out)."""

    def request_demo(email: str = "lea@example.com", **properties: Any) -> str:
        complete = {
            "form_id": "demo",
            "first_name": "Lea",
            "last_name": "Marsh",
            "company": "Brightwater",
            "company_size": 300,
            "marketing_consent": True,
            "utm_campaign": "autumn-demo",
        }
        return send("Demo Requested", email=email, **(complete | properties))

    return request_demo


def settle(*, at: datetime | None = None) -> None:
    """Let everything happen that is due."""
    while advance(at=at) or deliver(at=at) or chores.perform(at=at):
        pass


def nurture_runs() -> QuerySet[Run]:
    """Runs of the worked example; beside it a standing workflow keeps the CRM in step."""
    return Run.objects.filter(workflow_id=Workflow.objects.get(key="demo-request-nurture").pk)
