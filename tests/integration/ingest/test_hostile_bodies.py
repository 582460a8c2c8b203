"""Bad input gets a clear 4xx, never a 5xx, and costs its neighbours nothing (FAULTS F11, S11)."""

import gzip
import io
import json
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from tests.fixtures.json import texts
from workflows.api import ingest
from workflows.models import InboundEvent, Source

from .conftest import Post, basic, track


@pytest.mark.parametrize("to", ["/v1/batch", "/v1/track"])
def test_188_malformed_texts_are_400(post: Post, to: str) -> None:
    malformed = {name: text for name, text in texts().items() if name.startswith("n_")}
    assert len(malformed) == 188
    answers = {name: post(text, to=to) for name, text in malformed.items()}
    assert {answer.status_code for answer in answers.values()} == {400}
    assert all(json.loads(answer.content)["message"] for answer in answers.values())


def test_188_malformed_messages_in_a_batch_are_400(post: Post) -> None:
    good = json.dumps(track()).encode()
    for name, text in texts().items():
        if name.startswith("n_"):
            assert post(b'{"batch":[' + good + b"," + text + b"]}").status_code == 400, name


def test_texts_that_are_json_but_no_message_are_400(post: Post) -> None:
    for name, text in texts().items():
        if not name.startswith("n_"):
            assert post(text, to="/v1/identify").status_code == 400, name
            assert post(b'{"batch":[' + text + b"]}").status_code == 400, name
    assert not InboundEvent.objects.exists()


DEEP = b'{"a":' * 40 + b"1" + b"}" * 40


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        (b'{"n": NaN}', "NaN"),
        (b'{"n": Infinity}', "Infinity"),
        (b'{"n": 1e999}', "too large for a double"),
        (b'{"n": "\\u0000"}', "U+0000"),
        (b'{"\\u0000": 1}', "U+0000"),
        (b'{"n": "\\ud800"}', "Unicode"),
        (b'{"n": "\xc3\x28"}', "Unicode"),
        (b'{"n": 1, "n": 2}', 'the key "n" twice'),
        (DEEP, "32 levels"),
        (b'{"n": "' + b"x" * 33_000 + b'"}', "larger than 32 KiB"),
        (b"[]", "properties: must be an object"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_one_bad_message_costs_its_neighbours_nothing(post: Post, properties: bytes, says: str) -> None:
    good = [json.dumps(track(f"m-{number}")).encode() for number in range(4)]
    bad = json.dumps(track("bad")).encode().replace(b'{"form_id": "demo", "email": "ana@example.com"}', properties)
    answer = post(b'{"batch":[' + b",".join([*good[:2], bad, *good[2:]]) + b"]}")
    assert answer.status_code == 400
    (refused,) = json.loads(answer.content)["refused"]
    assert refused["index"] == 2
    assert says in refused["reason"]
    assert sorted(InboundEvent.objects.values_list("message_id", flat=True)) == ["m-0", "m-1", "m-2", "m-3"]


@pytest.mark.parametrize(
    "body",
    [
        {"batch": {}},
        {"batch": None},
        {"batch": "x"},
        {},
        [],
        {"batch": [None, 1, "x", [], True, 1.5]},
        {"batch": [{"type": {}}]},
        {"batch": [{}] * 2_501},
        {"batch": [track(messageId=["x"])]},
        {"batch": [track(timestamp={"$date": 1})]},
        {"batch": [track(event="x" * 300)]},
        {"batch": [track("m" * 300)]},
    ],
    ids=lambda body: json.dumps(body)[:30],
)
def test_shapes_that_are_no_batch_are_400(post: Post, body: object) -> None:
    assert post(body).status_code == 400
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("sent_at", [7, {}, "soon", "0000-00-00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z"])
def test_sending_time_that_makes_no_sense_costs_no_event(post: Post, sent_at: object) -> None:
    body = {"batch": [track("a"), track("b", timestamp="0001-01-01T00:00:00+14:00")], "sentAt": sent_at}
    assert post(body).status_code == 200
    assert InboundEvent.objects.count() == 2


def test_replies_list_a_hundred_refusals_and_count_the_rest(post: Post) -> None:
    reply = json.loads(post({"batch": [{}] * 2_500}).content)
    assert (len(reply["refused"]), reply["refused_count"]) == (100, 2_500)


def test_body_of_500_kb_is_read_and_one_byte_more_is_refused(post: Post) -> None:
    room = ingest.LARGEST_BATCH_BYTES - len(b'{"batch":[],"x":""}')
    for zipped in (False, True):
        assert post(b'{"batch":[],"x":"' + b"a" * room + b'"}', zipped=zipped).status_code == 200
        answer = post(b'{"batch":[],"x":"' + b"a" * (room + 1) + b'"}', zipped=zipped)
        assert answer.status_code == 400
        assert b"larger than 500 KB" in answer.content


@pytest.mark.parametrize(
    "body",
    [
        b"no gzip",
        b"",
        gzip.compress(b'{"batch":[]}')[:-4],
        gzip.compress(b'{"batch":[]}') + b"more",
        zlib.compress(b'{"batch":[]}'),
        b"\x1f\x8b",
        gzip.compress(b"x" * 400)[:12] + b"\xff" * 50,
    ],
    ids=["text", "empty", "cut off", "trailing", "zlib", "header only", "damaged"],
)
def test_bad_gzip_is_400(post: Post, body: bytes) -> None:
    assert post(body, **{"Content-Encoding": "gzip"}).status_code == 400


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "x"])
def test_other_encodings_are_400(post: Post, encoding: str) -> None:
    assert post(b"{}", **{"Content-Encoding": encoding}).status_code == 400


