"""E-mail by SMTP: messages that are put together safely, and one exchange that ends at a deadline.

A server takes a message by its last line, a lone dot; one that breaks off before drops it (RFC 5321, 3.8 and 4.1.1.4).
From then on only its own answer tells what became of it: whatever goes wrong in between is `Doubtful`, never a failure
and never a success.
"""

import contextlib
import email.policy
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from martechops.lib import clock
from martechops.lib.outward import Deadline, NotAllowedThere, connect

#: Scheme of an address → its usual port, and how TLS begins.
_SCHEMES = {"smtp": (25, ""), "smtp+tls": (587, "starttls"), "smtps": (465, "tls"), "smtp+ssl": (465, "tls")}
_BAD_IN_HEADERS = ("\r", "\n", "\0")
_READY_FOR_DATA = 354
#: Ends a message.
_LAST_LINE = b".\r\n"


class BadMail(Exception):
    """The message or the address of the server cannot be used; the message says what to mend."""


class Rejected(Exception):
    """The server will not take it, now or later."""


class Busy(Exception):
    """Not taken, and may be tried again; `for_all` if the server turns everybody away and not just this message."""

    def __init__(self, says: str, *, for_all: bool) -> None:
        super().__init__(says)
        self.for_all = for_all


class Doubtful(Exception):
    """All of the message left, and no answer came: nobody knows whether it was taken."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = ""
    #: Named by the installation's own environment, so it may be on this machine or network.
    trusted: bool = False

    @classmethod
    def at(cls, url: str, *, trusted: bool = False) -> "Server":
        """`smtp://`, `smtp+tls://` (STARTTLS) or `smtps://`, with user and password percent-encoded. Raises `BadMail`.

        >>> Server.at("smtp+tls://ana:p%40ss@mail.example.com").port
        587
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise BadMail("this is not the address of a mail server") from None
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise BadMail("the address of a mail server is smtp://…, smtp+tls://… or smtps://… with a host")
        usual, tls = _SCHEMES[parts.scheme]
        return cls(
            host=parts.hostname,
            port=port or usual,
            tls=tls,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            trusted=trusted,
        )


@dataclass(frozen=True, slots=True)
class File:
    """What goes with a message: a table as text, or pages as PDF."""

    name: str
    content: str | bytes


def message(
    *,
    to: str,
    sender: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    headers: Mapping[str, str],
    others: Sequence[str] = (),
    file: File | None = None,
) -> EmailMessage:
    """Text with its HTML beside it. Raises `BadMail`: nothing that a header could be broken by gets into one (S7).

    `to` is one mailbox, whatever it holds; `others` are further ones, each by itself.
    """
    known = {"To": to, "From": sender, "Subject": subject, "Message-ID": message_id, **headers}
    for name, value in [*known.items(), *(("To", other) for other in others)]:
        if any(character in f"{name}{value}" for character in _BAD_IN_HEADERS):
            raise BadMail(f"the header {name} would hold a line break")
    mail = EmailMessage(policy=email.policy.SMTP)
    try:
        mail["From"] = _address(sender)
        mail["To"] = [_address(one) for one in (to, *others)]
        mail["Subject"] = subject
    except (ValueError, IndexError, TypeError):
        raise BadMail("it is not addressed to one mailbox") from None
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = message_id
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    if file and isinstance(file.content, str):
        mail.add_attachment(file.content, subtype="csv", filename=file.name)
    elif file:
        mail.add_attachment(file.content, maintype="application", subtype="pdf", filename=file.name)
    return mail


def domain_of(sender: str) -> str:
    """Of an address such as `Ana <ana@example.com>`; empty for none.

    >>> domain_of("Ana <ana@example.com>"), domain_of("nobody")
    ('example.com', '')
    """
    return parseaddr(sender)[1].partition("@")[2]


def send(
    mail: EmailMessage, *, server: Server, deadline_seconds: float, leaves: Callable[[], None] = lambda: None
) -> str:
    """Hand it over; returns what the server said. Raises `Rejected`, `Busy`, `Doubtful`.

    `leaves` is called before the last line of the message goes out; what it raises comes through, and nothing was sent.
    """
    deadline = Deadline.after(deadline_seconds)
    try:
        link = connect(server.host, server.port, deadline=deadline, trusted=server.trusted)
    except NotAllowedThere as error:
        raise Rejected(f"the mail server cannot be used: {error}") from None
    except OSError as error:
        raise Busy(f"no connection to the mail server ({type(error).__name__})", for_all=True) from None
    with _cut_off(link, deadline), _Session(link, deadline) as session:
        return _hand_over(session, mail, server, leaves)


