"""What a decision asks for: things to be done at far sides, fields to be written, goals to be counted."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

#: Results are grouped by it, and an index takes no key of some kilobytes.
LONGEST_CAMPAIGN = 255


@dataclass(frozen=True, slots=True)
class PlannedEffect:
    """One thing to be done, not yet reserved; with a `refusal`, one that will not be done and why."""

    key: uuid.UUID
    step: str
    kind: str
    system: str
    payload: Mapping[str, Any]
    once_key: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """One field of the contact to be set."""

    step: str
    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class FieldRequest:
    """One field that a step may not set: what it wanted, and why not."""

    step: str
    field: str
    value: Any
    because: str
    #: Its owner can be asked to do it.
    may_ask: bool


@dataclass(frozen=True, slots=True)
class Goal:
    """A conversion to be counted once."""

    key: uuid.UUID
    name: str
    campaign: str
    at: datetime


def effect_key(*, workflow: str, entry_key: str, step: str, part: str = "") -> uuid.UUID:
    """16 bytes that name one effect of one entry: deciding twice names the same effect (requirement D8).

    >>> effect_key(workflow="w", entry_key="contact:1#1", step="welcome") == effect_key(
    ...     workflow="w", entry_key="contact:1#1", step="welcome")
    True
    """
    text = "\0".join((workflow, entry_key, step, part))
    return uuid.UUID(bytes=blake2b(text.encode(), digest_size=16).digest())
