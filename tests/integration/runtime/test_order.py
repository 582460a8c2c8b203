"""Five events in every order they can arrive in: one state (FAULTS F8)."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from workflows.models import Contact, Source
from workflows.runtime.advance import advance

from .conftest import demo, send

__all__ = ["demo", "send"]
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
#: What happened, in the order in which it happened, a minute after each other.
HAPPENED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Demo Requested", {"form_id": "x", "first_name": "Lea", "marketing_consent": False}),
    ("Resubscribed", {}),
    ("Meeting Booked", {}),
    ("Unsubscribed", {}),
    ("Purchase Completed", {"value": 10, "currency": "EUR"}),
)


class Undone(Exception):
    """Ends one order, so that the next begins where this one did."""


@pytest.mark.requirement("D6")
def test_form_consent_unsubscribe_purchase_and_stage_move_end_in_one_state_in_all_120_orders(
    demo: Source, send: Callable[..., str]
) -> None:
    ends = set()
    for order in itertools.permutations(range(len(HAPPENED))):
        try:
            with transaction.atomic():
                ends.add(end_of(order, send))
                raise Undone
        except Undone:
            continue
    assert ends == {("customer", "denied", "Lea", 65)}


def end_of(order: tuple[int, ...], send: Callable[..., str]) -> tuple[Any, ...]:
    """What is known of Lea when everything has arrived, each by itself."""
    for place in order:
        name, properties = HAPPENED[place]
        moment = datetime.now(UTC) - timedelta(minutes=10 - place)
        send(name, email="lea@example.com", at=moment, message_id=f"{order}-{place}", **properties)
        advance()
    lea = Contact.objects.get(email="lea@example.com")
    return lea.lifecycle_stage, lea.consent["email"]["state"], lea.fields["first_name"], round(lea.score)
