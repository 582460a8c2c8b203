"""What the engine is told about one subject, and what it may look up: everything it needs, taken at one instant."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any
from uuid import UUID

from martechops.lib.frozen import dataclass

from .authority import Authority
from .business_time import Calendar
from .mapping import CompiledMapping
from .rosters import Desk, Roster


@dataclass(frozen=True, slots=True)
class Stage:
    """A lifecycle stage: its place in the order, and the CRM's words for it."""

    key: str
    position: int
    #: The one that we write.
    crm_status: str | None
    #: All that mean it.
    crm_statuses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalog:
    """The definitions that steps refer to by key."""

    stages: Mapping[str, Stage]
    mappings: Mapping[str, CompiledMapping]
    #: Channel of a message template, by its key.
    channels: Mapping[str, str]
    #: Who may write which field; nobody writes one that is not here.
    fields: Mapping[str, Authority] = field(default_factory=dict)
    #: Type of each field of contacts, by its key: what `normalise_fields` reads values as.
    types: Mapping[str, str] = field(default_factory=dict)
    #: When the workspace works: spans in business time, and windows where a contact's zone is not known.
    calendar: Calendar = field(default_factory=Calendar)
    #: Who can be given leads, by queue.
    rosters: Mapping[str, Roster] = field(default_factory=dict)
    #: Definitions that nobody has agreed on yet: kind ("metric", "field", …) → keys. For `verify_definitions`.
    unsettled: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: In a test: the only addresses, or domains as "@example.com", that messages may go to; None: to anybody.
    only_to: frozenset[str] | None = None

    def stage_of(self, said: object, *, now: str | None) -> str | None:
        """The key of the stage that a key or a CRM status means; of several, the one somebody is at already."""
        if said in self.stages:
            return str(said)
        meant = sorted((s for s in self.stages.values() if said in s.crm_statuses), key=lambda stage: stage.position)
        keys = [stage.key for stage in meant]
        return now if now in keys else next(iter(keys), None)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was planned for the contact or done, as far as later guards ask: each message, all that is done once."""

    #: Empty for what is no message.
    channel: str
    #: When it happened; for one that is planned, when it is to.
    at: datetime
    once_key: str | None = None
    #: The rest is asked of those that are planned and not yet reserved: they can still give way.
    key: UUID | None = None
    planned: bool = False
    workflow: str = ""
    priority: int = 50


@dataclass(frozen=True, slots=True)
class Earlier:
    """A run of the same workflow that the subject is in or has been through."""

    entry_key: str
    entered_at: datetime
    running: bool
    #: Ended at a stop, such as "no consent": it began, but the subject has not been through.
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the engine is asked.

    An event ("event"), a timer that is due ("timer"), somebody's answer ("answer"), or the run was put at a step of
    another version and begins it ("arrival").
    """

    kind: str
    #: For an event, internal ones included: name, properties, traits, context, occurred_at.
    event: Mapping[str, Any] | None = None
    #: To a question "yes" or "no"; to a hand-off or an assignment "accepted" or "refused".
    answer: str = ""
    #: Who answered, and what they said to it.
    by: str = ""
    note: str = ""
    #: For a run that waits at `assign_owner`: who was asked before, in order.
    tried: tuple[str, ...] = ()
    #: For a run that was moved: steps whose part it has done already, and those at which it was turned down.
    done: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One subject as it stands: a contact, a content item, or the workspace itself."""

    #: The contact's id; 0 where the subject is none.
    contact_id: int
    #: email, lifecycle_stage, score, consent by channel, purposes by channel (channel → purpose → state; in paths
    #: `contact.consent.<channel>.<purpose>`), user_id,
    #: crm_id, timezone, account_owner, and every field of the catalog that has a value.
    contact: Mapping[str, Any]
    sent: tuple[Sent, ...] = ()
    #: Channel → why nothing may be sent there, whatever was agreed to; "*" for all channels.
    suppressed: Mapping[str, str] = field(default_factory=dict)
    #: "contact", "content" or "workspace".
    kind: str = "contact"
    #: For the other two: its id (or the empty text) and what rules see under `content.` or `workspace.`.
    subject_id: str = ""
    subject: Mapping[str, Any] = field(default_factory=dict)
    #: Queue, or queue/territory, → what is on its desks now.
    desks: Mapping[str, Desk] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What entries, shares and once-per are counted by: `contact:7`, `content:12`, `workspace`."""
        if self.kind == "contact":
            return f"contact:{self.contact_id}"
        return f"{self.kind}:{self.subject_id}" if self.subject_id else self.kind

    def facts(self, *, event: Mapping[str, Any] | None, at: datetime) -> dict[str, Any]:
        """What rules are asked of; a copy of the subject, which steps change as they go."""
        facts: dict[str, Any] = {"contact": dict(self.contact), "event": event, "now": at}
        if self.kind != "contact":
            facts[self.kind] = dict(self.subject)
        return facts
