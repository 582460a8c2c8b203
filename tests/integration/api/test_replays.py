"""Replays by interface, and the page of what they found."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from martechops.people.actions import tokens
from martechops.people.models import User
from tests.integration.rehearsal import living
from workflows.rehearsal.replays import play_part

WANTED = {"workflow": "demo-request-nurture", "candidate": 1, "days": 40}


@pytest.mark.usefixtures("demo_of_monday", "db")
def test_replay_is_asked_for_followed_and_called_off_by_interface() -> None:
    living.weeks(40, slices=2)
    ana, client = User.objects.get(username="ana"), Client()
    _, token = tokens.create(user=ana, scopes=("workflows:read", "workflows:write"), by="tests", at=timezone.now())

    def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        told = getattr(client, method)(
            f"/api/v1/{path}", body and json.dumps(body), "application/json", headers=headers
        )
        return told.status_code, told.json()

    assert call("post", "replays", WANTED | {"candidate": 99})[0] == 400
    assert call("post", "replays", WANTED | {"days": 0})[0] == 400
    assert call("post", "replays", {"workflow": "contact-data-quality", "candidate": 1})[1]["errors"]
    status, made = call("post", "replays", WANTED)
    assert (status, made["state"], made["progress"]) == (201, "waiting", 0)
    client.force_login(ana)
    waiting = client.get(f"/replays/{made['id']}/").content.decode()
    assert "Not played yet" in waiting
    assert "No difference" not in waiting
    client.logout()
    while play_part():
        pass
    _, told = call("get", f"replays/{made['id']}")
    result = told["result"]
    assert (told["state"], told["progress"], result["fidelity"]) == ("done", 1, 1)
    assert result["recorded"] == result["reproduced"] > 20
    assert (result["groups"], result["added"]) == ([], 0)
    assert call("get", f"replays/{made['id']}/findings")[1]["results"] == []
    foreseen = call("get", f"replays/{made['id']}/forecast")[1]
    steps = {(one["step"], one["kind"]): one for one in foreseen["steps"]}
    assert 0 < steps["welcome", "send_message"]["rate"] <= 1
    assert foreseen["entries"] > 0

    _, again = call("post", "replays", WANTED)
    assert call("post", f"replays/{again['id']}/cancel")[1]["state"] == "cancelled"
    assert call("post", f"replays/{again['id']}/cancel")[0] == 409
    assert [one["id"] for one in call("get", "replays?state=done")[1]["results"]] == [made["id"]]
