"""What every connector promises: `perform` returns a receipt, or raises one of three errors and nothing else."""

import abc
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

#: How long one exchange with a far side may take in all.
DEADLINE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Link:
    """The connection that a request goes over: which system, what people set, what they keep secret."""

    system: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    deadline_seconds: float = DEADLINE_SECONDS


def nobody_is_told() -> None:
    """For requests whose leaving is of no account."""


@dataclass(frozen=True, slots=True)
class Request:
    """One effect, ready to be carried out; the same key always comes with the same content."""

    key: uuid.UUID
    kind: str
    content: Mapping[str, Any]
    link: Link = field(default_factory=Link)
    contact_id: int | None = None
    #: To be called before it is out of our hands, by connectors with `says_when_it_leaves`. May raise `TooLate`.
    leaves: Callable[[], None] = nobody_is_told


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the far side answered, for the record."""

    says: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One field of one record got another value at a far side."""

    #: The far side's own name of this change, the same however often it is told.
    id: str
    #: What kind of record it is, such as "lead".
    object: str
    record_id: str
    #: Of the person that the record is about: contacts are recognised by it.
    email: str
    field: str
    old: Any
    new: Any
    changed_at: datetime
    #: Who did it there; empty where the far side does not say.
    by: str = ""
    #: Key of the request of ours that did it, where the far side can tell.
    key: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed at a far side since we last asked, oldest first, and where to go on next time."""

    found: Sequence[RecordChange]
    cursor: str
    #: There is more to be asked for already.
    more: bool = False


class Refused(Exception):
    """The far side will not do it, now or later; the message says what to mend. `gone`: nor anything else, for good."""

    def __init__(self, says: str, *, gone: bool = False) -> None:
        super().__init__(says)
        self.gone = gone


class TryLater(Exception):
    """Not done, and may be tried again after so many seconds.

    `for_all` if it is the connection that stands still and not just this request.
    """

    def __init__(self, says: str, *, after_seconds: float = 0, for_all: bool = False) -> None:
        super().__init__(says)
        self.after_seconds = after_seconds
        self.for_all = for_all


class Unknown(Exception):
    """Nobody knows whether it was done."""


class TooLate(Exception):
    """Raised by the caller's own `Request.leaves`, and let through: it is not to leave any more, and has not."""


class AskAnew(Exception):
    """It came to nothing before the far side heard of it, or so that it may be repeated: `perform` it."""


class InPieces(Exception):
    """The answer has begun, and its rest has to be waited for."""


class Underway(abc.ABC):
    """A request that left, without anybody waiting for its answer; a selector tells when to look at it."""

    @abc.abstractmethod
    def fileno(self) -> int:
        """Of its line."""

    @property
    @abc.abstractmethod
    def ends(self) -> float:
        """When no answer counts any more, by the monotonic clock."""

    @abc.abstractmethod
    def receipt(self) -> Receipt | None:
        """What has come, None for nothing yet. Raises as `Connector.perform`, besides AskAnew and InPieces."""

    @abc.abstractmethod
    def rest(self) -> Receipt:
        """Waited for, after InPieces. Raises as `Connector.perform`, besides AskAnew."""

    @abc.abstractmethod
    def give_up(self) -> Unknown:
        """It has ended without an answer."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that people say about a connection; the form, its checks and the interface are made from these."""

    name: str
    label: str
    help: str = ""
    secret: bool = False
    required: bool = False


def sentence(error: Exception) -> str:
    """What an error says, as it stands below a field."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


class Connector:
    """One far side: `effect_class`, `kinds` and `perform` are its own, the rest is overruled where it is otherwise.

    Class "A" is a natural upsert, repeated freely; "B", the far side honours the request's key; "C", neither, so an
    unknown outcome is never repeated.
    """

    effect_class: str
    #: The effects it can carry out.
    kinds: frozenset[str]
    name = ""
    settings: tuple[Setting, ...] = ()
    #: A part of this installation: called in line, on the worker's own session, and not over a network.
    local = False
    #: How many requests it is given at once unless the connection says otherwise.
    at_once = 4
    #: It calls `Request.leaves` when what it does can no longer be taken back; else that counts from the beginning.
    says_when_it_leaves = False
    #: Class B: how long the far side remembers a key; None for ever. After that an unknown outcome is a person's.
    key_life: timedelta | None = None
    #: The connector that takes its place while a connection is in sandbox mode.
    stand_in = "captured"
    #: How often it is asked what changed there; None where the far side cannot tell.
    asked_every: timedelta | None = None

    def perform(self, request: Request) -> Receipt:
        """Raises Refused, TryLater or Unknown."""
        raise NotImplementedError

    def send(self, request: Request) -> Underway | None:
        """As `perform`, without waiting for the answer; None where that is not possible, now or at all.

        Only for what may be repeated. Raises Refused, TryLater.
        """
        del request
        return None

    def check(self, settings: Mapping[str, str]) -> dict[str, str]:
        """What is wrong with settings that somebody typed in, by name."""
        del settings
        return {}

    def probe(self, request: Request) -> bool | None:
        """Was a request of this key carried out? None where the far side cannot be asked. Raises TryLater."""
        del request
        return None

    def changes(self, link: Link, *, since: str) -> Changes:
        """What changed there since a cursor, "" to begin: for those with `asked_every`.

        May be asked for the same again, after a crash: the same changes then come under the same ids. Raises Refused,
        TryLater or Unknown.
        """
        raise NotImplementedError
