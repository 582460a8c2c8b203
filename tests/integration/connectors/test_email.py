"""E-mail over a real SMTP server on loopback: what leaves, what is refused, and what is not known."""

import email
import email.policy
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_django import Settings

from tests.chaos.sink import Sink, running
from tests.installations import free_port
from workflows.connectors.base import Link, Refused, Request, TooLate, TryLater, Unknown
from workflows.connectors.email import Email


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    with running(tmp_path / "journal") as started:
        yield started


def request(**changes: Any) -> Request:
    content = {
        "to": "Lea <lea@example.com>",
        "sender": "Ana at Brightwater <ana@brightwater.example>",
        "subject": "Grüße",
        "text": "Hello Lea.\n.\nA line with a dot above.",
        "html": "<p>Hello Lea.</p>",
        "unsubscribe": "https://ops.example.com/u/token/",
    }
    return Request(uuid.UUID(int=7), "send_message", content | changes, Link(deadline_seconds=2), 1)


def test_message_arrives_with_text_and_html_and_one_click(sink: Sink, settings: Settings) -> None:
    settings.EMAIL_URL = sink.mail
    receipt = Email().perform(request())
    [hit] = sink.journal.hits()
    assert hit["to"] == "lea@example.com"
    message = email.message_from_string(hit["text"], policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert message["Message-ID"] == "<00000000-0000-0000-0000-000000000007@brightwater.example>"
    assert message["Subject"] == "Grüße"
    assert message["List-Unsubscribe"] == "<https://ops.example.com/u/token/>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert "A line with a dot above." in text.get_content()
    assert html is not None
    assert "<p>Hello Lea.</p>" in html.get_content()
    assert receipt.says == "taken by the mail server"


def test_same_request_has_the_same_message_id_ever_after(sink: Sink, settings: Settings) -> None:
    settings.EMAIL_URL = sink.mail
    Email().perform(request())
    Email().perform(request())
    assert len({hit["key"] for hit in sink.journal.hits()}) == 1


@pytest.mark.parametrize("where", ["to", "sender", "subject", "unsubscribe"])
@pytest.mark.parametrize("mark", ["\r\nBcc: all@example.com", "\nX: y", "\r", "\0"])
def test_header_injection_is_refused_before_anything_is_opened(where: str, mark: str, settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    with pytest.raises(Refused, match="line break"):
        Email().perform(request(**{where: f"a@example.com{mark}"}))


def test_two_addresses_are_not_one(settings: Settings) -> None:
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    with pytest.raises(Refused, match="one mailbox"):
        Email().perform(request(to="not an address"))


def test_nobody_who_listens_is_a_later_try_of_the_connection(settings: Settings) -> None:
    settings.EMAIL_URL = f"smtp://127.0.0.1:{free_port()}"
    with pytest.raises(TryLater) as raised:
        Email().perform(request())
    assert raised.value.for_all


def test_mail_server_that_people_type_in_is_not_on_this_machine(sink: Sink) -> None:
    typed = Request(uuid.uuid4(), "send_message", request().content, Link(secrets={"url": sink.mail}))
    with pytest.raises(Refused, match="private or special"):
        Email().perform(typed)


class _Answers:
    """Says what it is told at one point of the exchange."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if "rcpt" in self.answers:
            return self.answers["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return self.answers.get("data", "250 OK")


@pytest.mark.parametrize(
    ("answers", "expected", "for_all"),
    [
        ({"rcpt": "550 no such mailbox"}, Refused, None),
        ({"rcpt": "450 greylisted"}, TryLater, False),
        ({"data": "554 spam"}, Refused, None),
        ({"data": "452 full"}, TryLater, False),
        ({"data": "421 closing"}, TryLater, True),
    ],
)
def test_answer_of_the_server_is_read_by_its_code(
    answers: dict[str, str], expected: type[Exception], for_all: bool | None, settings: Settings
) -> None:
    post = Controller(_Answers(**answers), hostname="127.0.0.1", port=free_port())
    post.start()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{post.port}"
    try:
        with pytest.raises(expected) as raised:
            Email().perform(request())
    finally:
        post.stop()
    assert getattr(raised.value, "for_all", None) == for_all


def server_that(script: list[bytes], *, then_hang: bool = False, drip: bool = False) -> tuple[int, threading.Event]:
    """A server that says these lines in turn, whatever it is told; then hangs up, or says nothing more."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        near, _ = listening.accept()
        with near, listening:
            for number, line in enumerate(script):
                if number:
                    near.recv(65_536)
                for piece in [bytes([one]) for one in line] if drip else [line]:
                    try:
                        near.sendall(piece)
                    except OSError:
                        return
                    over.wait(0.3 if drip else 0)
            if then_hang:
                over.wait(20)
            else:
                near.recv(65_536)

    threading.Thread(target=serve, daemon=True).start()
    return listening.getsockname()[1], over


class _Post:
    """Takes mail for whoever is not said to be refused, and tells for whom it took what."""

    def __init__(self, **refused: str) -> None:
        self.refused, self.taken = refused, list[tuple[list[str], bytes]]()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if answer := self.refused.get(address.partition("@")[0]):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append((list(envelope.rcpt_tos), envelope.content))
        return "250 OK"


@contextmanager
def post_office(settings: Settings, **refused: str) -> Iterator[_Post]:
    post = _Post(**refused)
    office = Controller(post, hostname="127.0.0.1", port=free_port())
    office.start()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{office.port}"
    try:
        yield post
    finally:
        office.stop()


_READERS = ["sal@example.com", "Ana <ana@example.com>"]


def test_report_is_handed_over_for_every_reader(settings: Settings) -> None:
    with post_office(settings) as post:
        Email().perform(request(readers=_READERS))
    assert [to for to, _ in post.taken] == [["sal@example.com", "ana@example.com"]]


def test_reader_whose_mailbox_is_gone_keeps_it_from_nobody_else(settings: Settings) -> None:
    with post_office(settings, sal="550 no such mailbox") as post:
        receipt = Email().perform(request(readers=_READERS))
    assert [to for to, _ in post.taken] == [["ana@example.com"]]
    assert "one of 2 mailboxes is refused: 550 no such mailbox" in receipt.details["answer"]


@pytest.mark.parametrize(
    ("refused", "expected"),
    [({"sal": "550 gone", "ana": "550 gone"}, Refused), ({"ana": "450 greylisted"}, TryLater)],
    ids=["nobody is left", "one is to be tried later"],
)
def test_report_goes_to_nobody_where_none_takes_it_or_one_is_later(
    refused: dict[str, str], expected: type[Exception], settings: Settings
) -> None:
    with post_office(settings, **refused) as post, pytest.raises(expected):
        Email().perform(request(readers=_READERS))
    assert not post.taken


_UP_TO_DATA = [b"220 hello\r\n", b"250 mx\r\n", b"250 OK\r\n", b"250 OK\r\n", b"354 go on\r\n"]


@pytest.mark.parametrize("then_hang", [True, False], ids=["hangs", "hangs up"])
def test_silence_after_the_message_left_is_not_known(then_hang: bool, settings: Settings) -> None:
    port, over = server_that(_UP_TO_DATA, then_hang=then_hang)
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    with pytest.raises(Unknown):
        Email().perform(request())
    over.set()


def test_server_that_hangs_up_before_the_last_line_has_taken_nothing(settings: Settings) -> None:
    port, over = server_that(_UP_TO_DATA)
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    with pytest.raises(TryLater):
        Email().perform(request(text="A line.\n" * 2_000_000))  # more than the two kernels keep between them
    over.set()


def test_message_that_is_not_to_leave_any_more_is_not_taken(sink: Sink, settings: Settings) -> None:
    settings.EMAIL_URL = sink.mail

    def stays() -> None:
        raise TooLate("its lease is over")

    with pytest.raises(TooLate):
        Email().perform(replace(request(), leaves=stays))
    assert sink.journal.hits() == []
    Email().perform(request())
    assert len(sink.journal.hits()) == 1


def test_silence_before_the_message_left_is_a_later_try(settings: Settings) -> None:
    port, over = server_that(_UP_TO_DATA[:3], then_hang=True)
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    with pytest.raises(TryLater):
        Email().perform(request())
    over.set()


def test_server_that_drips_is_cut_off_at_the_deadline(settings: Settings) -> None:
    port, over = server_that([b"220-hello and hello and hello\r\n" * 9, b""], drip=True)
    settings.EMAIL_URL = f"smtp://127.0.0.1:{port}"
    with pytest.raises(TryLater):
        Email().perform(request())  # two seconds, though each wait for a byte is short
    over.set()
