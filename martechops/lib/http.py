"""The one client for requests to the outside (FAULTS S3, F23).

Addresses are checked (`outward`), redirects are answers like any other, the whole exchange ends at one deadline however
slowly bytes drip, and no more than 64 KB of an answer is read. A connection serves one request, unless the request is
`repeatable`: what is left open (`kept_lines`) may be closed by the far side just as the next request goes out, and then
nobody knows whether it arrived. Over lines that were left open one thread can ask many things before it hears the first
answer (`send`).

The standard library speaks HTTP here, on sockets of ours: a client of httpx2 made for a request took 1.3 ms of CPU, on
a loaded machine, where this takes a tenth of that on a line that is kept. Its reader of heads is that of e-mails, and
took a third of a call; so what nearly every answer is (whole, in one piece, of a length that it says) is read by
`_in_one_piece`, and any other by the library.
"""

import contextlib
import datetime as dates
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from http.client import HTTPException, HTTPResponse

import httpx2

from martechops.lib import clock, kept_lines
from martechops.lib.kept_lines import Line, Place
from martechops.lib.outward import Deadline, NotAllowedThere

MOST_BYTES = 64 * 1024
#: A request of this size fits into what the system takes over without a word from the far side.
_GOES_OUT_AT_ONCE = 8 * 1024
#: What a socket, or the reader of what it brings, raises when an exchange comes to nothing.
_BROKEN_OFF = (HTTPException, OSError, ValueError)
_STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9]{2})(?: |$)")
#: A Retry-After beyond this is taken for a mistake.
LONGEST_RETRY_AFTER_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as far as it was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    #: There was more than we read.
    cut: bool = False

    @property
    def retry_after_seconds(self) -> float:
        """How long the far side wants to be left alone, said in seconds or as a date; 0 if it did not say.

        A date is read by the far side's own clock, where it tells it: ours may be wrong (FAULTS F9).
        """
        return retry_after(self.headers.get("retry-after", ""), now=_date(self.headers.get("date", "")) or clock.now())


class BadAddress(Exception):
    """The address cannot be asked, now or later; the message says why."""


class NotSent(Exception):
    """The request did not leave: asking again cannot do anything twice."""


class NoAnswer(Exception):
    """The request left, at least in part, and no whole answer came."""


class NotWhole(Exception):
    """The answer has begun, and the rest has to be waited for."""


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], deadline_seconds: float, repeatable: bool = False
) -> Answer:
    """Ask once. Raises `BadAddress`, `NotSent`, `NoAnswer`.

    `repeatable`: the far side can tell a repeat by what the request says. Then a line that an earlier one left open is
    used, and where it turns out to be closed, the request is sent again over a new one.
    """
    request = _Request("POST", _target(url), body, headers)
    deadline = Deadline.after(deadline_seconds)
    if repeatable and (line := kept_lines.take(request.target.place)):
        with contextlib.suppress(kept_lines.WasClosed):
            return _ask(request, deadline, line=line, keep=True)
    return _ask(request, deadline, keep=repeatable)


def send(url: str, *, body: bytes, headers: Mapping[str, str], deadline_seconds: float) -> "Exchange | None":
    """A repeatable POST over a line that was left open, and its answer for later; None where `post` has to do it.

    Raises `BadAddress`, `NotSent`.
    """
    request = _Request("POST", _target(url), body, headers)
    text = _encoded(request, keep=True)
    line = kept_lines.take(request.target.place) if len(text) <= _GOES_OUT_AT_ONCE else None
    if line is None:
        return None
    try:
        line.begin(Deadline.after(deadline_seconds))
        line.send(text)
    except OSError:
        line.close()
        return None
    return Exchange(request, line)


def get(url: str, *, headers: Mapping[str, str], deadline_seconds: float, most_bytes: int = MOST_BYTES) -> Answer:
    """Ask once. Raises `BadAddress`, `NotSent`, `NoAnswer`."""
    return _ask(_Request("GET", _target(url), b"", headers, most_bytes), Deadline.after(deadline_seconds))


def check_url(url: str) -> None:
    """Raises `BadAddress` for what is no plain http or https address."""
    _target(url)


