"""A request's body with a cap on every byte, before and while inflating (FAULTS F11, S11)."""

import zlib

from django.http import HttpRequest
from django.http.request import UnreadablePostError


class BadBody(ValueError):
    """The body cannot be read as it was announced, or is too large; the message is for its sender."""


def read(request: HttpRequest, *, at_most: int) -> bytes:
    """The body, inflated where it is gzip. Reads and holds at most `at_most` bytes of either form; raises BadBody."""
    is_zipped = says_gzip(request.META.get("HTTP_CONTENT_ENCODING"))
    raw = _raw(request, at_most=at_most)
    return inflate(raw, at_most=at_most) if is_zipped else raw


def says_gzip(encoding: str | None) -> bool:
    """What Content-Encoding says. Raises BadBody where it is another one."""
    said = (encoding or "").strip().lower()
    if said not in {"identity", "gzip", ""}:
        raise BadBody("Content-Encoding must be gzip or absent")
    return said == "gzip"


def inflate(raw: bytes, *, at_most: int) -> bytes:
    """What one gzip member holds. Stops at `at_most` bytes however small the bomb is; raises BadBody.

    >>> import gzip
    >>> inflate(gzip.compress(b"hello"), at_most=5)
    b'hello'
    """
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = stream.decompress(raw, at_most + 1)
    except zlib.error:
        raise BadBody("the body is not gzip") from None
    if len(text) > at_most:
        raise too_large(at_most)
    if not stream.eof or stream.unused_data:
        raise BadBody("the gzip body is cut off or has something after its end")
    return text


def _raw(request: HttpRequest, *, at_most: int) -> bytes:
    announced = _announced_length(request)
    if announced is not None and announced > at_most:
        raise too_large(at_most)
    # Django reads nothing without a Content-Length; a server that ends the input itself is read to its end (chunked).
    ends_itself = announced is None and request.META.get("wsgi.input_terminated")
    source = request.META["wsgi.input"] if ends_itself else request
    try:
        raw: bytes = source.read(at_most + 1)
    except (UnreadablePostError, OSError):
        raise BadBody("the body could not be read to its end") from None
    if len(raw) > at_most:
        raise too_large(at_most)
    if announced is not None and len(raw) < announced:
        raise BadBody(f"the body ended after {len(raw)} of {announced} bytes")
    return raw


def _announced_length(request: HttpRequest) -> int | None:
    spelling = request.META.get("CONTENT_LENGTH") or ""
    if not spelling:
        return None
    if not (spelling.isascii() and spelling.isdigit()) or len(spelling) > 18:
        raise BadBody("Content-Length must be a number")
    return int(spelling)


def too_large(at_most: int) -> BadBody:
    """What is said of a body that is larger."""
    return BadBody(f"the body is larger than {at_most // 1024} KB")
