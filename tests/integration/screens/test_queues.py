"""The page of queues says whose turns are taken, and who is away."""

import pytest
from django.test import Client

from martechops.audit.models import AuditEntry
from martechops.people.models import User
from workflows.models import Queue

ADDRESS = "/queues/inbound-sales/attend/"


def test_page_shows_people_with_their_load_territories_and_the_calendar(ana: Client) -> None:
    page = ana.get("/queues/").content.decode()
    for words in ("Noor Haddad", "Takes turns", "dach", "country is one of", "mon-fri 09:00-17:00", "the usual one"):
        assert words in page, words


@pytest.mark.parametrize("member", ["jonas", "nobody"])
def test_who_is_away_gets_no_turn_until_they_are_back(workspace: None, member: str) -> None:
    admin = Client()
    admin.force_login(User.objects.get(username="admin"))
    before = Queue.objects.get().members
    said = admin.post(ADDRESS, {"member": member, "to": "away"}, follow=True).content.decode()
    away = [one["key"] for one in Queue.objects.get().members if one.get("away")]
    if member == "nobody":
        assert "No member of the queue: nobody." in said
        assert Queue.objects.get().members == before
        return
    assert away == ["jonas"]
    assert "Away" in said
    assert AuditEntry.objects.latest("number").action == "queue.edit"
    admin.post(ADDRESS, {"member": member, "to": "back"})
    assert not [one for one in Queue.objects.get().members if one.get("away")]