def _hand_over(session: "_Session", mail: EmailMessage, server: Server, leaves: Callable[[], None]) -> str:
    body = _dotted(mail.as_bytes(policy=mail.policy))
    try:
        session.open(server)
        _must(session.mail(str(mail["From"].addresses[0].addr_spec)))
        refused = _name_readers(session, mail)
        code, said = session.docmd("DATA")
        if code != _READY_FOR_DATA:
            _must((code, said))
        session.is_inside = True
        session.send(body)
    except smtplib.SMTPResponseException as error:
        raise _answer(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError as error:
        raise Rejected(f"the mail server cannot do what its address asks for: {error}") from None
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Busy(f"the mail server broke off ({type(error).__name__})", for_all=True) from None
    leaves()
    try:
        session.send(_LAST_LINE)
        code, said = session.getreply()
        session.is_inside = False
    except (smtplib.SMTPException, OSError) as error:
        raise Doubtful(f"the message left and the server did not answer ({type(error).__name__})") from None
    _must((code, said))
    return "; ".join([f"{code} {_words(said)}", *refused])


def _name_readers(session: "_Session", mail: EmailMessage) -> list[str]:
    """Every mailbox that it is for; in words, which of them the server refuses for good where it takes another.

    Raises `Rejected` where it takes none, and `Busy` where one is to be tried later: nothing has left, so all are.
    """
    readers = mail["To"].addresses
    refused: list[str] = []
    for reader in readers:
        try:
            _must(session.rcpt(str(reader.addr_spec)))
        except Rejected as error:
            if len(readers) == len(refused) + 1:
                raise
            refused.append(f"one of {len(readers)} mailboxes is refused: {error}")
    return refused


def _must(reply: tuple[int, bytes]) -> None:
    code, said = reply
    if not 200 <= code < 300:
        raise _answer(code, said)


def _answer(code: int, said: bytes | str) -> Rejected | Busy:
    """4xx means later, 5xx never; 421 is the server closing for everybody (RFC 5321)."""
    words = f"{code} {_words(said)}"
    if code == 535:
        return Busy(f"the mail server does not accept the user name and password: {words}", for_all=True)
    return Busy(words, for_all=code in (421, 454)) if 400 <= code < 500 else Rejected(words)


def _words(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:300]


def _dotted(body: bytes) -> bytes:
    """Lines that begin with a dot get another, because a lone one ends it (RFC 5321, 4.5.2)."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    return b"\r\n".join([b"." + line if line.startswith(b".") else line for line in lines] + [b""])


def _address(text: str) -> Address:
    """One mailbox, its display name kept apart from the address."""
    name, address = parseaddr(text)
    if not address or "@" not in address:
        raise ValueError(text)
    return Address(display_name=name, addr_spec=address)


class _Session(smtplib.SMTP):
    """smtplib on a socket that is connected already."""

    def __init__(self, link: socket.socket, deadline: Deadline) -> None:
        #: A message has begun, and no answer to it has come: whatever is said would be taken for a part of it.
        self.is_inside = False
        self._ready = link
        super().__init__(timeout=deadline.left(), local_hostname="localhost")

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del host, port
        self._ready.settimeout(timeout)
        return self._ready

    def open(self, server: Server) -> None:
        """Greeting, TLS and login. Raises what smtplib raises."""
        self._host = server.host
        if server.tls == "tls":
            self._ready = ssl.create_default_context().wrap_socket(self._ready, server_hostname=server.host)
        code, said = self.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        if server.tls == "starttls":
            self.starttls(context=ssl.create_default_context())
        self.ehlo_or_helo_if_needed()
        if server.user:
            self.login(server.user, server.password)

    def __exit__(self, *raised: object) -> None:
        """Say good-bye if there is somebody to say it to; what was answered counts already."""
        with contextlib.suppress(smtplib.SMTPException, OSError):
            if not self.is_inside:
                self.docmd("QUIT")
        self.close()


@contextlib.contextmanager
def _cut_off(link: socket.socket, deadline: Deadline) -> Iterator[None]:
    """Shut the socket at the deadline: a server that sends a byte now and then would outlast any wait for one."""

    def shut() -> None:
        with contextlib.suppress(OSError):
            link.shutdown(socket.SHUT_RDWR)

    clock_work = threading.Timer(deadline.left(), shut)
    clock_work.daemon = True
    clock_work.start()
    try:
        yield
    finally:
        clock_work.cancel()