@lru_cache(maxsize=1_024)
def _target(url: str) -> "_Target":
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise BadAddress("this is not an address") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadAddress("an address begins with https:// (or http://) and names a host")
    if parsed.userinfo:
        raise BadAddress("an address must not carry a user name or a password")
    host, secure = parsed.raw_host.decode(), parsed.scheme == "https"
    place = Place(host, parsed.port or (443 if secure else 80), secure)
    return _Target(place, path=parsed.raw_path.decode(), named=parsed.netloc.decode())


def retry_after(text: str, *, now: dates.datetime) -> float:
    """Seconds that a Retry-After header asks for; 0 for none, and for one that cannot be read.

    >>> retry_after("120", now=dates.datetime(2026, 11, 2, tzinfo=dates.UTC))
    120.0
    >>> retry_after("Mon, 02 Nov 2026 00:01:00 GMT", now=dates.datetime(2026, 11, 2, tzinfo=dates.UTC))
    60.0
    """
    text = text.strip()
    if text.isdecimal() and len(text) < 9:
        return float(min(int(text), LONGEST_RETRY_AFTER_SECONDS))
    until = _date(text)
    return min(max(0.0, (until - now).total_seconds()), LONGEST_RETRY_AFTER_SECONDS) if until else 0.0


def _date(text: str) -> dates.datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=dates.UTC)


@dataclass(frozen=True, slots=True)
class _Target:
    """An address, taken apart."""

    place: Place
    path: str
    #: Host and port as the `Host` header says them.
    named: str


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    target: _Target
    body: bytes
    headers: Mapping[str, str]
    #: That are read of the answer.
    most_bytes: int = MOST_BYTES

    def encoded(self, *, keep: bool) -> bytes:
        """As it goes out. Raises ValueError for a header that would end its line."""
        said = {
            "Host": self.target.named,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "User-Agent": "martechops",
            "Connection": "keep-alive" if keep else "close",
            **self.headers,
        }
        if self.method != "GET":
            said["Content-Length"] = str(len(self.body))
        lines = [f"{self.method} {self.target.path} HTTP/1.1", *(f"{name}: {text}" for name, text in said.items())]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header must stay on its line")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


#: What went wrong on the way, and where to look; the first that fits.
_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (socket.gaierror, "nobody knows its host by that name; look for a slip in the address"),
    (ssl.SSLCertVerificationError, "its certificate is not for that name, or has run out; its owner has to renew it"),
    (ssl.SSLError, "no secure connection could be agreed on; look whether it is http in place of https"),
    (ConnectionRefusedError, "its host takes no connections there; look at the port, and whether it is up"),
    (TimeoutError, "it took too long; try again later"),
    (ConnectionError, "its host broke off; try again later"),
    (HTTPException, "what it answered is no HTTP"),
)


def _in_words(error: Exception) -> str:
    """
    >>> _in_words(ConnectionResetError())
    'its host broke off; try again later'
    >>> _in_words(OSError())
    'OSError'
    """
    return next((says for kind, says in _FAILURES if isinstance(error, kind)), type(error).__name__)


def _encoded(request: _Request, *, keep: bool) -> bytes:
    try:
        return request.encoded(keep=keep)
    except ValueError as error:
        raise NotSent(f"it cannot be sent: {error}") from None


def _ask(request: _Request, deadline: Deadline, *, line: Line | None = None, keep: bool = False) -> Answer:
    """Over a line that was kept or, without one, over a new one."""
    text, was_kept, whole = _encoded(request, keep=keep), line is not None, False
    try:
        line = line or kept_lines.connect(request.target.place, deadline, trust=_trust)
        line.begin(deadline)
        line.send(text)
        answer, whole = _read(line, request)
        return answer
    except NotAllowedThere as error:
        raise BadAddress(str(error)) from None
    except _BROKEN_OFF as error:
        if line is None or not line.wrote:
            raise NotSent(f"no connection could be made: {_in_words(error)}") from None
        raise _silence(line, error, was_kept=was_kept) from None
    finally:
        if line is not None:
            kept_lines.give_back(line) if keep and whole else line.close()


def _silence(line: Line, error: Exception, *, was_kept: bool) -> Exception:
    """What it means that no answer came over a line on which something was asked."""
    if was_kept and not line.heard and not isinstance(error, TimeoutError):
        return kept_lines.WasClosed()
    return NoAnswer(f"no whole answer came: {_in_words(error)}")


