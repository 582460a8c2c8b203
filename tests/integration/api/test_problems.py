"""Whatever goes wrong answers as problem details, and nothing that a caller sends is a server error."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from rest_framework import serializers

from martechops.lib.drf.serializers import StrictSerializer
from martechops.people import limits
from martechops.people.models import ApiToken, User

from .conftest import Ask, Story, token_for

LISTS = ["contacts", "events", "runs", "effects"]


def test_problem_has_the_shape_and_media_type_of_rfc_9457(client: Client, db: None) -> None:
    answer = client.get("/api/v1/contacts")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Authentication credentials were not provided.",
        "code": "not_authenticated",
        "errors": [
            {
                "attr": None,
                "code": "not_authenticated",
                "detail": "Authentication credentials were not provided.",
            }
        ],
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer x", "Bearer mops_a_b", "Basic YTpi", "Bearer \x00", "mops"]
)
def test_bad_token_is_401(client: Client, header: str) -> None:
    assert client.get("/api/v1/contacts", headers={"Authorization": header}).status_code == 401


def test_session_is_no_token(client: Client, db: None) -> None:
    client.force_login(User.objects.create(username="root", roles=["admin"]))
    assert client.get("/api/v1/contacts").status_code == 401


@pytest.mark.parametrize("address", LISTS)
def test_token_opens_only_what_its_scopes_name(ask: Ask, address: str) -> None:
    text = token_for(f"{address}:read")
    answers = {other: ask(f"/api/v1/{other}", token=text)[0] for other in LISTS}
    assert answers == {other: 200 if other == address else 403 for other in LISTS}


def test_token_of_a_person_who_lost_the_role_opens_nothing(ask: Ask) -> None:
    text = token_for("contacts:read")
    User.objects.update(roles=[])
    status, body = ask("/api/v1/contacts", token=text)
    assert (status, body["title"]) == (403, "Forbidden")


@pytest.mark.parametrize(
    "end", [{"revoked_at": timezone.now()}, {"created_at": timezone.now() - timedelta(9), "expires_at": timezone.now()}]
)
def test_ended_token_is_401(ask: Ask, end: dict[str, object]) -> None:
    text = token_for("contacts:read")
    ApiToken.objects.update(**end)
    assert ask("/api/v1/contacts", token=text)[0] == 401


@pytest.mark.parametrize(
    ("parameters", "at_fault"),
    [
        ({"emial": "ana@example.com"}, "emial"),
        ({"updated_after": "yesterday"}, "updated_after"),
        ({"email": "a\0b"}, "email"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "cD14"}, "cursor"),  # p=x
        ({"cursor": "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk="}, "cursor"),  # p=99999999999999999999
        ({"cursor": "bz0tMQ=="}, "cursor"),  # o=-1
        ({"cursor": "////"}, "cursor"),
    ],
)
def test_bad_parameter_is_400_and_named(ask: Ask, story: Story, parameters: dict[str, str], at_fault: str) -> None:
    status, body = ask("/api/v1/contacts", **parameters)
    assert (status, body["errors"][0]["attr"]) == (400, at_fault)


@pytest.mark.parametrize("number", ["abc", "1.5", "-1", "1e400", "NaN", "9" * 40, "1" + "0" * 30])
@pytest.mark.parametrize("address", ["runs", "effects"])
def test_number_that_is_none_finds_nothing_or_is_refused(ask: Ask, story: Story, address: str, number: str) -> None:
    status, body = ask(f"/api/v1/{address}", contact=number)
    assert status == 400 or body["results"] == []


@pytest.mark.parametrize("page_size", ["0", "-1", "x", "201", "9" * 30])
def test_page_size_out_of_bounds_is_brought_into_them(ask: Ask, story: Story, page_size: str) -> None:
    status, body = ask("/api/v1/contacts", page_size=page_size)
    assert (status, len(body["results"])) == (200, 1)


@pytest.mark.parametrize(
    "address", ["contacts/0", "contacts/" + "9" * 30, "contacts/abc", "nowhere", "contacts/1/nowhere", "contacts/"]
)
def test_what_is_not_there_is_a_404_problem(ask: Ask, story: Story, address: str) -> None:
    status, body = ask(f"/api/v1/{address}")
    assert (status, body["status"]) == (404, 404)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("address", LISTS)
def test_nothing_can_be_written_yet(client: Client, db: None, address: str, method: str) -> None:
    call = getattr(client, method)
    answer = call(f"/api/v1/{address}", headers={"Authorization": f"Bearer {token_for(f'{address}:read')}"})
    assert answer.status_code in {403, 405}
    assert answer["Content-Type"] == "application/problem+json"


def test_other_media_type_than_json_is_406(client: Client, db: None) -> None:
    token = token_for("contacts:read")
    answer = client.get("/api/v1/contacts", headers={"Authorization": f"Bearer {token}", "Accept": "text/csv"})
    assert (answer.status_code, answer["Content-Type"]) == (406, "application/problem+json")


def test_too_many_calls_are_429_with_the_time_to_wait(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "API_TOKEN", limits.Limit("api-token", burst=2, period_seconds=60))
    token, other = token_for("contacts:read"), token_for("contacts:read")

    def call(text: str) -> HttpResponse:
        return client.get("/api/v1/contacts", headers={"Authorization": f"Bearer {text}"})

    assert [call(token).status_code for _ in range(2)] == [200, 200]
    answer = call(token)
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert 1 <= int(answer["Retry-After"]) <= 30
    assert call(other).status_code == 200


def test_guessing_tokens_is_limited_by_address(client: Client, db: None) -> None:
    def call() -> int:
        return client.get("/api/v1/contacts", headers={"Authorization": "Bearer x"}).status_code

    answers = [call() for _ in range(limits.API_BAD_TOKEN.burst + 1)]
    assert (answers[0], answers[-1]) == (401, 429)


class _Sample(StrictSerializer):
    name = serializers.CharField()
    id = serializers.IntegerField(read_only=True)


@pytest.mark.parametrize("extra", ["id", "is_admin"])
def test_field_that_cannot_be_written_is_refused_by_name(extra: str) -> None:
    sample = _Sample(data={"name": "x", extra: 1})
    assert not sample.is_valid()
    assert list(sample.errors) == [extra]


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z"])
def test_instant_at_the_end_of_time_is_no_server_error(ask: Ask, said: str) -> None:
    for address, name in (("contacts", "updated_after"), ("events", "received_before"), ("runs", "entered_after")):
        assert ask(f"/api/v1/{address}", **{name: said})[0] in (200, 400)
