"""A scenario as data: somebody, a story of theirs, and what is claimed of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..durations import Duration

EMAIL = "lead@example.com"
USER_ID = "lead"
AT_ONCE = Duration(0, "second")

#: Who the story is about, besides what is said of them: somebody as described, somebody who has everything that the
#: workflow asks for, or somebody of whom nothing is known and who says only what must be said.
DESCRIBED, WILLING, BARE = "described", "willing", "bare"
LEADS = (DESCRIBED, WILLING, BARE)
#: What can happen. "begins": whatever begins the workflow.
DEEDS = ("event", "begins", "consent", "unsubscribes", "sets", "stage", "answers")
#: Stages by their place rather than their name, so that one story fits every catalog.
RELATIVE_STAGES = ("next", "previous", "first", "last")
ANSWERS = ("yes", "no", "accepted", "refused")
#: What can be claimed.
CLAIMS = ("done", "withheld", "field", "stage", "enters", "ends", "holds", "nothing_else")
#: `without` of what begins a workflow: every property that its event type does not require.
OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Given:
    """Who it is about, as known before the story begins. What is said here stands above what `lead` brings."""

    lead: str = DESCRIBED
    email: str | None = EMAIL
    stage: str | None = None
    score: float = 0
    #: By channel, or by channel and purpose as in "email.news".
    consent: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    known_as: Mapping[str, str] = field(default_factory=dict)
    #: False: the first event makes the contact.
    known: bool = True
    #: Whoever is asked something says yes at once; else nobody answers unless the story says so.
    agreeable: bool = False
    #: When the story begins; None: on a Monday morning.
    starts: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happens."""

    #: One of `DEEDS`.
    does: str
    #: Since the story began.
    after: Duration = AT_ONCE
    #: Event, channel, stage or answer.
    name: str = ""
    #: Properties of an event, states of consent by channel, or fields.
    values: Mapping[str, Any] = field(default_factory=dict)
    #: Properties that are left out of what begins the workflow; `OPTIONAL` for all that may be.
    without: tuple[str, ...] = ()
    #: So long before it arrives it happened.
    late: Duration | None = None
    #: The same message that came before, sent once more by a client that heard no answer.
    again: bool = False
    #: The source that sends it; empty: one without a mapping.
    source: str = ""
    #: The step that is answered; empty: whatever asks.
    step: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that is expected."""

    #: One of `CLAIMS`.
    kind: str
    #: Step, template or kind of effect; field; stage; state of the run; invariant ("everything" for all).
    what: str = ""
    at_least: int = 1
    #: None: any number.
    at_most: int | None = 1
    #: What a field is to be.
    value: Any = None
    #: Part of the reason for which something is to be withheld.
    because: str = ""
    #: Since the story began: not before, not after; for a field, when it is looked at.
    after: Duration | None = None
    within: Duration | None = None
    step: str = ""

    @property
    def times(self) -> str:
        """
        >>> Claim("done").times, Claim("done", at_least=0, at_most=0).times, Claim("done", at_most=None).times
        ('once', 'never', 'at least once')
        """
        if self.at_most is None:
            return f"at least {_times(self.at_least)}"
        if self.at_least == self.at_most:
            return _times(self.at_most)
        return f"at most {_times(self.at_most)}" if self.at_least == 0 else f"{self.at_least} to {self.at_most} times"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole one. It belongs to one workflow, or to every workflow of some types; neither: to all about contacts."""

    key: str
    name: str
    given: Given
    when: tuple[Moment, ...]
    then: tuple[Claim, ...]
    workflow: str = ""
    types: tuple[str, ...] = ()
    says: str = ""

    def is_about(self, *, key: str, type: str, subject: str) -> bool:
        """Is the workflow one that it is played on?"""
        if self.workflow:
            return self.workflow == key
        return subject == "contact" and (not self.types or type in self.types)


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
