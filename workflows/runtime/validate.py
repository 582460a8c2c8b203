"""Events against the catalog: what it does not allow is held, with place and kind of the fault (requirement F3)."""

from collections.abc import Sequence

from martechops.lib.frozen import dataclass
from workflows.engine import identity

from .claim import ClaimedEvent
from .definitions import Definitions

_NOBODY = "says nothing about whose it is: it needs an e-mail address, a userId or an anonymousId"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong, and where."""

    #: JSON pointer into the event's body.
    path: str
    says: str
    #: One of `workflows.engine.schemas.KINDS`; empty where handling it failed.
    kind: str = ""

    def document(self) -> dict[str, str]:
        """As it is kept."""
        return {"path": self.path, "says": self.says, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Violation:
    """An event that is held, and why."""

    event_id: int
    #: "violation" or "dead_letter".
    kind: str
    reasons: tuple[Reason, ...]


def sort_out(events: Sequence[ClaimedEvent], definitions: Definitions) -> tuple[list[ClaimedEvent], list[Violation]]:
    """Events that may go on, and those that may not."""
    good, held = [], []
    for event in events:
        reasons = _reasons(event, definitions)
        if reasons:
            held.append(Violation(event_id=event.id, kind="violation", reasons=reasons))
        else:
            good.append(event)
    return good, held


def _unusable(event: ClaimedEvent, definitions: Definitions) -> str:
    source = definitions.sources.get(event.source_id)
    return (source.unusable if source else "") or definitions.unusable.get(event.name, "")


def _reasons(event: ClaimedEvent, definitions: Definitions) -> tuple[Reason, ...]:
    """Only track events have a name that can be planned; the others say who somebody is or what was looked at."""
    if event.subject is None and not identity.keys(event.body):
        return (Reason("", _NOBODY, "nobody"),)
    if unusable := _unusable(event, definitions):
        return (Reason("", f"it waits for a definition that cannot be used: {unusable}", "definition"),)
    if event.type != "track":
        return ()
    rule = definitions.events.get(event.name)
    if rule is None:
        return (Reason("/event", f"{event.name!r} is not in the event catalog", "unplanned"),)
    if rule.schema is None:
        return ()
    faults = rule.schema.faults(event.body.get("properties") or {})
    return tuple([Reason("/properties" + fault.pointer, fault.says, fault.kind) for fault in faults]) if faults else ()
