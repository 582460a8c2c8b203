"""Notices reach the chat that a team has chosen, over its connection: once, and not at all while that is paused."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from campaigns.actions import approvals, chat_rooms
from campaigns.models import ApprovalRequest, ChatNote, ChatRoom, PersonalChat
from campaigns.runtime import chat
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed
from tests.chaos.sink import Sink, running
from workflows.actions import connections, definitions
from workflows.actions.connections import Terms
from workflows.models import System

from .conftest import AT, written


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


@pytest.mark.requirement("D3")
@pytest.mark.parametrize(
    ("member", "begins"), [("U024BE7LH", "<@U024BE7LH> "), ("@ben", "@ben "), ("", "Ben Okafor: ")]
)
def test_approver_is_spoken_to_by_name_once_in_the_chat_that_they_chose(
    room: ChatRoom, ana: User, ben: User, client: Client, sink: Sink, member: str, begins: str
) -> None:
    room.delete()
    client.force_login(ben)
    client.post("/approvals/chat/own/", {"system": "team-chat", "member": member})
    request = approvals.ask_for_version(version=written(ana), by=ana, at=AT)
    assert (chat.deliver(at=AT), chat.deliver(at=AT)) == (1, 0)
    [hit] = sink.journal.hits()
    text = json.loads(hit["body"])["text"]
    assert text.startswith(f"{begins}{request.label} waits for your approval.")
    assert text.endswith(f"/approvals/{request.pk}/")


def test_own_chat_is_set_by_oneself_says_what_is_wrong_and_ends(room: ChatRoom, client: Client) -> None:
    ida = User.objects.get(username="ida")
    client.force_login(ida)
    answer = client.post("/approvals/chat/own/", {"system": "team-chat", "member": "<!channel>"})
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "A member id, such as U024BE7LH" in body
    assert 'value="&lt;!channel&gt;"' in body
    assert client.post("/approvals/chat/own/", {"system": "crm"}).status_code == 422
    client.post("/approvals/chat/own/", {"system": "team-chat", "member": "U024BE7LH"})
    assert PersonalChat.objects.get(person=ida).member == "U024BE7LH"
    assert 'value="U024BE7LH"' in client.get("/approvals/").content.decode()
    client.post("/approvals/chat/own/", {"system": ""})
    assert not PersonalChat.objects.exists()


def test_room_is_chosen_on_the_page_by_the_team_itself(room: ChatRoom, ana: User, ben: User, client: Client) -> None:
    client.force_login(ana)
    assert "Team chat" in client.get("/approvals/").content.decode()
    with pytest.raises(NotAllowed):
        chat_rooms.choose(team=room.owner, system=None, by=ben, at=AT)
    said = {"team": "marketing-ops", "system": "crm"}
    assert "is no chat" in client.post("/approvals/chat/", said, follow=True).content.decode()
    client.post("/approvals/chat/", {"team": "marketing-ops", "system": ""})
    assert not ChatRoom.objects.exists()
