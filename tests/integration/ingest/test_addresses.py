"""The public contract of the ingest addresses, over HTTP (DESIGN section 8)."""

import json
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.test import Client

from workflows.actions import allowance
from workflows.api import ingest
from workflows.models import InboundEvent, Source

from .conftest import Post, basic, track


def said(answer: HttpResponse) -> dict[str, Any]:
    return json.loads(answer.content)  # type: ignore[no-any-return]


@pytest.mark.parametrize("zipped", [False, True])
def test_batch_is_stored_and_then_confirmed(post: Post, zipped: bool) -> None:
    answer = post({"batch": [track("a"), track("b")], "sentAt": "2026-11-22T12:00:00Z"}, zipped=zipped)
    assert (answer.status_code, said(answer)) == (200, {"success": True})
    assert InboundEvent.objects.count() == 2


def test_repeat_is_confirmed_again(post: Post) -> None:
    for _ in range(2):
        assert post({"batch": [track("a")]}).status_code == 200
    assert InboundEvent.objects.count() == 1


def test_empty_batch_is_fine(post: Post) -> None:
    assert post({"batch": []}).status_code == 200


@pytest.mark.parametrize(("word", "kind"), ingest.TYPE_OF.items())
def test_address_says_the_type_of_a_single_message(post: Post, word: str, kind: str) -> None:
    message = track(type=..., groupId="g", previousId="p", userId="u")
    assert post(message, to=f"/v1/{word}").status_code == 200
    event = InboundEvent.objects.get()
    assert (event.type, event.body["type"]) == (kind, kind)
    assert event.name == ("Demo Requested" if kind == "track" else "")


def test_type_that_contradicts_the_address_is_refused(post: Post) -> None:
    answer = post(track(), to="/v1/page")
    assert (answer.status_code, said(answer)["code"]) == (400, "invalid_request")


def test_write_key_may_be_in_the_body_as_browsers_send_it(post: Post, source: Source) -> None:
    assert post({"batch": [track("a")], "writeKey": source.write_key}, key=None).status_code == 200
    assert post(track("b", writeKey=source.write_key), to="/v1/t", key=None).status_code == 200
    assert all("writeKey" not in event.body for event in InboundEvent.objects.all())


def test_context_of_the_batch_counts_for_each_message(post: Post) -> None:
    shared = {"ip": "192.0.2.1", "locale": "en"}
    post({"batch": [track("a", context={"locale": "de"}), track("b", context=None)], "context": shared})
    first, second = InboundEvent.objects.order_by("id")
    assert first.body["context"] == {"ip": "192.0.2.1", "locale": "de"}
    assert second.body["context"] == shared


@pytest.mark.parametrize("key", ["wrong", "", "\0", "ключ", "k" * 5_000, "a\nb"])
def test_wrong_write_key_is_401(post: Post, key: str) -> None:
    answer = post({"batch": [track()]}, key=key)
    assert (answer.status_code, said(answer)["code"]) == (401, "unauthorized")
    assert answer["WWW-Authenticate"].startswith("Basic")
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("key", ["wrong", "\n", 7, None, {}, ["a"]])
def test_wrong_write_key_in_the_body_is_401(post: Post, key: object) -> None:
    assert post({"batch": [track()], "writeKey": key}, key=None).status_code == 401


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic /w==", "Bearer abc", "Basic Og==", "x"])
def test_unreadable_authorization_is_401(post: Post, header: str) -> None:
    assert post({"batch": [track()]}, key=None, Authorization=header).status_code == 401


def test_wrong_key_in_the_header_is_not_mended_by_one_in_the_body(post: Post, source: Source) -> None:
    assert post({"batch": [], "writeKey": source.write_key}, key="wrong").status_code == 401


def test_switched_off_source_is_401(post: Post, source: Source) -> None:
    source.enabled = False
    source.save()
    assert post({"batch": [track()]}).status_code == 401


