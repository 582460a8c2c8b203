"""Workflows and versions by interface."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from martechops.people.actions import tokens
from martechops.people.models import User
from workflows.models import Version, Workflow

Send = Callable[..., HttpResponse]


@pytest.fixture
def send(ana: User) -> Send:
    """Ana's program."""
    _, text = tokens.create(user=ana, scopes=["workflows:read", "workflows:write"], by="tests", at=timezone.now())
    client = Client()

    def sending(method: str, address: str, data: Any = None, **headers: str) -> HttpResponse:
        return client.generic(  # type: ignore[return-value]
            method,
            f"/api/v1/{address}",
            "" if data is None else __import__("json").dumps(data),
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}", **{name.replace("_", "-"): v for name, v in headers.items()}},
        )

    return sending


def begun(send: Send) -> dict[str, Any]:
    answer = send("POST", "versions", {"workflow": "demo-request-nurture"})
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def test_a_workflow_is_listed_with_what_is_live_and_its_draft(nurture: Workflow, send: Send) -> None:
    begun(send)
    shown = send("GET", "workflows/demo-request-nurture").json()
    assert (shown["live_version"], shown["draft"], shown["owner"]) == (1, 2, "marketing-ops")
    assert len(send("GET", "workflows?type=nurture").json()["results"]) >= 2


def test_a_workflow_is_made_with_a_draft_of_its_type(ana: User, send: Send) -> None:
    said = {"key": "fresh", "name": "Fresh", "type": "routing", "owner": "marketing-ops", "map_only": False}
    assert send("POST", "workflows", said).status_code == 201
    draft = Version.objects.get(workflow__key="fresh")
    assert draft.content["type"] == "routing"
    again = send("POST", "workflows", said)
    assert (again.status_code, "key" in again.content.decode()) == (400, True)


def test_a_draft_is_written_on_the_revision_that_was_read_and_frozen(nurture: Workflow, send: Send) -> None:
    draft = begun(send)
    assert send("POST", "versions", {"workflow": "demo-request-nurture"}).status_code == 409
    address = f"versions/{draft['id']}"
    etag = send("GET", address).headers["ETag"]
    content = draft["content"] | {"description": "Shorter"}
    written = send("PUT", address, {"content": content}, If_Match=etag)
    assert (written.status_code, written.json()["revision"]) == (200, 2)
    stale = send("PUT", address, {"content": content | {"description": "Longer"}}, If_Match=etag)
    assert stale.status_code == 412
    assert (
        "They changed: Description set to Shorter. You would change: Description set to Longer."
        in stale.content.decode()
    )
    difference = send("GET", f"{address}/difference").json()
    assert (difference["from"], difference["to"], difference["workflow"]) == (1, 2, ["Description set to Shorter"])
    frozen = send("POST", f"{address}/freeze", {"note": "Shorter"}, If_Match=written.headers["ETag"])
    assert frozen.status_code == 200, frozen.content
    assert Version.objects.get(pk=draft["id"]).frozen_at is not None
    assert send("PUT", address, {"content": content}).status_code == 409


def test_an_unfinished_draft_says_what_is_to_be_mended_and_is_not_frozen(nurture: Workflow, send: Send) -> None:
    draft = begun(send)
    address = f"versions/{draft['id']}"
    content = draft["content"] | {"steps": [{"key": "a"}]}
    problems = send("PUT", address, {"content": content}).json()["problems"]
    assert {"path": "steps[0].action", "says": problems[0]["says"]} in problems
    refused = send("POST", f"{address}/freeze", {"note": "No"})
    assert (refused.status_code, "steps[0].action" in refused.content.decode()) == (400, True)


def test_a_former_version_is_restored_and_a_draft_discarded(nurture: Workflow, send: Send) -> None:
    first = nurture.versions.get()
    restored = send("POST", f"versions/{first.pk}/restore", {})
    assert (restored.status_code, restored.json()["content"]) == (201, first.content)
    assert send("DELETE", f"versions/{restored.json()['id']}").status_code == 204
    assert not nurture.versions.filter(frozen_at=None).exists()
    assert send("DELETE", f"versions/{first.pk}").status_code == 409


def test_workflows_of_other_teams_are_not_changed(nurture: Workflow, ben: User) -> None:
    _, text = tokens.create(user=ben, scopes=["workflows:write"], by="tests", at=timezone.now())
    answer = Client().post(
        "/api/v1/versions",
        {"workflow": "demo-request-nurture"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )
    assert answer.status_code == 403
