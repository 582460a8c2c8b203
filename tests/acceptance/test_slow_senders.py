"""Whoever sends half of what he announced costs a connection, and keeps nobody else from an answer."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.installations import PATIENCE_SECONDS, ROOT, Installation, environment, free_port, until

#: More than web ever had threads.
MANY = 100

Send = Callable[[bytes], socket.socket]


@contextlib.contextmanager
def sending(port: int) -> Iterator[Send]:
    """send(request) opens a connection for it; all are closed at the end."""
    with contextlib.ExitStack() as stack:

        def send(request: bytes) -> socket.socket:
            link = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS))
            link.sendall(request)
            return link

        yield send


def request(path: str, *, length: int = 0, method: str = "POST", key: str = "", more: str = "") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
    return f"{head}{more}Content-Length: {length}\r\n\r\n".encode()


def heard(link: socket.socket) -> bytes:
    """Everything, until the other side closes."""
    return b"".join(iter(lambda: link.recv(1 << 16), b""))


def status(link: socket.socket) -> int:
    return int(link.recv(1 << 16).split(b" ", 2)[1])


@pytest.fixture(scope="module")
def key(installation: Installation) -> str:
    return installation.manage("create_source", "Slow senders").strip()


def message(number: int) -> bytes:
    content = {"type": "track", "event": "Demo Requested", "messageId": f"slow-{number}", "userId": "slow"}
    return json.dumps(content | {"properties": {}}).encode()


def test_a_hundred_stalled_bodies_keep_nobody_from_an_answer(installation: Installation, key: str) -> None:
    with sending(installation.port) as send:
        for path in ("/v1/track", "/v1/batch", "/login/", "/api/v1/contacts"):
            for _ in range(MANY // 4):
                send(request(path, length=1_000, key=key) + b"{")
        for number in range(5):
            body = message(number)
            assert status(send(request("/v1/track", length=len(body), key=key) + body)) == 200
            assert status(send(request("/login/", method="GET"))) == 200
            assert status(send(request("/healthz", method="GET"))) == 200


@pytest.fixture
def hurried(installation: Installation) -> Iterator["tuple[int, subprocess.Popen[bytes]]"]:
    """Another web process of the same installation, without patience: its port, and the process."""
    port = free_port()
    server = ["-m", "granian", "--interface", "rsgi", "--port", str(port), "--no-ws", "martechops.web:application"]
    patience = {"REQUEST_BODY_SECONDS": "0.5"}
    process = subprocess.Popen([sys.executable, *server], cwd=ROOT, env=environment(installation.home) | patience)
    try:
        there = Installation(installation.home, port, installation.process)
        assert until(lambda: there.get("healthz")[0] == 200)
        yield port, process
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def test_body_that_does_not_come_is_answered_408_and_what_is_under_way_is_finished(
    hurried: "tuple[int, subprocess.Popen[bytes]]", key: str
) -> None:
    port, process = hurried
    with sending(port) as send:
        stalled = [send(request(path, length=1_000, key=key) + b"{") for path in ("/v1/track", "/login/") * 5]
        for link in stalled:
            assert heard(link).startswith(b"HTTP/1.1 408 ")
        body = b" " * 400_000 + message(99)  # what has come of it is worth 25 seconds
        under_way = send(request("/v1/track", length=len(body), key=key, more="Expect: 100-continue\r\n"))
        assert status(under_way) == 100, "somebody waits for the body"
        under_way.sendall(body[:-1])
        process.send_signal(signal.SIGTERM)
        under_way.sendall(body[-1:])
        assert status(under_way) == 200
    assert process.wait(timeout=PATIENCE_SECONDS) == 0
