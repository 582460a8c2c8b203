"""A name server that does not answer holds up nobody but those who wait for that name, and those not for long."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from martechops.lib import http, lookups, mail
from martechops.lib.outward import Deadline, connect

#: Far longer than any deadline here: whoever waited for the resolver itself would be noticed.
FAR_TOO_LONG_SECONDS = 20


class Resolver:
    """Answers for names at once, except for those that end in `.hangs`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.over = threading.Event()

    def getaddrinfo(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        if host.endswith(".hangs"):
            self.over.wait(60)
            raise socket.gaierror("the name server is gone")
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Resolver]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    fake = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", fake.getaddrinfo)
    yield fake
    fake.over.set()
    for thread in threading.enumerate():
        if thread.name == "look-up":
            thread.join(timeout=10)


def test_request_to_a_name_that_is_not_found_in_time_did_not_leave(resolver: Resolver) -> None:
    begun = time.monotonic()
    with pytest.raises(http.NotSent):
        http.post("http://crm.hangs/in", body=b"{}", headers={}, deadline_seconds=0.3)
    assert time.monotonic() - begun < FAR_TOO_LONG_SECONDS


def test_mail_server_whose_name_is_not_found_in_time_is_tried_later(resolver: Resolver) -> None:
    message = mail.message(
        to="lea@example.com", sender="a@example.com", subject="x", text="x", html="", message_id="<1@x>", headers={}
    )
    with pytest.raises(mail.Busy) as caught:
        mail.send(message, server=mail.Server.at("smtp://mail.hangs"), deadline_seconds=0.3)
    assert caught.value.for_all


def test_many_who_wait_for_one_name_cost_one_look_up(resolver: Resolver) -> None:
    ended: list[type[Exception]] = []

    def ask() -> None:
        try:
            lookups.addresses("crm.hangs", 443, within_seconds=0.3)
        except TimeoutError as error:
            ended.append(type(error))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=FAR_TOO_LONG_SECONDS)
    assert len(ended) == 20
    assert resolver.asked == ["crm.hangs"]


def test_neighbour_is_found_while_others_hang(resolver: Resolver) -> None:
    for number in range(10):
        with pytest.raises(TimeoutError):
            lookups.addresses(f"crm{number}.hangs", 443, within_seconds=0.01)
    assert lookups.addresses("mail.example", 25, within_seconds=FAR_TOO_LONG_SECONDS) == [
        (socket.AF_INET, ("127.0.0.1", 25))
    ]


def test_look_ups_that_hang_do_not_pile_up(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MOST_AT_ONCE", 3)
    for number in range(3):
        with pytest.raises(TimeoutError):
            lookups.addresses(f"crm{number}.hangs", 443, within_seconds=0.01)
    with pytest.raises(OSError, match="too many names"):
        connect("crm4.hangs", 443, deadline=Deadline.after(0.01))
    assert len(resolver.asked) == 3


def test_name_is_looked_up_anew_once_the_answer_was_given(resolver: Resolver) -> None:
    for _ in range(2):
        assert lookups.addresses("mail.example", 25, within_seconds=FAR_TOO_LONG_SECONDS)
    assert resolver.asked == ["mail.example"] * 2


def test_name_that_is_none_says_so() -> None:
    with pytest.raises(OSError, match="no name of a host"):
        lookups.addresses("x" * 64 + ".example", 443, within_seconds=FAR_TOO_LONG_SECONDS)