def test_bomb_is_refused_with_flat_memory(post: Post) -> None:
    bomb = gzip.compress(b'{"batch":["' + b"x" * 100_000_000 + b'"]}', compresslevel=6)
    assert len(bomb) < ingest.LARGEST_BATCH_BYTES
    post({"batch": []})
    tracemalloc.start()
    try:
        for _ in range(5):
            assert post(bomb, **{"Content-Encoding": "gzip"}).status_code == 400
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * ingest.LARGEST_BATCH_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b'{"batch":[' + b"[]," * 160_000 + b"[]]}",
        b"[" * 500_000,
        b'{"batch":[' + b'{"a":' * 90_000,
        b'{"batch":[{' + b",".join(b'"%d":0' % number for number in range(45_000)) + b',"0":1}]}',
        b'{"batch":[' + b"9" * 500_000 + b"]}",
        b'{"batch":["' + b"\\u0000" * 80_000 + b'"]}',
    ],
    ids=["many lists", "deep lists", "deep objects", "many keys", "long number", "many NULs"],
)
def test_costly_bodies_are_refused_in_no_time(post: Post, body: bytes) -> None:
    assert post(body).status_code == 400


class Wire:
    """A request as a server hands it over, whatever its headers claim."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def post(self, body: bytes, **environ: Any) -> int:
        statuses: list[str] = []
        reply = WSGIHandler()(
            {
                "REQUEST_METHOD": "POST",
                "PATH_INFO": "/v1/batch",
                "SERVER_NAME": "localhost",
                "SERVER_PORT": "80",
                "HTTP_HOST": "localhost",
                "HTTP_AUTHORIZATION": basic(self.source.write_key),
                "wsgi.input": io.BytesIO(body),
                "wsgi.url_scheme": "http",
                "wsgi.errors": io.StringIO(),
            }
            | environ,
            lambda status, headers: statuses.append(status),
        )
        reply.close()
        return int(statuses[0].split()[0])


@pytest.fixture
def wire(source: Source) -> Iterator[Wire]:
    """Django's own test client keeps the test's connection open in the same way."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield Wire(source)
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


BODY = json.dumps({"batch": [track()]}).encode()


def test_announced_length_that_is_too_large_is_refused_before_reading(wire: Wire) -> None:
    class Unread(io.BytesIO):
        def read(self, *args: object) -> bytes:
            raise AssertionError("was read")

    assert wire.post(b"", CONTENT_LENGTH=str(10**9), **{"wsgi.input": Unread()}) == 400
    assert wire.post(b"", CONTENT_LENGTH="9" * 400, **{"wsgi.input": Unread()}) == 400


@pytest.mark.parametrize("length", [str(len(BODY) + 7), str(len(BODY) - 7), "-1", "x", "1e3", "٣"])
def test_announced_length_that_lies_is_400(wire: Wire, length: str) -> None:
    assert wire.post(BODY, CONTENT_LENGTH=length) == 400
    assert not InboundEvent.objects.exists()


def test_body_without_length_is_read_where_the_server_ends_it(wire: Wire) -> None:
    assert wire.post(BODY, **{"wsgi.input_terminated": True}) == 200
    assert wire.post(b"x" * 600_000, **{"wsgi.input_terminated": True}) == 400
    assert wire.post(BODY) == 400  # a server that does not say so: nothing may be read
    assert InboundEvent.objects.count() == 1


def test_sender_who_hangs_up_is_no_server_error(wire: Wire) -> None:
    class Broken(io.BytesIO):
        def read(self, *args: object) -> bytes:
            raise OSError("connection reset")

    assert wire.post(b"", CONTENT_LENGTH="100", **{"wsgi.input": Broken()}) == 400
