"""The ingest addresses as the server's event loop calls them, in front of Django: what middleware guards is kept."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.integration.ingest.conftest import track
from tests.rsgi import Said, call_application
from workflows.actions import allowance, inbound
from workflows.api import gate, ingest
from workflows.models import Source
from workflows.queries import write_keys

Call = Callable[..., Said]
KEY = "a-write-key"


@pytest.fixture
def taken() -> list[object]:
    """The messages that came through."""
    return []


@pytest.fixture
def call(taken: list[object], monkeypatch: pytest.MonkeyPatch) -> Call:
    """call(body) posts to /v1/batch, and says when a request was left to Django. Nothing is asked of a database."""

    async def django(scope: object, line: Any) -> None:
        line.response_bytes(200, [], b"left to Django")

    async def source_of(key: object) -> Source | None:
        return Source(pk=1, key="web-form") if key == KEY else None

    async def receive_together(**sent: Any) -> inbound.Receipt:
        taken.extend(sent["messages"])
        return inbound.Receipt(stored=len(sent["messages"]), repeated=0, conflicts=0, refused=())

    monkeypatch.setattr(write_keys, "source_of", source_of)
    monkeypatch.setattr(inbound, "receive_together", receive_together)
    monkeypatch.setattr(allowance, "_left", {1: 10**6})
    application = gate.in_front_of(django)

    def call(body: bytes, *, path: str = "/v1/batch", **request: Any) -> Said:
        headers = {"host": "testserver", "content-length": str(len(body)), "authorization": f"Bearer {KEY}"}
        headers |= request.pop("headers", {})
        return asyncio.run(call_application(application, body, path=path, headers=headers, **request))

    return call


def test_message_is_taken_and_confirmed(call: Call, taken: list[object]) -> None:
    said = call(json.dumps(track()).encode(), path="/v1/track", headers={"x-request-id": "abc-1"})
    assert (said.status, json.loads(said.body)) == (200, {"success": True})
    assert said.headers["Content-Length"] == str(len(said.body))
    assert said.headers["Content-Type"] == "application/json"
    assert said.headers["X-Request-ID"] == "abc-1"
    assert said.headers["X-Content-Type-Options"] == "nosniff"
    assert said.headers["Access-Control-Allow-Origin"] == "*"
    assert len(taken) == 1


def test_body_may_come_in_pieces_and_zipped(call: Call, taken: list[object]) -> None:
    body = gzip.compress(json.dumps({"batch": [track(), track("m-2")]}).encode())
    pieces = [body[:7], body[7:40], body[40:], b""]
    said = call(body, pieces=pieces, headers={"content-encoding": "gzip"})
    assert (said.status, len(taken)) == (200, 2)
    chunked = {"content-encoding": "gzip", "content-length": None, "transfer-encoding": "chunked"}
    said = call(body, pieces=pieces, headers=chunked)
    assert (said.status, len(taken)) == (200, 4)


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b'{"batch": [NaN, 1]', 400), (b" " * (ingest.LARGEST_BATCH_BYTES + 1), 400)]
)
def test_what_a_sender_can_mend_is_said(call: Call, body: bytes, status: int) -> None:
    said = call(body)
    assert said.status == status
    assert json.loads(said.body)["success"] is False


def test_body_that_is_announced_as_too_large_is_not_read(call: Call) -> None:
    said = call(b"", headers={"content-length": str(10**12)}, pieces=None)
    assert said.status == 400
    assert "larger than 500 KB" in json.loads(said.body)["message"]


def test_body_that_grows_too_large_is_read_no_further(call: Call) -> None:
    def endless() -> Any:
        for _ in range(ingest.LARGEST_BATCH_BYTES // 1024 + 1):
            yield b" " * 1024
        raise AssertionError("was read on")

    said = call(b"", headers={"content-length": None, "transfer-encoding": "chunked"}, pieces=endless())
    assert said.status == 400
    assert gate.ROOM.taken == 0


def test_cut_off_body_stores_nothing(call: Call, taken: list[object]) -> None:
    said = call(b"", headers={"content-length": "900"}, pieces=[b'{"batch": []}', b""])
    assert (said.status, taken) == (400, [])


def test_unfinished_bodies_hold_no_more_than_their_room(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate.ROOM, "most", 1_000)
    said = call(b"", headers={"content-length": "3000"}, pieces=[b" " * 900, b" " * 200])
    assert (said.status, said.headers["Retry-After"], said.headers["Connection"]) == (503, "2", "close")
    assert gate.ROOM.taken == 0
    assert call(b'{"batch": []}').status == 200


def test_what_waits_for_a_commit_holds_no_more_than_its_room(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []

    async def receive_together(**sent: object) -> inbound.Receipt:
        held.append(gate.AT_HAND.taken)
        return inbound.Receipt(stored=0, repeated=0, conflicts=0, refused=())

    monkeypatch.setattr(inbound, "receive_together", receive_together)
    body = b'{"batch": []}'
    assert call(body).status == 200
    assert (held, gate.AT_HAND.taken) == ([len(body)], 0)
    monkeypatch.setattr(gate.AT_HAND, "most", len(body) - 1)
    said = call(body)
    assert (said.status, said.headers["Retry-After"], gate.AT_HAND.taken) == (503, "2", 0)


def test_body_that_stops_is_408_and_holds_nothing_afterwards(call: Call, settings: Any) -> None:
    settings.REQUEST_BODY_SECONDS = 0.02
    said = call(b"", headers={"content-length": "3000"}, pieces=[b" " * 900, _never])
    assert (said.status, said.headers["Connection"]) == (408, "close")
    assert gate.ROOM.taken == 0


def _never() -> Awaitable[bytes]:
    return asyncio.get_running_loop().create_future()


def test_preflight_is_answered(call: Call) -> None:
    said = call(b"", method="OPTIONS")
    assert (said.status, said.body) == (204, b"")
    assert "POST" in said.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    ("path", "host"),
    [("/login/", "testserver"), ("/v1/batch/", "testserver"), ("/v1/batch", "elsewhere.example"), ("/v1/batch", "")],
)
def test_everything_else_is_left_to_django(call: Call, path: str, host: str) -> None:
    assert call(b"{}", path=path, headers={"host": host}).body == b"left to Django"


def test_plain_http_is_left_to_django_where_https_is_asked_for(call: Call, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")
    assert call(b"{}").body == b"left to Django"
    assert call(b'{"batch": []}', headers={"x-forwarded-proto": "https"}).status == 200


def test_fault_of_ours_is_an_answer_that_gives_nothing_away(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(**named: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(inbound, "receive_together", fail)
    said = call(json.dumps({"batch": [track()]}).encode())
    assert said.status == 500
    assert b"secret" not in said.body