def test_bad_message_is_named_and_its_neighbours_are_stored(post: Post) -> None:
    answer = post({"batch": [track("a"), track("b", event=7), track("c")]})
    assert answer.status_code == 400
    reply = said(answer)
    assert (reply["code"], reply["stored"], reply["accepted"], reply["success"]) == ("invalid_messages", 2, 2, False)
    assert reply["refused"] == [{"index": 1, "messageId": "b", "reason": "event: must be text"}]
    assert reply["message"] == "1 refused, 2 accepted. First, at 1: event: must be text."
    assert InboundEvent.objects.count() == 2


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head"])
def test_other_methods_are_405(post: Post, method: str) -> None:
    answer = getattr(Client(), method)("/v1/batch")
    assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")


def test_browser_may_ask_and_send_from_any_page(post: Post) -> None:
    asked = Client().options("/v1/t", headers={"Origin": "https://shop.example"})
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, "*")
    assert "POST" in asked["Access-Control-Allow-Methods"]
    assert "authorization" in asked["Access-Control-Allow-Headers"].lower()
    for answer in (post({"batch": []}), post(b"{"), post({"batch": []}, key="wrong")):
        assert answer["Access-Control-Allow-Origin"] == "*"


def test_source_that_sends_too_much_waits(post: Post, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.INGEST_MESSAGES_PER_SECOND = 10
    monkeypatch.setattr(allowance, "BLOCK", 10)
    batch = {"batch": [track(f"m-{number}") for number in range(10)]}
    assert post(batch).status_code == 200
    answer = post(batch)
    assert (answer.status_code, said(answer)["code"]) == (429, "too_many")
    assert 1 <= int(answer["Retry-After"]) <= 2


def test_allowance_is_shared_between_processes(post: Post, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.INGEST_MESSAGES_PER_SECOND = 10
    monkeypatch.setattr(allowance, "BLOCK", 10)
    batch = {"batch": [track(f"m-{number}") for number in range(10)]}
    assert post(batch).status_code == 200
    monkeypatch.setattr(allowance, "_left", {})  # another process has spent nothing yet
    assert post(batch).status_code == 429


@pytest.mark.parametrize("away", [OperationalError, InterfaceError])
@pytest.mark.parametrize(
    "where", ["workflows.queries.sources.with_write_key", "workflows.actions.inbound.receive_together"]
)
def test_database_away_is_503_and_never_a_false_200(
    post: Post, monkeypatch: pytest.MonkeyPatch, away: type[Exception], where: str
) -> None:
    def fail(*args: object, **options: object) -> None:
        raise away("gone")

    with monkeypatch.context() as patch:
        patch.setattr(where, fail)
        answer = post({"batch": [track()]})
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert post({"batch": [track()]}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_commit_that_fails_is_503(post: Post) -> None:
    """The connection is cut after the rows were written and before their commit: the client must send again."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON workflows_queuedevent
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cut();
            """
        )
    try:
        assert post({"batch": [track()]}).status_code == 503
    finally:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER cut ON workflows_queuedevent; DROP FUNCTION cut()")
    assert not InboundEvent.objects.exists()
    assert post({"batch": [track()]}).status_code == 200


def test_no_session_is_opened_and_nothing_is_asked_twice(post: Post, django_assert_max_num_queries: Any) -> None:
    post({"batch": [track("warm")]})
    # source; begin; known keys; ids; begin; copy; release; queue; commit (copies do not count as queries)
    with django_assert_max_num_queries(8):
        answer = post({"batch": [track(f"m-{number}") for number in range(100)]})
    assert not answer.cookies


def test_key_in_basic_authorization_may_hold_a_password_too(post: Post, source: Source) -> None:
    import base64

    header = "basic " + base64.b64encode(f"{source.write_key}:secret".encode()).decode()
    assert post({"batch": []}, key=None, Authorization=header).status_code == 200
    assert basic(source.write_key).startswith("Basic ")


def test_wrong_write_keys_are_taken_so_often_from_one_address(post: Post, source: Source) -> None:
    answers = [post({"batch": [track()]}, key="wrong").status_code for _ in range(62)]
    assert answers[:60] == [401] * 60
    last = post({"batch": [track()]}, key="wrong")
    assert (last.status_code, said(last)["code"]) == (429, "too_many")
    assert int(last["Retry-After"]) >= 1
    assert post({"batch": [track()]}).status_code == 200