class Exchange:
    """What was asked over a line that was left open, until its answer is read; selectors can wait for it."""

    __slots__ = ("_line", "_request")

    def __init__(self, request: _Request, line: Line) -> None:
        self._request, self._line = request, line

    def fileno(self) -> int:
        return self._line.link.fileno()

    @property
    def ends(self) -> float:
        """By the monotonic clock."""
        return self._line.deadline.ends

    def answer(self) -> Answer | None:
        """Without waiting, once something has come; None where that was nothing yet.

        Raises `NotWhole`, `kept_lines.WasClosed`, `NoAnswer`.
        """
        line = self._line
        try:
            piece = line.hear_now()
            found = _in_one_piece(piece, most_bytes=self._request.most_bytes) if piece else None
        except _BROKEN_OFF as error:
            line.close()
            raise _silence(line, error, was_kept=True) from None
        if piece is None:
            return None
        if found is None:
            raise NotWhole
        answer, keeps = found
        line.unread = b""
        kept_lines.give_back(line) if keeps else line.close()
        return answer

    def rest(self) -> Answer:
        """Waited for, after `NotWhole`. Raises `kept_lines.WasClosed`, `NoAnswer`."""
        whole = False
        try:
            answer, whole = _read_on(self._line, self._request)
            return answer
        except _BROKEN_OFF as error:
            raise _silence(self._line, error, was_kept=True) from None
        finally:
            kept_lines.give_back(self._line) if whole else self._line.close()

    def give_up(self) -> NoAnswer:
        """Nothing more is waited for."""
        self._line.close()
        return NoAnswer(f"no whole answer came: {_in_words(TimeoutError())}")


def _read(line: Line, request: _Request) -> tuple[Answer, bool]:
    """As much as we are ready to hold, and whether the line can be used again."""
    if found := _in_one_piece(line.hear(), most_bytes=request.most_bytes):
        line.unread = b""
        return found
    return _read_on(line, request)


def _in_one_piece(piece: bytes, *, most_bytes: int) -> tuple[Answer, bool] | None:
    r"""An answer that has come whole and plain; None for any other.

    >>> _in_one_piece(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", most_bytes=9)
    (Answer(status=200, headers={'content-length': '2'}, body=b'{}', cut=False), True)
    >>> _in_one_piece(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", most_bytes=9)
    """
    head, ended, body = piece.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    status, headers = _STATUS.match(first), dict[str, str]()
    if not ended or status is None:
        return None
    for line in lines:
        name, colon, text = line.partition(":")
        name = name.lower()
        if not colon or not name.isprintable() or name.strip() != name or name in headers:
            return None
        headers[name] = text.strip()
    says = headers.get("content-length", "")
    size = int(says) if says.isascii() and says.isdecimal() and len(says) < 9 else len(body) + 1
    if size > min(len(body), most_bytes) or "transfer-encoding" in headers:
        return None
    # Whoever says more than he announced is not asked again on this line: what comes next would be read as the answer.
    keeps = size == len(body) and "close" not in headers.get("connection", "").lower()
    return Answer(int(status[1]), headers, body[:size]), keeps


def _read_on(line: Line, request: _Request) -> tuple[Answer, bool]:
    """The same for an answer of any kind, as the library reads it.

    What was said after the head is lost with the connection, but not the status.
    """
    response = HTTPResponse(line, method=request.method)  # type: ignore[arg-type]  # it is read like a socket
    response.begin()
    while 100 <= response.status < 200:  # what is said in advance
        response.headers = None  # type: ignore[assignment]
        response.begin()
    body, whole = b"", True
    try:
        while len(body) <= request.most_bytes and (part := response.read1(request.most_bytes)):
            body += part
    except (HTTPException, OSError, ValueError):
        whole = False
    headers = {name.lower(): value for name, value in response.getheaders()}
    cut = len(body) > request.most_bytes
    answer = Answer(status=response.status, headers=headers, body=body[: request.most_bytes], cut=cut)
    at_its_end = response.length == 0 or response.isclosed()
    return answer, whole and not cut and at_its_end and not response.will_close


@cache
def _trust() -> ssl.SSLContext:
    """Reading the system's certificates takes milliseconds, so it is done once."""
    return ssl.create_default_context()
