"""What the workers make of the demo's story is what a count of its labels expects."""

from collections.abc import Sequence

import pytest
from django.utils import timezone

from campaigns.demo.stream import DemoMessage, Kind, sent_at, stream
from workflows.actions import inbound
from workflows.engine import envelope
from workflows.models import Contact, ContactKey, InboundEvent, QuarantinedEvent, QueuedEvent, Source
from workflows.runtime.advance import advance


def receive(messages: Sequence[DemoMessage]) -> None:
    inbound.receive(
        source=Source.objects.get(key="demo-site"),
        messages=[message.body for message in messages],
        received_at=timezone.now(),
        sent_at=envelope.instant(sent_at(messages)),
    )


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2])
def test_contacts_consent_and_quarantine_are_as_told(seed: int, demo_of_yesterday: None) -> None:
    told = stream(400, seed)
    receive(told)
    while advance():
        pass
    assert not QueuedEvent.objects.exists()
    assert InboundEvent.objects.count() == len({message.message_id for message in told})
    assert set(Contact.objects.values_list("email", flat=True)) == {m.email for m in told if m.allowed}
    held = set(QuarantinedEvent.objects.values_list("event__message_id", flat=True))
    assert held == {message.message_id for message in told if not message.allowed}
    assert ContactKey.objects.filter(key__startswith="email:").count() == Contact.objects.count()
    assert consent_in_the_end(told) == {
        contact.email: contact.consent.get("email", {}).get("state") for contact in Contact.objects.all()
    }


def consent_in_the_end(told: Sequence[DemoMessage]) -> dict[str, str | None]:
    """The latest thing that each person said about e-mail, in the order of the story; None for nothing."""
    said: dict[str, str | None] = {}
    for message in told:
        if not message.allowed or message.kind is Kind.REPEAT:
            continue
        said.setdefault(message.email, None)
        agreed = message.body["properties"].get("marketing_consent")
        if message.kind in {Kind.UNSUBSCRIBE, Kind.RETURN}:
            agreed = message.kind is Kind.RETURN
        if agreed is not None:
            said[message.email] = "granted" if agreed else "denied"
    return said
