"""Connections and effects by interface: secrets go in and never come out; what is uncertain is settled."""

from typing import Any

import pytest
from django.test import Client

from martechops.people.actions import tokens, users
from martechops.people.models import Role, Team
from tests.integration.api.conftest import NOON, Story
from workflows.models import Connection, Effect, System

WRITING = ("connections:read", "connections:write", "effects:read", "effects:write")


@pytest.fixture
def call(story: Story) -> Any:
    """An operator of the team that owns the system."""
    team = Team.objects.get(key="marketing-ops")
    System.objects.create(key="mail", name="Mail", kind="email", connector="email", owner=team)
    sal = users.add(username="sal", password=None, roles=[Role.OPERATOR], teams=[team], by="tests", at=NOON)
    from django.utils import timezone

    _, text = tokens.create(user=sal, scopes=WRITING, by="tests", at=timezone.now())
    client = Client()

    def call(method: str, path: str, body: object = None) -> tuple[int, Any]:
        named = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {text}"}}
        answer = getattr(client, method)(f"/api/v1/{path}", body, **named)
        return answer.status_code, answer.json()

    return call


def test_secret_goes_in_and_never_comes_out(call: Any) -> None:
    secret = "smtp+tls://ops:hunter2-canary@mail.example.com"
    status, shown = call("patch", "connections/mail", {"secrets": {"url": secret}, "per_second": 2.5})
    assert (status, shown["per_second"], shown["secrets_set"]) == (200, 2.5, ["url"])
    assert "canary" not in str(call("get", "connections/mail")) + str(call("get", "connections"))
    status, shown = call("patch", "connections/mail", {"settings": {"sender": "Ana <ana@example.com>"}})
    assert (shown["per_second"], shown["secrets_set"]) == (2.5, ["url"])
    assert "canary" not in str(Connection.objects.get().secrets)


def test_wrong_settings_are_named(call: Any) -> None:
    assert call("patch", "connections/mail", {"settings": {"sender": "nobody"}})[0] == 400
    assert call("patch", "connections/mail", {"settings": {"colour": "red"}})[0] == 400
    assert call("patch", "connections/mail", {"quiet_zone": "Mars/Base"})[0] == 400
    assert call("patch", "connections/mail", {"speed": 3})[0] == 400
    assert call("get", "connections/nowhere")[0] == 404


def test_kill_switch(call: Any) -> None:
    status, shown = call("post", "connections/mail/pause")
    assert (status, shown["state"], System.objects.get(key="mail").paused) == (200, "stopped_by_hand", True)
    status, shown = call("post", "connections/mail/resume")
    assert (status, shown["state"]) == (200, "ready")


def test_uncertain_effect_is_settled_once(call: Any, story: Story) -> None:
    Effect.objects.filter(pk=story.effect.pk).update(state="uncertain")
    path = f"effects/{story.effect.pk}/resolve"
    assert call("post", path, {"verb": "happened"})[0] == 400
    status, shown = call("post", path, {"verb": "happened", "note": "it is in the mailbox"})
    assert (status, shown["state"]) == (200, "done")
    assert call("post", path, {"verb": "send-again", "note": "once more"})[0] == 409


def test_far_side_that_can_tell_is_asked_what_changed(call: Any) -> None:
    System.objects.create(
        key="sales", name="Sales", kind="crm", connector="sandbox_crm", owner=Team.objects.get(key="marketing-ops")
    )
    status, shown = call("post", "connections/sales/ask")
    assert (status, shown["brought"], shown["cursor"], shown["answered_at"]) == (200, 0, "", None)
    assert "not in the catalog" in shown["why_not"]
    assert call("post", "connections/mail/ask")[0] == 400
