"""What the engine is told about one subject, and what it may look up: everything it needs, taken at one instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .authority import Authority
from .mapping import CompiledMapping


@dataclass(frozen=True, slots=True)
class Stage:
    """A lifecycle stage: its place in the order, and the CRM's word for it."""

    key: str
    position: int
    crm_status: str | None


@dataclass(frozen=True, slots=True)
class Catalog:
    """The definitions that steps refer to by key."""

    stages: Mapping[str, Stage]
    mappings: Mapping[str, CompiledMapping]
    #: Channel of a message template, by its key.
    channels: Mapping[str, str]
    #: Who may write which field; nobody writes one that is not here.
    fields: Mapping[str, Authority] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was planned for the contact or done, as far as later guards ask: each message, all that is done once."""

    #: Empty for what is no message.
    channel: str
    at: datetime
    once_key: str | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """A run of the same workflow that the contact is in or has been through."""

    entry_key: str
    entered_at: datetime
    running: bool
    #: Ended at a stop, such as "no consent": it began, but the contact has not been through.
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the engine is asked: an event, or a timer that is due."""

    kind: str
    #: For an event: name, properties, traits, context, occurred_at.
    event: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One contact as it stands."""

    contact_id: int
    #: email, lifecycle_stage, score, consent by channel, and every field of the catalog that has a value.
    contact: Mapping[str, Any]
    sent: tuple[Sent, ...] = ()
