"""The ingest addresses as the server calls them, in front of Django: the same answers, and what middleware guards."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.ingest.conftest import track
from workflows.api import gate, ingest
from workflows.models import InboundEvent, Source

Answer = tuple[str, dict[str, str], bytes]
Call = Callable[..., Answer]


@pytest.fixture
def call(source: Source) -> Call:
    """call(body) posts to /v1/batch, and says when a request was left to Django."""

    def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"left to Django"]

    application = gate.in_front_of(django)

    def call(body: bytes, *, path: str = "/v1/batch", method: str = "POST", **environ: Any) -> Answer:
        said: list[Any] = []
        base = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "testserver",
        }
        base |= {
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "REMOTE_ADDR": "127.0.0.1",
        }
        base |= {"HTTP_AUTHORIZATION": f"Bearer {source.write_key}", "wsgi.input": io.BytesIO(body)}
        chunks = application(base | environ, lambda status, headers: said.extend([status, dict(headers)]))
        return said[0], said[1], b"".join(chunks)

    return call


def test_message_is_stored_and_confirmed(call: Call) -> None:
    status, headers, body = call(json.dumps(track()).encode(), path="/v1/track", HTTP_X_REQUEST_ID="abc-1")
    assert (status, json.loads(body)) == ("200 OK", {"success": True})
    assert headers["Content-Length"] == str(len(body))
    assert headers["X-Request-ID"] == "abc-1"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert InboundEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b'{"batch": [NaN]}', 400), (b" " * (ingest.LARGEST_BATCH_BYTES + 1), 400)]
)
def test_what_a_sender_can_mend_is_said(call: Call, body: bytes, status: int) -> None:
    answer, _, text = call(body)
    assert answer.startswith(str(status))
    assert json.loads(text)["success"] is False


def test_preflight_is_answered(call: Call) -> None:
    status, headers, body = call(b"", method="OPTIONS")
    assert (status, body) == ("204 No Content", b"")
    assert "POST" in headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(
    "environ",
    [{"path": "/login/"}, {"path": "/v1/batch/"}, {"HTTP_HOST": "elsewhere.example"}, {"HTTP_HOST": ""}],
)
def test_everything_else_is_left_to_django(call: Call, environ: dict[str, str]) -> None:
    assert call(b"{}", **environ)[2] == b"left to Django"


def test_plain_http_is_left_to_django_where_https_is_asked_for(call: Call, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")
    assert call(b"{}")[2] == b"left to Django"
    assert call(b'{"batch": []}', HTTP_X_FORWARDED_PROTO="https")[0] == "200 OK"


def test_fault_of_ours_is_an_answer_that_gives_nothing_away(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise KeyError("secret")

    monkeypatch.setattr("workflows.actions.inbound.receive", fail)
    status, _, body = call(json.dumps({"batch": [track()]}).encode())
    assert status.startswith("500")
    assert b"secret" not in body
