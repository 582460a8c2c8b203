"""What every connector promises: `perform` returns a receipt, or raises one of three errors and nothing else."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """One effect, ready to be carried out; the same key always comes with the same content."""

    key: uuid.UUID
    kind: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the far side answered, for the record."""

    says: str
    details: Mapping[str, Any]


class Refused(Exception):
    """The far side will not do it, now or later; the message says what to mend."""


class TryLater(Exception):
    """Not done, and may be tried again after so many seconds."""

    def __init__(self, says: str, *, after_seconds: float = 0) -> None:
        super().__init__(says)
        self.after_seconds = after_seconds


class Unknown(Exception):
    """Nobody knows whether it was done."""


class Connector(Protocol):
    """One far side.

    `effect_class`: "A", a natural upsert, repeated freely; "B", the far side honours the request's key; "C", neither,
    so an unknown outcome is never repeated.
    """

    effect_class: str
    #: The effects it can carry out.
    kinds: frozenset[str]

    def perform(self, request: Request) -> Receipt:
        """Raises Refused, TryLater or Unknown."""
        ...
