"""People on their way, on pages and by interface: shown with numbers, moved as confirmed, and by who may."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from campaigns.actions import rollouts
from martechops.people.actions import tokens
from martechops.people.models import User
from tests.fixtures import crowd
from workflows.actions import move_batches
from workflows.models import Move, Run, Version

AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
PAGE = "/workflows/demo-request-nurture/in-flight/"


@pytest.fixture
def finishing(demo_of_monday: None, db: None) -> tuple[Version, Version]:
    """Three wait on a version that another has taken the place of."""
    steps = list(crowd.steps_of().values())
    old = crowd.published([{**steps[0], "note": "Before"}, *steps[1:]], at=AT)
    rollouts.switch_over(version=old, by="tests", at=AT)
    crowd.waiting(old, {"pause": 3}, at=AT)
    new = crowd.published([{**steps[0], "note": "After"}, *steps[1:]], at=AT)
    rollouts.switch_over(version=new, by="tests", at=AT)
    return old, new


def signed_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    return client


def test_a_version_that_is_finishing_is_shown_as_such(finishing: tuple[Version, Version]) -> None:
    ana, (old, _) = signed_in("ana"), finishing
    for address in ("/workflows/demo-request-nurture/versions/", "/workflows/demo-request-nurture/", PAGE):
        page = ana.get(address).content.decode()
        assert "Finishing" in page, address
        assert "3 on the way" in page, address
    assert f"?from={old.number}" in ana.get("/workflows/demo-request-nurture/versions/").content.decode()


def test_the_preview_names_numbers_and_what_is_confirmed_is_moved(finishing: tuple[Version, Version]) -> None:
    ana, (old, new) = signed_in("ana"), finishing
    asked = {"from": old.number, "to": new.number, "policy": "follow"}
    shown = ana.get(PAGE, asked)
    assert "Move 3 of 3" in shown.content.decode()
    token = shown.context["chosen"].preview.token
    assert ana.post(PAGE, asked | {"seen": token}).status_code == 302
    assert Move.objects.get().runs == 3
    move_batches.go_on(at=AT)
    assert set(Run.objects.values_list("version_id", flat=True)) == {new.pk}
    page = ana.get(f"/runs/{Run.objects.latest('pk').pk}/").content.decode()
    assert f"from version {old.number} to {new.number}" in page
    assert f"Moved from version {old.number} to version {new.number}" in page


def test_a_preview_that_holds_no_more_moves_nobody(finishing: tuple[Version, Version]) -> None:
    old, new = finishing
    asked = {"from": old.number, "to": new.number, "policy": "follow", "seen": "another"}
    answer = signed_in("ana").post(PAGE, asked)
    assert answer.status_code == 409
    assert "look at the numbers once more" in answer.content.decode()
    assert not Move.objects.exists()


def test_a_viewer_sees_who_is_on_the_way_and_moves_nobody(finishing: tuple[Version, Version]) -> None:
    old, new = finishing
    ida = signed_in("ida")
    assert "Take them to another version" not in ida.get(PAGE).content.decode()
    asked = {"from": old.number, "to": new.number, "policy": "follow", "seen": "x"}
    assert ida.post(PAGE, asked).status_code == 403


def test_the_interface_previews_and_moves(finishing: tuple[Version, Version]) -> None:
    old, new = finishing
    ana, scopes = User.objects.get(username="ana"), ["workflows:read", "workflows:write"]
    _, secret = tokens.create(user=ana, scopes=scopes, by="tests", at=datetime.now(UTC))
    ask: dict[str, Any] = {"headers": {"Authorization": f"Bearer {secret}"}, "content_type": "application/json"}
    client, address = Client(), f"/api/v1/versions/{old.pk}/in-flight"
    assert client.get(f"/api/v1/versions/{old.pk}", **ask).json()["state"] == "finishing"
    wanted = {"to": new.pk, "policy": "migrate", "steps": {"pause": "end"}}
    preview = client.post(address, wanted, **ask).json()
    assert (preview["people"], preview["moving"], preview["move"]) == (3, 3, None)
    assert client.post(address, wanted | {"seen": "stale"}, **ask).status_code == 409
    assert client.post(address, wanted | {"steps": {"pause": "nowhere"}}, **ask).status_code == 400
    moved = client.post(address, wanted | {"seen": preview["token"]}, **ask)
    assert (moved.status_code, moved.json()["moved"]) == (201, 3)
