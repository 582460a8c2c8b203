"""Many calls at one far side: by one thread over lines that are open, by others where a line has to be opened."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from martechops.lib import kept_lines
from martechops.lib.outward import Deadline
from tests.lines import Listener, heard
from workflows.connectors.base import Link
from workflows.connectors.webhook import Webhook
from workflows.runtime.calls import Turn, Watch
from workflows.runtime.effects import Claimed
from workflows.runtime.links import Health, Route
from workflows.runtime.settle import Called
from workflows.runtime.volley import Volley

SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS10ZXN0LWFsb25lIQ=="
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)

Answering = Callable[[socket.socket, int], bool]


class FarSide(Listener):
    """Answers each request as `answering` does, which is told how many there were on the line; False hangs up."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.keys: list[str] = []
        super().__init__(self._answer_them, path="/in")

    def _answer_them(self, line: socket.socket) -> None:
        for number in range(1_000):
            said = heard(line, until=b"}}")
            self.keys += [row[12:].decode() for row in said.split(b"\r\n") if row.startswith(b"webhook-id: ")]
            if not said or not self.answering(line, number):
                return


def plainly(line: socket.socket, number: int) -> bool:
    del number
    line.sendall(OK)
    return True


@pytest.fixture
def opened(settings: Settings) -> Iterator[Callable[[Answering], FarSide]]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    made: list[FarSide] = []

    def open_(answering: Answering = plainly) -> FarSide:
        made.append(FarSide(answering))
        return made[-1]

    yield open_
    for one in made:
        one.close()


@pytest.fixture
def volley() -> Iterator[Volley]:
    made = Volley()
    yield made
    made.close()


def turn(far_side: FarSide, *, deadline_seconds: float = 5.0, key: UUID | None = None) -> Turn:
    link = Link(
        system="hook",
        settings={"url": far_side.url},
        secrets={"secret": SECRET},
        deadline_seconds=deadline_seconds,
    )
    effect = Claimed(
        id=1,
        key=key or uuid4(),
        once_key=None,
        workflow_id=1,
        version_id=1,
        contact_id=1,
        content_id=None,
        step="tell",
        kind="call_webhook",
        system="hook",
        payload={},
        tries=1,
        fence=1,
        planned_at=AT,
        doubt_since=None,
        content={"body": {"name": "Lea"}},
    )
    return Turn(effect, Route("hook", Webhook(), link, 16, Health(), at_once=16), Watch(AT))


def all_heard(volley: Volley) -> list[Called]:
    heard: list[Called] = []
    while volley.under_way:
        heard += volley.heard(within_seconds=10)
    return heard


def states(called: list[Called]) -> list[str]:
    return [str(one.settled.state) for one in called]


def test_lines_that_hands_opened_are_used_by_one_thread(
    volley: Volley, opened: Callable[..., FarSide], monkeypatch: pytest.MonkeyPatch
) -> None:
    far_side = opened()
    for _ in range(3):
        volley.begin(turn(far_side))
    assert states(all_heard(volley)) == ["done"] * 3
    monkeypatch.setattr(Volley, "_give_to_a_hand", lambda self, call: pytest.fail("a hand was asked"))
    for _ in range(5):
        for _ in range(far_side.lines):
            volley.begin(turn(far_side))
        assert set(states(all_heard(volley))) == {"done"}
    assert far_side.lines <= 3


def test_all_are_asked_before_the_first_answers(volley: Volley, opened: Callable[..., FarSide]) -> None:
    everybody = threading.Barrier(4)

    def together(line: socket.socket, number: int) -> bool:
        everybody.wait(10)
        return plainly(line, number)

    far_side = opened(together)
    for _ in range(2):
        for _ in range(4):
            volley.begin(turn(far_side))
        assert states(all_heard(volley)) == ["done"] * 4


def test_line_that_is_hung_up_as_it_is_used_is_replaced(volley: Volley, opened: Callable[..., FarSide]) -> None:
    far_side = opened(lambda line, number: number < 1 and plainly(line, number))
    volley.begin(turn(far_side))
    assert states(all_heard(volley)) == ["done"]
    again = turn(far_side)
    volley.begin(again)
    assert states(all_heard(volley)) == ["done"]
    assert far_side.keys.count(str(again.effect.key)) in (1, 2)


@pytest.mark.parametrize(
    "pieces",
    [
        (OK[:20], OK[20:]),
        (OK[:-2], OK[-2:]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n", b"{}\r\n0\r\n\r\n"),
    ],
    ids=["within its head", "before its body", "chunked"],
)
def test_answer_in_pieces_is_waited_for(
    volley: Volley, opened: Callable[..., FarSide], pieces: tuple[bytes, bytes]
) -> None:
    heard_the_first = threading.Event()

    def in_pieces(line: socket.socket, number: int) -> bool:
        if not number:
            return plainly(line, number)
        line.sendall(pieces[0])
        heard_the_first.wait(0.05)
        line.sendall(pieces[1])
        return True

    far_side = opened(in_pieces)
    for _ in range(3):
        volley.begin(turn(far_side))
        assert states(all_heard(volley)) == ["done"]
    assert far_side.lines == 1


def test_far_side_that_says_nothing_is_given_up_at_its_deadline(volley: Volley, opened: Callable[..., FarSide]) -> None:
    over = threading.Event()
    far_side = opened(lambda line, number: plainly(line, number) if not number else over.wait(10))
    volley.begin(turn(far_side))
    all_heard(volley)
    volley.begin(turn(far_side, deadline_seconds=0.2))
    (called,) = all_heard(volley)
    over.set()
    assert (called.settled.state, called.failed) == ("planned", True)
    assert "no whole answer came" in called.settled.reason


def test_answer_that_came_while_nobody_looked_counts(volley: Volley, opened: Callable[..., FarSide]) -> None:
    """The lane was busy with its database for longer than the far side had time."""
    answered = threading.Event()

    def then_say_so(line: socket.socket, number: int) -> bool:
        plainly(line, number)
        if number:
            answered.set()
        return True

    far_side = opened(then_say_so)
    volley.begin(turn(far_side))
    all_heard(volley)
    volley.begin(turn(far_side, deadline_seconds=0.05))
    assert answered.wait(5)
    threading.Event().wait(0.1)
    assert states(all_heard(volley)) == ["done"]


def test_busy_far_side_is_told_from_a_broken_one(volley: Volley, opened: Callable[..., FarSide]) -> None:
    def busy(line: socket.socket, number: int) -> bool:
        line.sendall(b"HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n" if number else OK)
        return True

    far_side = opened(busy)
    volley.begin(turn(far_side))
    all_heard(volley)
    volley.begin(turn(far_side))
    (called,) = all_heard(volley)
    assert (called.settled.state, called.after_seconds, called.failed) == ("planned", 7, False)


def test_secure_line_with_nothing_to_be_read_yet_is_waited_for() -> None:
    """Between the records of an answer TLS says things of its own, which wake whoever waits."""

    class Quiet:
        said = False

        def settimeout(self, seconds: float) -> None:
            assert seconds == 0

        def recv(self, size: int) -> bytes:
            assert size
            if not self.said:
                self.said = True
                raise ssl.SSLWantReadError
            return OK

    place = kept_lines.Place("example.com", 443, secure=True)
    line = kept_lines.Line(place, Quiet(), Deadline.after(5))  # type: ignore[arg-type]
    assert line.hear_now() is None
    assert not line.heard
    assert line.hear_now() == OK
