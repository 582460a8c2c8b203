"""Everybody sees who is in which team; an admin makes teams, and puts people into them, on the same page."""

import pytest
from django.test import Client

from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User


@pytest.fixture
def page(client: Client, root: User) -> Client:
    client.force_login(root)
    return client


def test_team_is_made_filled_renamed_and_removed(page: Client, ana: User) -> None:
    assert page.post("/teams/", {"do": "add", "key": "web", "name": "Web team", "duty": "Forms"}).status_code == 302
    assert page.post("/teams/", {"do": "join:web", "person": "ana"}).status_code == 302
    team = Team.objects.get(key="web")
    assert list(team.people.all()) == [ana]
    page.post("/teams/", {"do": "change:web", "name": "Web", "duty": "Forms and pages", "key": "other"})
    team.refresh_from_db()
    assert (team.key, team.name, team.duty) == ("web", "Web", "Forms and pages")
    page.post("/teams/", {"do": "leave:web:ana"})
    assert not team.people.exists()
    assert "Web is gone" in page.post("/teams/", {"do": "remove:web"}, follow=True).content.decode()
    told = AuditEntry.objects.filter(object_key="web").order_by("number").values_list("action", flat=True)
    assert list(told) == ["team.add", "team.join", "team.change", "team.leave", "team.remove"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"key": "marketing-ops", "name": "Another"}, "Team with this Key already exists"),
        ({"key": "not a key", "name": "Another"}, "Enter a valid “slug”"),
        ({"key": "web", "name": ""}, "This field is required"),
        ({"key": "web", "name": "x" * 81}, "at most 80 characters"),
    ],
)
def test_team_that_cannot_be_made_is_said_at_its_field_and_what_was_typed_stays(
    page: Client, typed: dict[str, str], says: str
) -> None:
    Team.objects.get_or_create(key="marketing-ops", defaults={"name": "Marketing ops"})
    before = Team.objects.count()
    answer = page.post("/teams/", typed | {"do": "add", "duty": "typed before"})
    assert (answer.status_code, Team.objects.count()) == (422, before)
    assert says in answer.content.decode()
    assert 'value="typed before"' in answer.content.decode()


@pytest.mark.parametrize("do", ["", "change:nobody", "join:web", "leave:web:nobody", "explode:web"])
def test_what_is_not_there_is_not_found(page: Client, do: str) -> None:
    Team.objects.create(key="web", name="Web team")
    assert page.post("/teams/", {"do": do, "person": "nobody"}).status_code == 404


def test_everybody_looks_and_only_an_admin_changes(client: Client, ana: User) -> None:
    team = Team.objects.create(key="web", name="Web team", duty="Forms")
    team.people.add(ana)
    client.force_login(ana)
    text = client.get("/teams/").content.decode()
    assert "Forms" in text
    assert "Put into the team" not in text
    assert client.post("/teams/", {"do": "leave:web:ana"}).status_code == 403
    assert team.people.exists()
