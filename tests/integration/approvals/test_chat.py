"""Notices reach the chat that a team has chosen, over its connection: once, and not at all while that is paused."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from campaigns.actions import approvals, chat_rooms
from campaigns.models import ApprovalRequest, ChatNote, ChatRoom
from campaigns.runtime import chat
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed
from tests.chaos.sink import Sink, running
from workflows.actions import connections, definitions
from workflows.actions.connections import Terms
from workflows.models import System

from .conftest import AT


@pytest.fixture
def sink(tmp_path: Path, settings: Settings) -> Iterator[Sink]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as started:
        yield started


@pytest.fixture
def room(ana: User, sink: Sink) -> ChatRoom:
    """Marketing ops reads in the team chat."""
    owner = Team.objects.get(key="marketing-ops")
    system = System(key="team-chat", name="Team chat", kind="chat", connector="chat", owner=owner, sandbox=False)
    definitions.save(system, by="tests", at=AT)
    connections.save(system=system, terms=Terms(secrets={"url": sink.url("/ok")}), by="tests", at=AT)
    chat_rooms.choose(team=owner, system=system, by=ana, at=AT)
    return ChatRoom.objects.get(owner=owner)


@pytest.mark.requirement("D3")
def test_notice_is_posted_once_with_its_link(room: ChatRoom, request_: ApprovalRequest, ana: User, sink: Sink) -> None:
    approvals.withdraw(request=request_, by="tests", at=AT, because="Not yet.")
    note = ChatNote.objects.get(owner=room.owner)
    assert (chat.deliver(at=AT), chat.deliver(at=AT)) == (1, 0)
    [hit] = sink.journal.hits()
    text = json.loads(hit["body"])["text"]
    assert text.startswith(f"{request_.label} is not asked for any more: Not yet.\n")
    assert text.endswith(f"/approvals/{request_.pk}/")
    note.refresh_from_db()
    assert (note.state, note.says) == ("sent", "taken")


def test_paused_connection_keeps_notes_waiting_and_a_lost_one_is_not_posted_again(
    room: ChatRoom, request_: ApprovalRequest, sink: Sink
) -> None:
    approvals.withdraw(request=request_, by="tests", at=AT)
    connections.pause(system=room.system, by="tests", at=AT)
    assert chat.deliver(at=AT) == 0
    connections.resume(system=room.system, by="tests", at=AT)
    ChatNote.objects.update(state="reserved", reserved_at=AT)
    assert chat.deliver(at=AT + timedelta(minutes=6)) == 0
    assert ChatNote.objects.get().state == "uncertain"
    assert sink.journal.hits() == []


def test_room_is_chosen_on_the_page_by_the_team_itself(room: ChatRoom, ana: User, ben: User, client: Client) -> None:
    client.force_login(ana)
    assert "Team chat" in client.get("/approvals/").content.decode()
    with pytest.raises(NotAllowed):
        chat_rooms.choose(team=room.owner, system=None, by=ben, at=AT)
    said = {"team": "marketing-ops", "system": "crm"}
    assert "is no chat" in client.post("/approvals/chat/", said, follow=True).content.decode()
    client.post("/approvals/chat/", {"team": "marketing-ops", "system": ""})
    assert not ChatRoom.objects.exists()
