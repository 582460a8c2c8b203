"""A contact with all that hangs on it, and callers with tokens."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from martechops.people.actions import teams, tokens, users
from martechops.people.models import Role
from martechops.people.scopes import SCOPES
from workflows.models import (
    Contact,
    ContactKey,
    Effect,
    InboundEvent,
    QuarantinedEvent,
    QueuedEvent,
    Run,
    Source,
    Version,
    Workflow,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

#: Asks for an address with a token, and gives back status and body.
Ask = Callable[..., tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Story:
    """One contact and the rows that tell what happened to it."""

    contact: Contact
    event: InboundEvent
    run: Run
    effect: Effect


def token_for(*scopes: str) -> str:
    """The text of a fresh token of a viewer."""
    name = uuid.uuid4().hex
    user = users.add(username=name, password=None, roles=[Role.VIEWER], by="tests", at=NOON)
    _, text = tokens.create(user=user, scopes=scopes, by="tests", at=timezone.now())
    return text


@pytest.fixture
def ask(client: Client, db: None) -> Ask:
    text = token_for(*(scope for scope in SCOPES if scope.endswith(":read")))

    def asking(address: str, *, token: str = text, **parameters: Any) -> tuple[int, Any]:
        answer = client.get(address, parameters, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.json()

    return asking


@pytest.fixture
def story(db: None) -> Story:
    team = teams.add(key="marketing-ops", name="Marketing ops", duty="", by="tests", at=NOON)
    workflow = Workflow.objects.create(key="demo-request", name="Demo request", type="nurture", owner=team)
    version = Version.objects.create(workflow=workflow, number=3, content={}, digest="d" * 64, created_at=NOON)
    source = Source.objects.create(key="form", name="Form", write_key="k", created_at=NOON)
    contact = a_contact("ana@example.com")
    event = an_event(source, name="Demo Requested")
    run = Run.objects.create(
        workflow_id=workflow.pk,
        version_id=version.pk,
        contact_id=contact.pk,
        entry_key=f"contact:{contact.pk}#1",
        state=Run.State.WAITING,
        step="pause",
        event_id=event.pk,
        entered_at=NOON,
        changed_at=NOON,
    )
    effect = Effect.objects.create(
        key=uuid.uuid4(),
        workflow_id=workflow.pk,
        version_id=version.pk,
        run_id=run.pk,
        contact_id=contact.pk,
        step="welcome",
        kind="send_message",
        system="email",
        payload={"to": "ana@example.com"},
        state=Effect.State.SUPPRESSED,
        reason="There is no consent for email.",
        not_before=NOON,
        planned_at=NOON,
    )
    return Story(contact=contact, event=event, run=run, effect=effect)


def a_contact(email: str, *, minutes: int = 0) -> Contact:
    at = NOON + timedelta(minutes=minutes)
    contact = Contact.objects.create(email=email, fields={"first_name": "Ana"}, created_at=at, updated_at=at)
    ContactKey.objects.create(key=f"email:{email}", contact_id=contact.pk)
    return contact


def an_event(source: Source, *, name: str, queued: bool = False, violation: str = "") -> InboundEvent:
    event = InboundEvent.objects.create(
        key=uuid.uuid4(),
        source_id=source.pk,
        message_id=uuid.uuid4().hex,
        type="track",
        name=name,
        occurred_at=NOON,
        received_at=NOON,
        lane=1,
        body_digest=uuid.uuid4(),
        body={"event": name},
    )
    if queued:
        QueuedEvent.objects.create(event_id=event.pk, lane=1)
    if violation:
        reasons = [{"path": "/properties", "says": violation}]
        QuarantinedEvent.objects.create(event=event, kind="violation", reasons=reasons, at=NOON)
    return event
