"""What begins a run. Whatever is no event of its own becomes one, with a reserved name, so that there is one mechanism.

The transaction that moves a contact into a segment, to a stage, and so on writes an internal event:

| name             | its properties                                        |
|------------------|-------------------------------------------------------|
| $segment_entered | segment (key)                                         |
| $segment_left    | segment (key)                                         |
| $stage_changed   | from, to (keys; null where there was none)            |
| $field_changed   | field, from, to                                       |
| $schedule        | workflow (key), due_at                                |
| $handoff         | team (key of the one it is made to), from, workflow   |
| $content_changed | from, to (states)                                     |
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from martechops.lib.frozen import dataclass

from .conditions import Condition
from .conditions.words import either
from .schedules import Schedule

SEGMENT_ENTERED = "$segment_entered"
SEGMENT_LEFT = "$segment_left"
STAGE_CHANGED = "$stage_changed"
FIELD_CHANGED = "$field_changed"
SCHEDULE = "$schedule"
HANDOFF = "$handoff"
CONTENT_CHANGED = "$content_changed"
#: No message from outside may carry one of these names.
INTERNAL = (
    SEGMENT_ENTERED,
    SEGMENT_LEFT,
    STAGE_CHANGED,
    FIELD_CHANGED,
    SCHEDULE,
    HANDOFF,
    CONTENT_CHANGED,
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What may begin a run: one event of several, or one kind of happening inside."""

    #: "event", "segment", "stage", "field", "schedule", "handoff" or "content".
    kind: str
    #: What is named: events, the segment, stages, the field, the team, states; for a schedule its text.
    of: tuple[str, ...]
    where: Condition | None = None
    #: For a segment: "enter" or "leave".
    on: str = "enter"
    #: For a schedule: when, and the segment whose members it is for; None: for the subject as a whole.
    schedule: Schedule | None = None
    segment: str | None = None
    #: Names of the events that can begin a run, internal ones included.
    names: tuple[str, ...] = field(default=())
    #: For an internal event: the property that must hold one of these values.
    wants: tuple[str, frozenset[str]] | None = None

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Is the event, by its name and what it is about, one of these? The rule `where` is asked elsewhere."""
        if event.get("name") not in self.names:
            return False
        if self.wants is None:
            return True
        name, values = self.wants
        return (event.get("properties") or {}).get(name) in values

    def says(self) -> str:
        """In words, for a map or a sentence.

        >>> trigger("stage", ("mql", "sql")).says(), trigger("segment", ("big",), on="leave").says()
        ('Stage mql or sql is reached', 'Somebody leaves segment big')
        """
        named = either(self.of)
        if self.kind == "schedule" and self.schedule:
            whom = f" for each of segment {self.segment}" if self.segment else ""
            return f"{self.schedule.says()}{whom}"
        if self.kind == "segment":
            return f"Somebody {self.on}s segment {named}"
        return {
            "event": named,
            "stage": f"Stage {named} is reached",
            "field": f"Field {named} changes",
            "handoff": f"Work is handed to {named}",
            "content": f"Content is {named}",
        }.get(self.kind, named)


def trigger(
    kind: str,
    of: tuple[str, ...],
    *,
    workflow: str = "",
    where: Condition | None = None,
    on: str = "enter",
    schedule: Schedule | None = None,
    segment: str | None = None,
) -> Trigger:
    """A trigger with the events that it listens to.

    >>> trigger("field", ("industry",)).matches({"name": "$field_changed", "properties": {"field": "industry"}})
    True
    """
    names, wants = _listens(kind, of, workflow, on)
    return Trigger(kind=kind, of=of, where=where, on=on, schedule=schedule, segment=segment, names=names, wants=wants)


def _listens(
    kind: str, of: tuple[str, ...], workflow: str, on: str
) -> tuple[tuple[str, ...], tuple[str, frozenset[str]] | None]:
    if kind == "event":
        return of, None
    if kind == "segment":
        return (SEGMENT_ENTERED if on == "enter" else SEGMENT_LEFT,), ("segment", frozenset(of))
    if kind == "schedule":
        return (SCHEDULE,), ("workflow", frozenset({workflow}))
    name, prop = _BY_PROPERTY[kind]
    return (name,), (prop, frozenset(of))


_BY_PROPERTY = {
    "stage": (STAGE_CHANGED, "to"),
    "field": (FIELD_CHANGED, "field"),
    "handoff": (HANDOFF, "team"),
    "content": (CONTENT_CHANGED, "to"),
}
