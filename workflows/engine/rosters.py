"""Whose turn it is: owners found by territory, round robin or capacity, over a roster and what its desks hold now."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from martechops.lib.frozen import dataclass

from .conditions import Condition


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who can be given leads."""

    key: str
    #: What the CRM knows them by; their key where it is empty.
    crm_id: str = ""
    #: At most so many open at once; None: any number.
    capacity: int | None = None
    away: bool = False


@dataclass(frozen=True, slots=True)
class Territory:
    """Who answers for subjects of a kind."""

    key: str
    when: Condition
    #: Keys of members.
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    """The people of one queue, in order, and the territories they share out; the first that fits counts."""

    key: str
    members: tuple[Member, ...]
    territories: tuple[Territory, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """What is on the desks of a roster, or of one of its territories, now.

    The runtime keeps it under `PlannedAssignment.desk` and must not let two workers read it at once; after each
    decision in a batch it moves on in memory.
    """

    #: Who was given the last one.
    last: str | None = None
    #: Member → how many open ones they have.
    open: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, and why."""

    member: Member
    desk: str
    says: str


class NobodyFree(Exception):
    """The message says who was asked about and why none of them will do."""


def turn(
    by: str,
    *,
    roster: Roster,
    desks: Mapping[str, Desk],
    facts: Mapping[str, Any],
    tried: Sequence[str] = (),
) -> Turn:
    """Whose turn it is by "territory", "round_robin" or "capacity". Raises `NobodyFree`, `ConditionError`.

    >>> roster = Roster("inbound", (Member("ana"), Member("ben"), Member("cy", away=True)))
    >>> turn("round_robin", roster=roster, desks={"inbound": Desk(last="ana")}, facts={}).member.key
    'ben'
    """
    desk_key, members, where = roster.key, roster.members, f"queue {roster.key}"
    if by == "territory":
        territory = next((area for area in roster.territories if area.when.test(facts)), None)
        if territory is None:
            raise NobodyFree(f"no territory of {roster.key} fits")
        desk_key, where = f"{roster.key}/{territory.key}", f"territory {territory.key}"
        members = tuple(member for member in roster.members if member.key in territory.members)
    desk = desks.get(desk_key, Desk())
    free = [member for member in members if not _against(member, desk, tried)]
    if not free:
        said = [f"{member.key} {_against(member, desk, tried)}" for member in members]
        raise NobodyFree(f"nobody of {where} is free: {', '.join(said) or 'it is empty'}")
    chosen = _least_busy(free, members, desk) if by == "capacity" else _next_in_order(free, members, desk)
    return Turn(chosen, desk_key, f"{chosen.key} by {_WORDS[by]} of {where}")


_WORDS = {"territory": "the turn", "round_robin": "the turn", "capacity": "the fewest open"}


def _against(member: Member, desk: Desk, tried: Sequence[str]) -> str | None:
    if member.away:
        return "is away"
    if member.key in tried:
        return "did not take it"
    count = desk.open.get(member.key, 0)
    if member.capacity is not None and count >= member.capacity:
        return f"has {count} of at most {member.capacity}"
    return None


def _order(members: Sequence[Member], desk: Desk) -> dict[str, int]:
    """How far each is from the one who had the last turn; who left the roster does not disturb the others."""
    keys = [member.key for member in members]
    start = keys.index(desk.last) + 1 if desk.last in keys else 0
    return {key: (i - start) % len(keys) for i, key in enumerate(keys)}


def _next_in_order(free: Sequence[Member], members: Sequence[Member], desk: Desk) -> Member:
    order = _order(members, desk)
    return min(free, key=lambda member: order[member.key])


def _least_busy(free: Sequence[Member], members: Sequence[Member], desk: Desk) -> Member:
    """By the part of their capacity that is taken, or the bare number where nobody has one; then by the turn."""
    order = _order(members, desk)

    def load(member: Member) -> tuple[float, int, int]:
        count = desk.open.get(member.key, 0)
        return (count / member.capacity if member.capacity else 0.0, count, order[member.key])

    return min(free, key=load)
