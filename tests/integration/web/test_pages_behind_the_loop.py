"""A WSGI application behind the event loop: what it is handed, and what becomes of its answers."""

import asyncio
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from martechops.lib.rsgi import pages
from tests.rsgi import Said, call_application

Page = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def ask(page: Page, body: bytes = b"", *, headers: dict[str, str | None] | None = None, **request: Any) -> Said:
    usual: dict[str, str | None] = {"host": "localhost", "content-length": str(len(body))}
    application = pages.in_threads(page, threads=1)
    return asyncio.run(call_application(application, body, headers=usual | (headers or {}), **request))


def seen(body: bytes = b"", **request: Any) -> dict[str, Any]:
    """The environ that a page is handed, its body read."""
    found: dict[str, Any] = {}

    def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found.update(environ, body=environ["wsgi.input"].read())
        start_response("204 No Content", [])
        return []

    assert ask(page, body, **request).status == 204
    return found


def test_request_is_handed_over_as_wsgi_has_it() -> None:
    environ = seen(b"a=1", path="/näh/", query_string="q=%20", headers={"content-type": "text/x", "x-a-b": "c"})
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/näh/"
    assert environ["QUERY_STRING"] == "q=%20"
    assert environ["CONTENT_TYPE"] == "text/x"
    assert environ["CONTENT_LENGTH"] == "3"
    assert environ["HTTP_X_A_B"] == "c"
    assert environ["HTTP_HOST"] == "localhost"
    assert environ["REMOTE_ADDR"] == "192.0.2.7"
    assert environ["SERVER_PORT"] == "8000"
    assert environ["body"] == b"a=1"


def test_header_with_an_underscore_cannot_pass_for_the_one_that_a_proxy_watches_over() -> None:
    environ = seen(headers={"x_forwarded_proto": "https"})
    assert "HTTP_X_FORWARDED_PROTO" not in environ


def test_address_of_ipv6_has_no_brackets() -> None:
    assert seen(client="[2001:db8::1]:4000")["REMOTE_ADDR"] == "2001:db8::1"


def test_http_2_names_its_host_otherwise() -> None:
    assert seen(http_version="2", authority="ops.example.com", headers={"host": None})["HTTP_HOST"] == "ops.example.com"


def test_body_in_pieces_has_a_length_when_it_is_handed_over() -> None:
    chunked: dict[str, str | None] = {"content-length": None, "transfer-encoding": "chunked"}
    environ = seen(headers=chunked, pieces=[b"abc", b"def", b""])
    assert (environ["body"], environ["CONTENT_LENGTH"]) == (b"abcdef", "6")


def test_large_body_is_on_disk_before_a_thread_has_it() -> None:
    found: list[object] = []

    def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        found.append(environ["wsgi.input"]._rolled)
        start_response("200 OK", [])
        return [environ["wsgi.input"].read()]

    large = b"x" * (pages.IN_MEMORY_BYTES + 1)
    assert ask(page, large).body == large
    assert found == [True]
    assert pages.ROOM.taken == 0


@pytest.mark.parametrize(
    ("headers", "pieces", "status"),
    [
        ({"content-length": str(pages.LARGEST_BYTES + 1)}, None, 413),
        ({"content-length": "10"}, [b"a", b""], 400),
    ],
    ids=["announced as too large", "cut off"],
)
def test_page_never_sees_a_body_that_is_not_whole(headers: dict[str, str | None], pieces: Any, status: int) -> None:
    def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise AssertionError("was asked")

    said = ask(page, headers=headers, pieces=pieces)
    assert (said.status, said.headers["Connection"]) == (status, "close")


def test_page_that_there_is_no_room_for_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [str(pages.ROOM.taken).encode()]

    assert ask(page, b"abc").body == b"3"
    monkeypatch.setattr(pages.ROOM, "most", 2)
    assert ask(page, b"abc").status == 503
    assert pages.ROOM.taken == 0


class Answer:
    """What Django returns for a page that is sent while it is made."""

    streaming = True

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.parts)

    def close(self) -> None:
        self.is_closed = True


def test_streamed_answer_is_sent_part_by_part_and_closed() -> None:
    answer = Answer([b"a", b"b", b"c"])

    def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/csv")])
        return answer

    said = ask(page)
    assert (said.body, said.headers) == (b"abc", {"Content-Type": "text/csv"})
    assert answer.is_closed


@pytest.mark.parametrize("size", [0, 5, 300_000, 600_000])
def test_file_is_sent_whole_and_closed(size: int) -> None:
    file = io.BytesIO(b"x" * size)

    def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        found: Iterable[bytes] = environ["wsgi.file_wrapper"](file, 4096)
        return found

    assert len(ask(page).body) == size
    assert file.closed
