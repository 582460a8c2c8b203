"""What the server hands over (RSGI 1.5, granian), as far as it is used here."""

from collections.abc import Awaitable, Callable
from typing import Protocol


class Headers(Protocol):
    """Names in small letters. A value that is not plain ASCII is left out by `get` and `items`."""

    def get(self, name: str, /) -> str | None: ...
    def keys(self) -> list[str]: ...
    def items(self) -> list[tuple[str, str]]: ...


class Scope(Protocol):
    """A request's head."""

    @property
    def http_version(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def scheme(self) -> str: ...
    #: Decoded; what is no UTF-8 is replaced.
    @property
    def path(self) -> str: ...
    @property
    def query_string(self) -> str: ...
    #: Of HTTP/2, which has no Host header.
    @property
    def authority(self) -> str | None: ...
    #: Address and port.
    @property
    def client(self) -> str: ...
    @property
    def server(self) -> str: ...
    @property
    def headers(self) -> Headers: ...


class Chunks(Protocol):
    """A body as it comes; the last chunk, or one after the last, is empty."""

    def __anext__(self) -> Awaitable[bytes]: ...


class Stream(Protocol):
    """The way back for an answer that is sent in pieces; it keeps what the client does not take yet."""

    def send_bytes(self, data: bytes, /) -> Awaitable[None]: ...


class Line(Protocol):
    """The way of one request's body and of its answer; an answer can be given from any thread."""

    def __aiter__(self) -> Chunks: ...
    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes, /) -> None: ...
    def response_stream(self, status: int, headers: list[tuple[str, str]], /) -> Stream: ...


Application = Callable[[Scope, Line], Awaitable[None]]
