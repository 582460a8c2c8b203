"""Calls under way at one far side: one thread asks and hears over all lines that are open, others where it cannot.

A thread for each call, as it was before, costs more the more there are: they take the interpreter from each other at
every step, so that calls seem slow, so that more threads are put to them.
"""

import collections
import contextlib
import functools
import math
import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from workflows.connectors.base import AskAnew, InPieces, Underway

from .calls import Turn
from .settle import Called

#: Calls under way at one connection, whatever people set.
MOST_AT_ONCE = 256


@dataclass(slots=True)
class Volley:
    """Belongs to one thread, which begins calls and hears what came of them; `close` ends its hearing."""

    _turns: dict[Underway, Turn] = field(default_factory=dict)
    _ended: list[Called] = field(default_factory=list)
    #: Calls that a thread of their own waits for, and what came of them.
    _by_hand: int = 0
    _from_hands: "collections.deque[Called]" = field(default_factory=collections.deque)
    _hands: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MOST_AT_ONCE, "call"))
    #: Of the kinds of selectors the one that lines enter and leave without a word to the system: they do for each call.
    _lines: selectors.BaseSelector = field(default_factory=selectors.PollSelector)
    #: Either end of what a hand rings when it is through.
    _bell: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)

    def __post_init__(self) -> None:
        for end in self._bell:
            end.setblocking(False)
        self._lines.register(self._bell[0], selectors.EVENT_READ)

    @property
    def under_way(self) -> int:
        """Calls that have begun and whose end was not heard."""
        return len(self._turns) + self._by_hand

    def begin(self, turn: Turn) -> None:
        """Make a call: at once where that asks no network, over an open line if there is one, else by a hand."""
        connector = turn.route.connector
        if connector is None or connector.local:
            self._ended.append(turn.called())
            return
        outcome = turn.against() or turn.answered(turn.send)
        if isinstance(outcome, Called):
            self._ended.append(outcome)
        elif outcome is not None:
            self._await(outcome, turn)
        else:
            self._give_to_a_hand(turn.called)

    def heard(self, *, within_seconds: float | None) -> list[Called]:
        """What has ended; if nothing has, it is waited for so long."""
        until = math.inf if within_seconds is None else time.monotonic() + within_seconds
        while not self._ended:
            for key, _ in self._lines.select(self._patience(until)):
                if isinstance(key.fileobj, Underway):
                    self._hear(key.fileobj)
                else:
                    self._take_from_hands()
            self._give_up_the_late()
            if time.monotonic() >= until:
                break
        ended, self._ended = self._ended, []
        return ended

    def close(self) -> None:
        """Nothing is begun or heard any more; what hands have under way goes on."""
        self._hands.shutdown(wait=False)
        for asked in self._turns:
            asked.give_up()
        self._lines.close()
        for end in self._bell:
            end.close()

    def _await(self, asked: Underway, turn: Turn) -> None:
        self._turns[asked] = turn
        self._lines.register(asked, selectors.EVENT_READ)

    def _hear(self, asked: Underway) -> None:
        """Its line is another's once the answer is read, so it is not waited for any longer by then."""
        self._lines.unregister(asked)
        turn = self._turns.pop(asked)
        try:
            outcome = turn.answered(asked.receipt)
        except AskAnew:
            self._give_to_a_hand(turn.called)
        except InPieces:
            self._give_to_a_hand(functools.partial(_rest, asked, turn))
        else:
            if isinstance(outcome, Called):
                self._ended.append(outcome)
            else:
                self._await(asked, turn)

    def _give_up_the_late(self) -> None:
        """Those that began first end first, since all of one connection have the same time."""
        while self._turns and (asked := next(iter(self._turns))).ends <= time.monotonic():
            self._lines.unregister(asked)
            self._ended.append(self._turns.pop(asked).unknown(str(asked.give_up())))

    def _patience(self, until: float) -> float | None:
        first = next(iter(self._turns)).ends if self._turns else math.inf
        ends = min(until, first)
        return None if ends == math.inf else max(0.0, ends - time.monotonic())

    def _give_to_a_hand(self, call: Callable[[], Called]) -> None:
        """The process waits for its hands when it ends; once it does, there are no new ones, and this one is used."""
        self._by_hand += 1
        try:
            self._hands.submit(self._called_by_hand, call)
        except RuntimeError:
            self._called_by_hand(call)

    def _called_by_hand(self, call: Callable[[], Called]) -> None:
        self._from_hands.append(call())
        with contextlib.suppress(OSError):  # it rings already, or nobody listens any more
            self._bell[1].send(b"!")

    def _take_from_hands(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._bell[0].recv(4096)
        while self._from_hands:
            self._by_hand -= 1
            self._ended.append(self._from_hands.popleft())


def _rest(asked: Underway, turn: Turn) -> Called:
    try:
        return turn.ended(asked.rest)
    except AskAnew:
        return turn.called()
