"""A load client that costs little itself: ready-made requests over kept connections, in one thread.

Closed loop: each connection sends its next request when the last one is answered. Open loop: requests have instants,
and what waits for a free connection waits as a customer would, so that a stall is counted against everybody it delays
(no coordinated omission).
"""

import collections
import re
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Result:
    """What came of a run."""

    seconds: float = 0
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    #: When each request should have gone out, by the monotonic clock, in order.
    due: list[float] = field(default_factory=list)
    #: From then to its answer.
    latencies: list[float] = field(default_factory=list)


def post(path: str, body: bytes, *, write_key: str = "") -> bytes:
    """A whole request."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    if write_key:
        head += f"Authorization: Bearer {write_key}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(port: int, path: str) -> bytes:
    """The body of one GET."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        unread = b""
        while not (answer := _whole(unread)):
            if not (more := link.recv(1 << 20)):
                raise ConnectionError("the far side hung up")
            unread += more
        return answer[1]


@dataclass(slots=True)
class _Line:
    """One kept connection."""

    link: socket.socket
    unread: bytes = b""
    due: float = 0.0


def run(port: int, requests: Sequence[bytes], *, connections: int, per_second: float | None = None) -> Result:
    """Send them all and wait for every answer; `per_second` makes the loop an open one."""
    result, waiting = Result(), selectors.DefaultSelector()
    lines = [_Line(_connected(port)) for _ in range(min(connections, len(requests)))]
    for line in lines:
        waiting.register(line.link, selectors.EVENT_READ, line)
    began, sent, answered, free = time.monotonic(), 0, 0, list(lines)
    while answered < len(requests):
        now = time.monotonic()
        while free and sent < len(requests):
            due = now if per_second is None else began + sent / per_second
            if due > now:
                break
            line = free.pop()
            line.due = due
            result.due.append(due)
            line.link.sendall(requests[sent])
            sent += 1
        pause = 5.0
        if per_second is not None and free and sent < len(requests):
            pause = max(0.0, began + sent / per_second - time.monotonic())
        for key, _ in waiting.select(pause):
            if _answered(key.data, result):
                answered += 1
                free.append(key.data)
    result.seconds = time.monotonic() - began
    for line in lines:
        line.link.close()
    waiting.close()
    return result


def _connected(port: int) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), timeout=60)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def _answered(line: _Line, result: Result) -> bool:
    more = line.link.recv(1 << 16)
    if not more:
        raise ConnectionError("the server hung up")
    line.unread += more
    answer = _whole(line.unread)
    if answer is None:
        return False
    line.unread = b""
    result.statuses[answer[0]] += 1
    result.latencies.append(time.monotonic() - line.due)
    return True


def _whole(unread: bytes) -> tuple[int, bytes] | None:
    """Status and body, once all of an answer is there."""
    end = unread.find(b"\r\n\r\n")
    if end < 0:
        return None
    found = _LENGTH.search(unread, 0, end)
    if found is None:
        raise ValueError("an answer without a length")
    size = int(found.group(1))
    body = unread[end + 4 : end + 4 + size]
    return (int(unread[9:12]), body) if len(body) == size else None
