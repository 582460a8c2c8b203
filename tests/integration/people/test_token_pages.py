"""Tokens are made, replaced and ended in the browser; the text of one is on one answer and nowhere else."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from martechops.audit.models import AuditEntry
from martechops.lib import clock
from martechops.people.actions import tokens
from martechops.people.models import ApiToken, User


@pytest.fixture
def of_ana(client: Client, ana: User) -> Client:
    client.force_login(ana)
    return client


def text_in(page: str) -> str:
    found = re.search(r"mops_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", page)
    assert found
    return found[0]


def test_token_is_made_shown_once_and_works(of_ana: Client, ana: User) -> None:
    answer = of_ana.post("/tokens/", {"do": "create", "name": "report", "scopes": ["contacts:read"], "days": "30"})
    text = text_in(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    token = tokens.use(text, at=clock.now())
    assert (token.user, token.name, token.scopes) == (ana, "report", ["contacts:read"])
    assert token.expires_at - token.created_at == timedelta(days=30)
    later = of_ana.get("/tokens/").content.decode()
    assert "mops_" not in later
    assert "Read contacts" in later
    assert AuditEntry.objects.filter(action="token.create", object_key=token.public_id).exists()


def test_token_is_replaced_without_a_gap_and_a_third_is_refused(of_ana: Client) -> None:
    of_ana.post("/tokens/", {"do": "create", "name": "report", "scopes": ["contacts:read"], "days": "90"})
    old = ApiToken.objects.get()
    new = text_in(of_ana.post("/tokens/", {"do": f"replace:{old.pk}"}).content.decode())
    assert tokens.use(new, at=clock.now()).scopes == old.scopes
    assert ApiToken.objects.filter(revoked_at=None).count() == 2
    assert "revoke one first" in of_ana.post("/tokens/", {"do": f"replace:{old.pk}"}).content.decode()
    assert of_ana.post("/tokens/", {"do": f"revoke:{old.pk}"}).status_code == 302
    old.refresh_from_db()
    assert old.revoked_at is not None
    assert tokens.use(new, at=clock.now())


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"name": "", "scopes": ["contacts:read"], "days": "30"}, "This field is required"),
        ({"name": "x", "scopes": [], "days": "30"}, "This field is required"),
        ({"name": "x", "scopes": ["everything"], "days": "30"}, "is not one of the available choices"),
        ({"name": "x", "scopes": ["contacts:read"], "days": "36500"}, "is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(of_ana: Client, sent: dict[str, object], says: str) -> None:
    answer = of_ana.post("/tokens/", {"do": "create"} | sent)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_tokens_of_others_are_an_admins_business(client: Client, of_ana: Client, root: User, ben: User) -> None:
    of_ana.post("/tokens/", {"do": "create", "name": "report", "scopes": ["contacts:read"], "days": "30"})
    token = ApiToken.objects.get()
    other = Client()
    other.force_login(ben)
    assert token.public_id not in other.get("/tokens/").content.decode()
    assert other.post("/tokens/", {"do": f"revoke:{token.pk}"}).status_code == 404
    assert other.post("/tokens/", {"do": "revoke:1e5"}).status_code == 404
    assert other.post("/tokens/", {"do": ""}).status_code == 404
    other.force_login(root)
    assert token.public_id in other.get("/tokens/").content.decode()
    assert other.post("/tokens/", {"do": f"revoke:{token.pk}"}).status_code == 302


def test_viewer_is_offered_what_a_viewer_may_do(client: Client, ben: User) -> None:
    client.force_login(ben)
    page = client.get("/tokens/").content.decode()
    assert "Read contacts" in page
    assert "Change definitions" not in page
