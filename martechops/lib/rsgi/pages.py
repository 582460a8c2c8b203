"""A WSGI application (Django) behind the event loop: requests are read there, and answered by a few threads.

A thread has a request from its first line of Python to the end of its answer, and never waits for a client: the body is
there before it begins, and what a client does not take yet is kept by the server.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, Any

import structlog

from martechops.lib import failures

from . import bodies
from .interface import Application, Line, Scope

log = structlog.get_logger()

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

#: The largest file that is taken in is 100 MB; which page takes how much, and in which words it refuses, is its own.
LARGEST_BYTES = 128 * 1024 * 1024
#: The rest is on disk: 4,096 connections that all stop in the middle of a body hold 64 MB of memory.
IN_MEMORY_BYTES = 16 * 1024
ROOM = bodies.Room(most=512 * 1024 * 1024)
#: A file up to this size is sent at once.
_BLOCK_BYTES = 256 * 1024


def in_threads(application: Wsgi, *, threads: int) -> Application:
    """The application, in so many threads at most; further requests wait for one, and cost none."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="pages")

    async def answered(scope: Scope, line: Line) -> None:
        try:
            body = await bodies.in_a_file(scope, line, at_most=LARGEST_BYTES, in_memory=IN_MEMORY_BYTES, room=ROOM)
            with body, ROOM.holding(_size(body)):
                request = environ(scope, body)
                await asyncio.get_running_loop().run_in_executor(pool, _answer, application, request, line)
        except bodies.Unread as error:
            refuse(line, error)

    return answered


def _size(body: IO[bytes]) -> int:
    size = body.seek(0, os.SEEK_END)
    body.seek(0)
    return size


def refuse(line: Line, error: bodies.Unread) -> None:
    """Said in words; the connection cannot be used again, since the rest of the body is still to come."""
    text = f"{HTTPStatus(error.status).phrase}: {error}.\n".encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))]
    headers += [("Connection", "close"), *([("Retry-After", "2")] if error.status == 503 else [])]
    line.response_bytes(error.status, headers, text)


@dataclass(slots=True)
class _Start:
    """What the application says first."""

    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        del exc_info
        self.status, self.headers = int(status[:3]), headers


class _File:
    """A file that is an answer, in blocks (WSGI's file_wrapper)."""

    def __init__(self, file: IO[bytes], block_size: int = 0) -> None:
        del block_size
        self.file = file

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(_BLOCK_BYTES), b"")

    def close(self) -> None:
        self.file.close()


def _answer(application: Wsgi, request: Environ, line: Line) -> None:
    start = _Start()
    try:
        answer = application(request, start)
        try:
            _send(answer, start, line)
        finally:
            if close := getattr(answer, "close", None):
                close()
    except Exception as error:  # noqa: BLE001 - Django answers its own; the server answers 500 where nothing was said
        log.error("answer_failed", error=failures.place(error))


def _send(answer: Iterable[bytes], start: _Start, line: Line) -> None:
    if not isinstance(answer, _File) and not getattr(answer, "streaming", False):
        line.response_bytes(start.status, start.headers, b"".join(answer))
        return
    blocks = iter(answer)
    first = next(blocks, b"")
    if isinstance(answer, _File) and len(first) < _BLOCK_BYTES:
        line.response_bytes(start.status, start.headers, first)
        return
    stream = line.response_stream(start.status, start.headers)
    stream.send_bytes(first)
    for block in blocks:
        stream.send_bytes(block)


def environ(scope: Scope, body: IO[bytes]) -> Environ:
    """The request as PEP 3333 has it: text is bytes, read as Latin-1."""
    server, _, port = scope.server.rpartition(":")
    found = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _bytes_as_text(scope.path),
        "QUERY_STRING": _bytes_as_text(scope.query_string),
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "REMOTE_ADDR": address(scope),
        "HTTP_HOST": scope.authority or "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": _File,
    }
    found |= _headers(scope)
    if "HTTP_TRANSFER_ENCODING" in found:  # it came in pieces, and is whole now
        found["CONTENT_LENGTH"] = str(_size(body))
    return found


def address(scope: Scope) -> str:
    """Of the client, without its port."""
    return scope.client.rpartition(":")[0].strip("[]")


def _headers(scope: Scope) -> dict[str, str]:
    """A name with an underscore is left out: it would be read as the one with a hyphen, which a proxy watches over."""
    found: dict[str, str] = {}
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = _KEYS.get(name) or "HTTP_" + name.upper().replace("-", "_")
        found[key] = f"{found[key]}{'; ' if name == 'cookie' else ','}{value}" if key in found else value
    return found


_KEYS = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


def _bytes_as_text(text: str) -> str:
    return text.encode().decode("latin-1")
