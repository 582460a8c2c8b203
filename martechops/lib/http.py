"""The one client for requests to the outside (FAULTS S3, F23).

Addresses are checked (`outward`), redirects are answers like any other, the whole exchange ends at one deadline however
slowly bytes drip, and no more than 64 KB of an answer is read. A connection serves one request: what is left open may
be closed by the far side just as the next request goes out, and then nobody knows whether it arrived.
"""

import datetime as dates
import functools
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore2
import httpx2

from martechops.lib import clock
from martechops.lib.outward import Deadline, NotAllowedThere, connect

MOST_BYTES = 64 * 1024
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


def post(url: str, *, body: bytes, headers: Mapping[str, str], deadline_seconds: float) -> Answer:
    """Ask once. Raises `BadAddress`, `NotSent`, `NoAnswer`."""
    return _ask("POST", url, body=body, headers=headers, deadline_seconds=deadline_seconds)


def get(url: str, *, headers: Mapping[str, str], deadline_seconds: float, most_bytes: int = MOST_BYTES) -> Answer:
    """Ask once. Raises `BadAddress`, `NotSent`, `NoAnswer`."""
    return _ask("GET", url, body=b"", headers=headers, deadline_seconds=deadline_seconds, most_bytes=most_bytes)


def check_url(url: str) -> None:
    """Raises `BadAddress` for what is no plain http or https address."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise BadAddress("this is not an address") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadAddress("an address begins with https:// (or http://) and names a host")
    if parsed.userinfo:
        raise BadAddress("an address must not carry a user name or a password")


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


def _ask(
    method: str,
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    deadline_seconds: float,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    check_url(url)
    outside = _Outside(Deadline.after(deadline_seconds))
    transport = httpx2.HTTPTransport(verify=_trust())
    transport._pool = httpcore2.ConnectionPool(ssl_context=_trust(), network_backend=outside)
    try:
        with httpx2.Client(transport=transport, follow_redirects=False, trust_env=False, timeout=None) as client:
            request = client.build_request(
                method, url, content=body, headers={"Accept-Encoding": "identity", **headers}
            )
            answer = client.send(request, stream=True)
            try:
                return _read(answer, most_bytes)
            finally:
                answer.close()
    except NotAllowedThere as error:
        raise BadAddress(str(error)) from None
    except (httpx2.HTTPError, OSError, ValueError) as error:
        if outside.refused:
            raise BadAddress("it leads to an address that is private or special") from None
        if not outside.wrote:
            raise NotSent(f"no connection could be made ({type(error).__name__})") from None
        raise NoAnswer(f"no whole answer came ({type(error).__name__})") from None
    finally:
        outside.close()


def _read(answer: httpx2.Response, most_bytes: int) -> Answer:
    """As much as we are ready to hold. What was said after the head is lost with the connection, but not the status."""
    body = b""
    try:
        for part in answer.iter_raw():
            body += part
            if len(body) > most_bytes:
                break
    except (httpx2.HTTPError, OSError):
        pass
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(status=answer.status_code, headers=headers, body=body[:most_bytes], cut=len(body) > most_bytes)


@functools.cache
def _trust() -> ssl.SSLContext:
    """Reading the system's certificates takes milliseconds, so it is done once."""
    return ssl.create_default_context()


class _Outside(httpcore2.NetworkBackend):
    """Opens checked sockets that know when everything has to be over, and whether anything was written."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.wrote = False
        self.refused = False
        self._links: list[socket.socket] = []

    def close(self) -> None:
        """Whatever is still open, however the exchange ended."""
        for link in self._links:
            link.close()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        del timeout, local_address, socket_options
        try:
            link = connect(host, port, deadline=self.deadline)
            self._links.append(link)
            return _Stream(link, self)
        except NotAllowedThere as error:
            self.refused = True
            raise httpcore2.ConnectError(str(error)) from None
        except OSError as error:
            raise httpcore2.ConnectError(type(error).__name__) from None

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        raise httpcore2.ConnectError("no sockets of this machine")


class _Stream(httpcore2.NetworkStream):
    """A socket on which every wait is cut to what is left of the whole."""

    def __init__(self, link: Any, outside: _Outside) -> None:
        self._link = link
        self._outside = outside

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        try:
            self._link.settimeout(self._outside.deadline.left())
            received: bytes = self._link.recv(max_bytes)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout(str(error)) from None
        except OSError as error:
            raise httpcore2.ReadError(type(error).__name__) from None
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        if not buffer:
            return
        try:
            self._link.settimeout(self._outside.deadline.left())
            self._outside.wrote = True
            self._link.sendall(buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout(str(error)) from None
        except OSError as error:
            raise httpcore2.WriteError(type(error).__name__) from None

    def close(self) -> None:
        self._link.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        del timeout
        try:
            self._link.settimeout(self._outside.deadline.left())
            wrapped = ssl_context.wrap_socket(self._link, server_hostname=server_hostname)
            self._outside._links.append(wrapped)
            return _Stream(wrapped, self._outside)
        except OSError as error:
            self.close()
            raise httpcore2.ConnectError(type(error).__name__) from None

    def get_extra_info(self, info: str) -> Any:
        return None
