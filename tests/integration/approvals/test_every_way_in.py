"""Self-approval fails whichever way one comes, and the pages say where a request stands."""

import pytest
from django.test import Client

from campaigns.actions import approvals
from campaigns.models import Approval, ApprovalRequest
from martechops.lib import clock
from martechops.people.actions import tokens
from martechops.people.models import User
from workflows.models import Version

from .conftest import AT, KEY, written

REFUSED = "somebody else has to"


@pytest.mark.requirement("S19", "F17", "D2")
def test_nobody_approves_their_own_work_by_page_interface_or_admin(
    request_: ApprovalRequest, ana: User, admin: User, client: Client
) -> None:
    client.force_login(ana)
    page = f"/approvals/{request_.pk}/"
    shown = client.get(page).content.decode()
    assert "somebody else has to agree" in shown
    assert 'value="approve"' not in shown
    answer = client.post(f"{page}decide/", {"verdict": "approve"})
    assert answer.status_code == 403
    assert REFUSED in answer.content.decode()

    _, secret = tokens.create(user=ana, scopes=["approvals:write"], by=ana, at=AT)
    answer = client.post(
        f"/api/v1/approvals/{request_.pk}/decide",
        {"verdict": "approve"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 403, answer.content
    assert answer.json()["detail"].startswith("You asked for this approval, and nobody agrees to their own work")

    client.force_login(admin)
    for model in ("approval", "approvalrequest", "breakglass", "rollout", "release"):
        assert client.get(f"/admin/campaigns/{model}/add/").status_code == 403
    for pk, model in ((request_.pk, "approvalrequest"), (request_.release_id, "release")):
        assert client.post(f"/admin/campaigns/{model}/{pk}/change/", {"state": "approved"}).status_code == 403
    request_.refresh_from_db()
    assert request_.state == "open"
    assert not Approval.objects.exists()


@pytest.mark.requirement("D2", "D3")
def test_from_question_to_live_by_pages(ana: User, ben: User, dan: User, client: Client) -> None:
    request_ = approvals.ask_for_version(version=written(ana), by=ana, at=clock.now())
    page = f"/approvals/{request_.pk}/"
    client.force_login(ben)
    assert request_.label in client.get("/approvals/").content.decode()
    assert request_.label in client.get("/approvals/waiting/").content.decode()
    shown = client.get(page).content.decode()
    for words in ("Why this risk", "In words", "0 of 2", "Logic", "Compliance", 'value="approve"'):
        assert words in shown
    assert client.post(f"{page}decide/", {"verdict": "refuse"}).status_code == 422
    assert client.post(f"{page}decide/", {"verdict": "approve"}).status_code == 302
    assert request_.label not in client.get("/approvals/waiting/").content.decode()
    client.force_login(dan)
    client.post(f"{page}decide/", {"verdict": "approve", "comment": "Good."})
    request_.refresh_from_db()
    assert request_.state == "approved"
    client.force_login(ana)
    assert "Take it live" in client.get(page).content.decode()
    client.post(f"{page}go-live/")
    assert request_.release is not None
    assert request_.release.version.activations.filter(until=None).exists()
    for view in ("mine", "asked", "open", "closed"):
        assert client.get(f"/approvals/?view={view}").status_code == 200


def test_asking_withdrawing_and_delegating_by_pages(ana: User, ben: User, dan: User, client: Client) -> None:
    live = Version.objects.exclude(activations=None).get(workflow__key=KEY, activations__until=None)
    client.force_login(ana)
    assert client.get(f"/approvals/ask/{live.pk}/").status_code == 200
    assert client.post(f"/approvals/ask/{live.pk}/", {"note": ""}).status_code == 422
    asked = client.post(f"/approvals/ask/{live.pk}/", {"note": "Once more."})
    assert asked.status_code == 302
    assert client.post(f"{asked['Location']}withdraw/").status_code == 302
    assert ApprovalRequest.objects.get().state == "withdrawn"
    client.force_login(ben)
    refused = client.post("/approvals/delegate/", {"taker": dan.pk, "until": "", "reason": "Typed with care"})
    assert refused.status_code == 422
    for words in ("This field is required.", "Typed with care"):
        assert words in refused.content.decode()
    client.post("/approvals/delegate/", {"taker": dan.pk, "until": "2099-01-01T10:00", "reason": "Away"})
    assert "End it now" in client.get("/approvals/").content.decode()
    row = ben.delegations_given.get()
    client.force_login(dan)
    assert client.post(f"/approvals/delegate/{row.pk}/end/").status_code == 403
    client.force_login(ben)
    assert client.post(f"/approvals/delegate/{row.pk}/end/").status_code == 302


def test_what_was_said_stays_where_it_was_typed_when_something_is_missing(ana: User, ben: User, client: Client) -> None:
    asked = approvals.ask_for_version(version=written(ana), by=ana, at=clock.now())
    client.force_login(ben)
    said = {"verdict": "ask", "section": ["logic"], "step": "welcome", "comment": " "}
    answer = client.post(f"/approvals/{asked.pk}/decide/", said)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert body.index('id="id_comment"') < body.index("Say why, so that its author knows") < body.index("id_step")
    assert '<option value="welcome" selected>' in body
    assert 'value="logic" checked' in body
    assert 'value="data" checked' not in body
