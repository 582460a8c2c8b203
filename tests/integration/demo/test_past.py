"""The demo's past was handled by the engine, is over, and stands on the clock of its days."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from campaigns.demo import past
from martechops.lib import clock
from martechops.sandbox.models import CrmChange, MailboxMessage
from workflows.models import Effect, InboundEvent, QueuedEvent, Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def lived(demo_of_yesterday: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "MESSAGES", 60)
    monkeypatch.setattr(past, "DAYS", 12)
    call_command("load_demo_past")


def test_everything_was_handled_and_nothing_is_left(lived: None) -> None:
    assert not QueuedEvent.objects.exists()
    assert InboundEvent.objects.count() > 50
    assert Run.objects.exclude(state="waiting").count() > 10
    assert not Effect.objects.filter(state__in=("failed", "uncertain", "reserved")).exists()


def test_what_was_done_is_dated_when_it_was_due(lived: None) -> None:
    today = clock.now() - timedelta(minutes=30)
    for rows, column in ((Effect.objects.filter(state="done"), "ended_at"), (MailboxMessage.objects, "sent_at")):
        assert rows.exists()
        assert not rows.filter(**{f"{column}__gt": today}).exists()
    first = CrmChange.objects.order_by("at").first()
    assert first is not None
    assert first.at < clock.now() - timedelta(days=past.DAYS / 2)


def test_a_workspace_that_has_lived_is_left_alone(lived: None, capsys: pytest.CaptureFixture[str]) -> None:
    before = InboundEvent.objects.count()
    call_command("load_demo_past")
    assert "left as it is" in capsys.readouterr().out
    assert InboundEvent.objects.count() == before


def test_without_a_source_it_says_what_to_do_first() -> None:
    with pytest.raises(CommandError, match="load_demo"):
        call_command("load_demo_past")
