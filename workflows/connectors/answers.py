"""What an HTTP answer means for an effect: one reading for every far side that speaks HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from martechops.lib import http, kept_lines

from .base import AskAnew, InPieces, Receipt, Refused, TryLater, Underway, Unknown

Found = TypeVar("Found")

_GONE = 410
#: Busy or broken for everybody: the connection waits, not just the request.
_FOR_ALL = frozenset({401, 403, 429, 502, 503, 504})
_LATER = frozenset({408, 409, 423, 425, 500})


@dataclass(frozen=True, slots=True)
class Question:
    """One POST; `repeatable` if the far side can tell a repeat by what it says."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    deadline_seconds: float
    repeatable: bool = False


def ask(question: Question) -> Receipt:
    """And wait for the answer. Raises Refused, TryLater, Unknown."""
    q = question
    return _heard(
        lambda: http.post(
            q.url, body=q.body, headers=q.headers, deadline_seconds=q.deadline_seconds, repeatable=q.repeatable
        )
    )


def send(question: Question) -> "Asked | None":
    """Ask what is repeatable over a line that is open already, and wait for nothing; None where there is none.

    Raises Refused, TryLater.
    """
    q = question
    exchange = _meant(lambda: http.send(q.url, body=q.body, headers=q.headers, deadline_seconds=q.deadline_seconds))
    return Asked(exchange) if exchange else None


class Asked(Underway):
    """One question whose answer is still to come."""

    def __init__(self, exchange: http.Exchange) -> None:
        self._exchange = exchange

    def fileno(self) -> int:
        return self._exchange.fileno()

    @property
    def ends(self) -> float:
        return self._exchange.ends

    def receipt(self) -> Receipt | None:
        try:
            answer = _meant(self._exchange.answer)
        except http.NotWhole:
            raise InPieces from None
        return read(answer) if answer else None

    def rest(self) -> Receipt:
        return _heard(self._exchange.rest)

    def give_up(self) -> Unknown:
        return Unknown(str(self._exchange.give_up()))


def _heard(exchange: Callable[[], http.Answer]) -> Receipt:
    return read(_meant(exchange))


def _meant(exchange: Callable[[], Found]) -> Found:
    """What came of it, or what its failure means for the effect."""
    try:
        return exchange()
    except http.BadAddress as error:
        raise Refused(f"the address cannot be used: {error}") from None
    except http.NotSent as error:
        raise TryLater(str(error), for_all=True) from None
    except http.NoAnswer as error:
        raise Unknown(str(error)) from None
    except kept_lines.WasClosed:
        raise AskAnew from None


def read(answer: http.Answer) -> Receipt:
    """Raises Refused and TryLater."""
    status = answer.status
    if 200 <= status < 300:
        return Receipt("taken", {"status": status})
    if status == _GONE:
        raise Refused("410: the far side says that nobody listens there any more", gone=True)
    if 300 <= status < 400:
        raise Refused(f"{status}: the far side sends us elsewhere, and redirects are not followed")
    if status in _FOR_ALL or status >= 500 or status in _LATER:
        raise TryLater(
            f"the far side answered {status}",
            after_seconds=answer.retry_after_seconds,
            for_all=status in _FOR_ALL or status not in _LATER,
        )
    raise Refused(f"the far side answered {status}")
