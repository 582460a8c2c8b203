"""Lines to far sides that are kept: for requests that may be repeated, and for no others."""

import socket
import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from martechops.lib import http
from tests.lines import Listener, heard

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
_CLOSING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Server(Listener):
    """Answers `answers` requests on a line and then hangs up; counts lines and requests."""

    def __init__(self, answer: bytes = _OK, *, answers: int = 1_000) -> None:
        self.answer, self.answers, self.requests = answer, answers, 0
        self.hung_up = threading.Event()
        super().__init__(self._answer_them)

    def _answer_them(self, line: socket.socket) -> None:
        for _ in range(self.answers):
            if not heard(line, until=b"{}"):
                break
            self.requests += 1
            line.sendall(self.answer)
        line.close()
        self.hung_up.set()


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def ask(server: Server, *, repeatable: bool) -> int:
    return http.post(server.url, body=b"{}", headers={}, deadline_seconds=5, repeatable=repeatable).status


def test_requests_that_may_be_repeated_share_a_line(server: Server) -> None:
    assert [ask(server, repeatable=True) for _ in range(3)] == [200] * 3
    assert (server.lines, server.requests) == (1, 3)


def test_one_that_may_not_has_a_line_of_its_own(server: Server) -> None:
    ask(server, repeatable=True)
    ask(server, repeatable=False)
    assert server.lines == 2


def test_line_that_was_hung_up_meanwhile_is_not_used() -> None:
    server = Server(answers=1)
    assert ask(server, repeatable=True) == 200
    assert server.hung_up.wait(5)
    assert ask(server, repeatable=True) == 200
    assert server.requests == 2
    server.close()


def test_line_that_is_hung_up_just_as_it_is_used_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(answers=1)
    assert ask(server, repeatable=True) == 200
    assert server.hung_up.wait(5)
    monkeypatch.setattr("martechops.lib.kept_lines.Line.is_closed", lambda line: False)
    assert ask(server, repeatable=True) == 200
    assert (server.lines, server.requests) == (2, 2)
    server.close()


def test_far_side_that_wants_no_line_kept_is_heeded() -> None:
    server = Server(_CLOSING)
    assert [ask(server, repeatable=True) for _ in range(2)] == [200, 200]
    assert server.lines == 2
    server.close()


@pytest.mark.parametrize(
    ("answer", "body", "lines"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}", 1),
        (b"HTTP/1.1 200 OK\r\nX: a\r\nX: b\r\nContent-Length: 2\r\n\r\n{}", b"{}", 1),
        (b"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 2\r\n\r\n{}", b"{}", 1),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}", 1),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}", 2),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}and more", b"{}", 2),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", 1),
    ],
    ids=["chunked", "repeated header", "folded header", "in advance", "old", "more than it said", "no content"],
)
def test_answers_out_of_the_ordinary_are_read_too(answer: bytes, body: bytes, lines: int) -> None:
    """As those that come whole are; after one that does not end where it should, the line is not used again."""
    server = Server(answer)
    for _ in range(2):
        found = http.post(server.url, body=b"{}", headers={}, deadline_seconds=5, repeatable=True)
        assert (found.status // 100, found.body) == (2, body)
    assert server.lines == lines
    server.close()


def test_header_cannot_end_its_line(server: Server) -> None:
    with pytest.raises(http.NotSent):
        http.post(server.url, body=b"{}", headers={"X": "a\r\nHost: b"}, deadline_seconds=5)
    assert not server.requests
