"""Who may write a field: the one place that is asked before any value changes (requirements C6 to C8, I1).

>>> stage = Authority("lifecycle_stage", system="crm", owner="sales-ops", written_in=("enrich",))
>>> verdict(stage, name="lifecycle_stage", writer=Writer("step", "nurture", stage="engage"))
Refused(because='engage may not write lifecycle_stage: it is written in enrich', may_ask=True)
>>> verdict(stage, name="lifecycle_stage", writer=Writer("system", "crm"))
Allowed()
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from martechops.lib.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Authority:
    """What the catalog says of one field."""

    field: str
    #: Key of its system of record.
    system: str
    #: Key of the team that owns it.
    owner: str
    written_in: tuple[str, ...] = ()
    frozen: bool = False
    #: The owner's row, for the request that a refusal becomes.
    owner_id: int = 0


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wants to write: a system, a step of a workflow, an event type by its own effect, or a person.

    A source without a system is none of these: it is a "source", and is the authority on nothing.
    """

    kind: str
    #: The key of the system or workflow, the name of the event type or the person: it stands in the history.
    name: str
    #: For a step, the stage that it belongs to.
    stage: str | None = None
    #: For a person, the teams they are in.
    teams: frozenset[str] = frozenset()


@lru_cache(maxsize=4_096)
def step_of(workflow: str, stage: str | None) -> Writer:
    """A step of a workflow as a writer: the same few are asked about for every event."""
    return Writer("step", workflow, stage=stage)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The value may be written."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not; where the field has an owner who could do it, they can be asked."""

    because: str
    may_ask: bool = True


Verdict = Allowed | Refused

_ALLOWED = Allowed()


def verdict(authority: Authority | None, *, name: str, writer: Writer) -> Verdict:
    """May `writer` give the field `name` another value? Nobody is the authority on a field that is not defined."""
    if authority is None:
        return Refused(f"{name} is not in the field catalog", may_ask=False)
    if authority.frozen and not (writer.kind == "system" and writer.name == authority.system):
        return Refused(f"{name} is frozen: only {authority.system} writes it", may_ask=False)
    because = _AGAINST[writer.kind](authority, writer)
    return Refused(because) if because else _ALLOWED


def consent_verdict(authority: Authority | None, *, name: str, state: str, writer: Writer) -> Verdict:
    """As `verdict`, but a withdrawal is taken from anybody: when in doubt, nothing is sent."""
    return _ALLOWED if state == "denied" else verdict(authority, name=name, writer=writer)


def _system(authority: Authority, writer: Writer) -> str | None:
    if writer.name == authority.system:
        return None
    return f"{writer.name} may not write {authority.field}: it is maintained in {authority.system}"


def _source(authority: Authority, writer: Writer) -> str | None:
    return f"source {writer.name} belongs to no system: {authority.field} is maintained in {authority.system}"


def _step(authority: Authority, writer: Writer) -> str | None:
    if writer.stage in authority.written_in:
        return None
    stages = " and ".join(authority.written_in) or "no stage"
    whose = writer.stage or "a step without a stage"
    return f"{whose} may not write {authority.field}: it is written in {stages}"


def _event_type(authority: Authority, writer: Writer) -> str | None:
    """What an event means is settled in the catalog, which is enriching, whoever sent it."""
    return _step(authority, Writer("step", writer.name, stage="enrich"))


def _person(authority: Authority, writer: Writer) -> str | None:
    if authority.owner in writer.teams:
        return None
    return f"{writer.name} is not in {authority.owner}, which owns {authority.field}"


_AGAINST: Mapping[str, Callable[[Authority, Writer], str | None]] = {
    "system": _system,
    "source": _source,
    "step": _step,
    "event-type": _event_type,
    "person": _person,
}
