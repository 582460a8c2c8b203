"""Signed webhooks, chat and the client below them: real servers on loopback, hostile ones among them (F23, S3)."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings
from standardwebhooks import Webhook as Verifier

from martechops.lib import http, outward
from tests.chaos.driver import SECRET
from tests.chaos.sink import Sink, running
from workflows.connectors.base import Link, Refused, Request, TryLater, Unknown
from workflows.connectors.chat import Chat
from workflows.connectors.webhook import Webhook, signed

#: What drips would take longer; a busy machine takes seconds to look at its clock.
FAR_TOO_LONG_SECONDS = 30


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with running(tmp_path / "journal") as started:
        yield started


def request(url: str, **content: object) -> Request:
    link = Link(settings={"url": url}, secrets={"secret": SECRET}, deadline_seconds=2)
    return Request(uuid.UUID(int=7), "call_webhook", content or {"hello": "Lea"}, link)


def test_request_is_signed_as_receivers_verify_it() -> None:
    body = b'{"type":"call_webhook"}'
    headers = signed("effect-1", body, secret=SECRET)
    assert Verifier(SECRET).verify(body, headers) == {"type": "call_webhook"}


def test_key_of_the_effect_is_the_id_of_the_message(sink: Sink) -> None:
    receipt = Webhook().perform(request(sink.url("/ok"), body={"hello": "Lea"}))
    [hit] = sink.journal.hits()
    assert hit["key"] == str(uuid.UUID(int=7))
    assert json.loads(hit["body"]) == {"type": "call_webhook", "data": {"hello": "Lea"}}
    assert receipt.details == {"status": 200}


@pytest.mark.parametrize(
    ("said", "data"),
    [
        ({"fields": {"a": 1}, "body": {}}, {"a": 1}),
        ({"fields": {"a": 1}, "body": {"a": 2, "b": 3}}, {"a": 2, "b": 3}),
        ({"fields": {}, "body": {}}, {"subject": "contact:7", "event": "Ordered", "email": "lea@example.com"}),
    ],
)
def test_what_a_step_maps_and_what_it_says_both_arrive(
    said: dict[str, object], data: dict[str, object], sink: Sink
) -> None:
    known = {"path": "", "subject": "contact:7", "event": "Ordered", "email": "lea@example.com"}
    Webhook().perform(request(sink.url("/ok"), **(known | said)))
    assert json.loads(sink.journal.hits()[0]["body"])["data"] == data


def test_path_of_a_step_stays_below_the_address_of_the_connection(sink: Sink) -> None:
    Webhook().perform(request(sink.url("/ok"), path="//evil.example/x", body={}))
    assert sink.journal.hits()[0]["path"] == "/ok/evil.example/x"


def test_secret_that_is_none_is_refused() -> None:
    bad = Request(uuid.uuid4(), "call_webhook", {}, Link(settings={"url": "http://127.0.0.1:1"}))
    with pytest.raises(Refused, match="signing secret"):
        Webhook().perform(bad)


def answering(reply: bytes, *, drip_seconds: float = 0) -> str:
    """A server that answers one request with these bytes, perhaps one at a time; returns its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        near, _ = listening.accept()
        with listening, near:
            near.recv(65_536)
            for piece in [bytes([one]) for one in reply] if drip_seconds else [reply]:
                try:
                    near.sendall(piece)
                except OSError:
                    return
                time.sleep(drip_seconds)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}/"


def reply(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize(
    ("status", "expected", "for_all"),
    [
        ("400 Bad", Refused, None),
        ("404 Not there", Refused, None),
        ("401 Who", TryLater, True),
        ("409 Clash", TryLater, False),
        ("500 Oh", TryLater, False),
        ("503 Busy", TryLater, True),
    ],
)
def test_status_says_what_becomes_of_it(status: str, expected: type[Exception], for_all: bool | None) -> None:
    with pytest.raises(expected) as raised:
        Webhook().perform(request(answering(reply(status))))
    assert getattr(raised.value, "for_all", None) == for_all


def test_gone_is_for_good() -> None:
    with pytest.raises(Refused) as raised:
        Webhook().perform(request(answering(reply("410 Gone"))))
    assert raised.value.gone


def test_redirect_is_an_answer_and_is_not_followed(sink: Sink) -> None:
    with pytest.raises(Refused, match="redirects are not followed"):
        Webhook().perform(request(answering(reply("307 There", f"Location: {sink.url('/ok')}"))))
    assert sink.journal.hits() == []


def test_endless_answer_is_read_up_to_its_cap() -> None:
    address = answering(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 300_000)
    answer = http.post(address, body=b"{}", headers={}, deadline_seconds=5)
    assert (answer.status, len(answer.body), answer.cut) == (200, http.MOST_BYTES, True)


@pytest.mark.parametrize("part", ["head", "body"])
def test_answer_that_drips_ends_at_the_deadline(part: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n"
    begun = time.monotonic()
    if part == "head":
        with pytest.raises(http.NoAnswer):
            http.post(answering(head, drip_seconds=0.2), body=b"{}", headers={}, deadline_seconds=1)
    else:
        # The head says that it was taken; the rest would only be read for the record.
        address = answering(head + b"x" * 20_000, drip_seconds=0.01)
        assert http.post(address, body=b"{}", headers={}, deadline_seconds=1.2).status == 200
    assert time.monotonic() - begun < FAR_TOO_LONG_SECONDS


def test_line_that_is_cut_after_the_request_left_is_not_known() -> None:
    with pytest.raises(Unknown):
        Webhook().perform(request(answering(b"")))


def test_nobody_listening_is_a_later_try_of_the_connection() -> None:
    with pytest.raises(TryLater) as raised:
        Webhook().perform(request("http://127.0.0.1:1/"))
    assert raised.value.for_all


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://10.0.0.7/", "http://192.168.1.1/",
        "http://172.16.0.1/", "http://169.254.169.254/latest/meta-data/", "http://0.0.0.0/", "http://[::]/",
        "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/", "http://[fd00::1]/", "http://100.64.0.1/",
        "http://224.0.0.1/", "http://255.255.255.255/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
        "http://2130706433/", "http://0x7f.1/", "http://127.1/",
    ],
)  # fmt: skip
def test_address_inside_is_refused_however_it_is_spelt(address: str, settings: Settings) -> None:
    settings.OUTBOUND_ALLOW = []
    with pytest.raises(Refused):
        Webhook().perform(request(address))


@pytest.mark.parametrize(
    "address", ["ftp://example.com/", "file:///etc/passwd", "http://", "http://a:b@example.com/", "x"]
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        Webhook().perform(request(address))


def test_name_with_one_private_address_among_others_is_refused(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """What a name means is decided once: it is not looked up again for the connection."""
    settings.OUTBOUND_ALLOW = []
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        family = socket.AF_INET
        return [(family, 1, 6, "", (address, port)) for address in ("93.184.216.34", "127.0.0.1")]

    monkeypatch.setattr(outward.socket, "getaddrinfo", resolve)
    with pytest.raises(Refused, match="private or special"):
        Webhook().perform(request("http://rebinds.example/"))
    assert asked == ["rebinds.example"]


def test_chat_message_is_plain_text_for_its_receivers(sink: Sink) -> None:
    link = Link(secrets={"url": sink.url("/ok")})
    content = {"channel": "chat", "subject": "New lead", "text": "<!channel> Lea & Co"}
    Chat().perform(Request(uuid.uuid4(), "send_message", content, link))
    assert json.loads(sink.journal.hits()[0]["body"]) == {"text": "New lead\n&lt;!channel&gt; Lea &amp; Co"}
