"""Files of people by interface: uploaded, checked, taken in, refused rows given back; and hand-offs answered."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from martechops.people.actions import tokens, users
from martechops.people.models import Role, Team
from tests.integration.api.conftest import NOON, Story, token_for
from workflows.actions import definitions
from workflows.actions import imports as actions
from workflows.models import Contact, Field, Handoff, Import, System
from workflows.runtime.advance import advance
from workflows.runtime.importing import pass_part

FILE = "E-Mail;Vorname;Team size\nlea.api@example.com;Lea;7\nben.api@example.com;Ben;many\n;Nobody;3\n"
CHOICES = {"e_mail": {"to": "email"}, "vorname": {"to": "first_name"}, "team_size": {"to": "company_size"}}

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call(story: Story) -> Call:
    """A marketer of the team that owns everything."""
    team = Team.objects.get(key="marketing-ops")
    system = System.objects.create(key="web-form", name="Web form", kind="form", owner=team)
    for key, kind in (("email", "email"), ("first_name", "text"), ("company_size", "number")):
        row = Field(key=key, label=key.title(), type=kind, system_of_record=system, owner=team, written_in=["capture"])
        definitions.save(row, by="tests", at=NOON)
    ana = users.add(username="ana", password=None, roles=[Role.MARKETER], teams=[team], by="tests", at=NOON)
    scopes = ("imports:read", "imports:write", "handoffs:read", "handoffs:write")
    _, text = tokens.create(user=ana, scopes=scopes, by="tests", at=timezone.now())
    client = Client()

    def call(method: str, path: str, body: Any = None, *, token: str = text, kind: str = "json") -> tuple[int, Any]:
        content = body if isinstance(body, str) or body is None else json.dumps(body)
        asked = getattr(client, method)(
            f"/api/v1/{path}",
            content,
            content_type="text/csv" if kind == "csv" else "application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
        streamed = b"".join(asked.streaming_content).decode() if asked.streaming else ""
        return asked.status_code, streamed or asked.json()

    return call


def settle() -> None:
    while pass_part() or advance():
        pass


@pytest.mark.requirement("A2")
def test_file_goes_all_the_way_by_interface(call: Call) -> None:
    status, made = call("post", "imports?system=web-form&name=leads.csv", FILE, kind="csv")
    assert (status, made["state"], made["rows"], made["file_name"]) == (201, "uploaded", 3, "leads.csv")
    assert made["choices"]["e_mail"] == {"to": "email"}
    path = f"imports/{made['id']}"
    status, chosen = call("post", f"{path}/choose", {"columns": CHOICES})
    assert (status, chosen["state"]) == (200, "checking")
    settle()
    status, checked = call("get", path)
    assert (checked["state"], checked["found"], checked["refused"]) == ("checked", {"good": 1, "known": 0}, 2)
    status, rows = call("get", f"{path}/preview")
    assert rows[0] == {
        "line": 2,
        "values": {"email": "lea.api@example.com", "first_name": "Lea", "company_size": 7},
        "problems": [],
    }
    assert rows[1]["problems"] == ["company_size 'many' is not a number"]
    assert not Contact.objects.filter(email="lea.api@example.com").exists()
    assert call("post", f"{path}/start")[0] == 200
    settle()
    done = call("get", path)[1]
    assert (done["state"], done["stored"], done["refused"]) == ("done", 1, 2)
    assert Contact.objects.filter(email="lea.api@example.com").count() == 1
    status, text = call("get", f"{path}/refused")
    assert "ben.api@example.com;Ben;many;3;company_size 'many' is not a number" in text
    assert call("get", "imports?state=done")[1]["results"][0]["id"] == made["id"]


def test_what_cannot_be_done_says_so(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("post", "imports", FILE, kind="csv")[0] == 400
    status, said = call("post", "imports?system=web-form", "\x00\x01", kind="csv")
    assert (status, "U+0000" in str(said["errors"])) == (400, True)
    assert call("post", "imports?system=web-form", {"file": FILE})[0] == 415
    monkeypatch.setattr(actions, "LARGEST_BYTES", 20)
    status, said = call("post", "imports?system=web-form", FILE, kind="csv")
    assert (status, "larger than" in str(said)) == (400, True)
    monkeypatch.undo()
    made = call("post", "imports?system=web-form", FILE, kind="csv")[1]
    path = f"imports/{made['id']}"
    assert call("post", f"{path}/choose", {"columns": {"e_mail": {"to": "nowhere"}}})[0] == 400
    assert call("post", f"{path}/choose", {"columns": {"e_mail": {"to": "email", "how": "x"}}})[0] == 400
    assert call("post", f"{path}/start")[0] == 409, "nothing was checked yet"
    assert call("post", f"{path}/cancel")[1]["state"] == "cancelled"
    assert call("post", f"{path}/cancel")[0] == 409
    assert Import.objects.get(pk=made["id"]).state == "cancelled"


def test_viewer_sees_the_counts_and_no_row(call: Call) -> None:
    made = call("post", "imports?system=web-form", FILE, kind="csv")[1]
    reader = token_for("imports:read")
    assert call("get", f"imports/{made['id']}", token=reader)[0] == 200
    assert call("get", f"imports/{made['id']}/preview", token=reader)[0] == 403
    assert call("get", f"imports/{made['id']}/refused", token=reader)[0] == 403
    assert call("post", f"imports/{made['id']}/start", token=reader)[0] == 403


@pytest.mark.requirement("A10")
def test_hand_off_is_accepted_done_or_declined_once(call: Call, story: Story) -> None:
    def offered(team: str = "marketing-ops") -> str:
        owner, _ = Team.objects.get_or_create(key=team, defaults={"name": team})
        made = Handoff.objects.create(
            key=uuid.uuid4(),
            run_id=story.run.pk,
            workflow_id=story.run.workflow_id,
            step="pass-on",
            owner=owner,
            offered_at=NOON,
        )
        return f"handoffs/{made.pk}"

    one, other, theirs = offered(), offered(), offered("sales-ops")
    assert call("post", f"{one}/done")[0] == 409, "not accepted yet"
    assert call("post", f"{one}/accept")[1]["state"] == "accepted"
    assert call("post", f"{one}/accept")[0] == 409
    assert call("post", f"{one}/done")[1]["state"] == "done"
    assert call("post", f"{other}/decline")[0] == 400
    status, declined = call("post", f"{other}/decline", {"note": "wrong region"})
    assert (status, declined["state"], declined["reason"]) == (200, "refused", "wrong region")
    assert call("post", f"{theirs}/accept")[0] == 403, "it was offered to another team"
    assert call("post", f"{theirs}/accept", token=token_for("handoffs:read"))[0] == 403
