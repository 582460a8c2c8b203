"""A request as the web server hands it to an application on its event loop, and what is said to it."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from martechops.lib.rsgi.interface import Application

#: A chunk, or something that is awaited for it.
Piece = bytes | Callable[[], Awaitable[bytes]]


@dataclass(slots=True)
class Said:
    """The answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    times: int = 0


@dataclass(slots=True)
class _Headers:
    given: dict[str, str]

    def get(self, name: str, /) -> str | None:
        return self.given.get(name)

    def keys(self) -> list[str]:
        return list(self.given)

    def items(self) -> list[tuple[str, str]]:
        return list(self.given.items())


@dataclass(slots=True)
class _Scope:
    headers: Any
    path: str = "/"
    method: str = "POST"
    query_string: str = ""
    http_version: str = "1.1"
    scheme: str = "http"
    authority: str | None = None
    client: str = "192.0.2.7:40000"
    server: str = "127.0.0.1:8000"


@dataclass(slots=True)
class _Line:
    """Whether a body may be read at all: not where `pieces` is None."""

    pieces: Iterator[Piece] | None
    said: Said = field(default_factory=Said)

    def __aiter__(self) -> Any:
        assert self.pieces is not None, "was read"
        return self

    async def __anext__(self) -> bytes:
        assert self.pieces is not None
        piece = next(self.pieces, b"")
        return piece if isinstance(piece, bytes) else await piece()

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes, /) -> None:
        self.said.status, self.said.headers, self.said.body = status, dict(headers), body
        self.said.times += 1

    def response_stream(self, status: int, headers: list[tuple[str, str]], /) -> Any:
        self.response_bytes(status, headers, b"")
        return self

    def send_bytes(self, data: bytes, /) -> None:
        self.said.body += data


async def call_application(
    application: Application,
    body: bytes,
    *,
    headers: dict[str, str | None],
    pieces: Iterable[Piece] | None = (),
    **scope: Any,
) -> Said:
    """The body comes at once, or in `pieces`. A header that is None is not there."""
    line = _Line(None if pieces is None else iter(pieces or [body]))
    given = {name: value for name, value in headers.items() if value is not None}
    await application(_Scope(_Headers(given), **scope), line)
    assert line.said.times == 1
    return line.said
