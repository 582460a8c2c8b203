"""What happens inside: a stage reached, a segment entered, a schedule due. Events like any other, with reserved names.

They are written by the transaction that causes them and go through the same queue, so that entry, order, traces and
replay stay one mechanism. A change that a workflow makes may begin another, and that one the first again: each event
carries how many of them led to it in a row, and past `MOST_IN_A_ROW` it is set aside for a person.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, NamedTuple

from martechops.lib.frozen import dataclass

from . import triggers

#: The `type` of such an event; ingest takes none of this type, and no name that begins with a dollar sign.
TYPE = "internal"
#: They come from no source.
SOURCE_ID = 0

#: What a person answered to a run that asked: it is for that run alone, whatever is live.
ANSWERED = "$answered"

#: What a run waits for that was put at a step of another version and has not begun it: its timer, and nothing else.
ARRIVAL = "$arrival"

#: A workflow that reacts to what another did, and so on: nobody draws a chain of more than this on purpose, and where
#: each of them sets off two others it is 256 events already.
MOST_IN_A_ROW = 8


class SubjectRef(NamedTuple):
    """What something happened to: a contact, a content item, or the workspace itself (which has no number)."""

    kind: str
    id: int | None = None

    @property
    def contact_id(self) -> int | None:
        return self.id if self.kind == "contact" else None

    @property
    def content_id(self) -> int | None:
        return self.id if self.kind == "content" else None


WORKSPACE = SubjectRef("workspace")


def subject_of(*, contact_id: int | None, content_id: int | None) -> SubjectRef:
    """The subject of a row, which names it by two columns.

    >>> subject_of(contact_id=None, content_id=3)
    SubjectRef(kind='content', id=3)
    """
    if contact_id is not None:
        return SubjectRef("contact", contact_id)
    return WORKSPACE if content_id is None else SubjectRef("content", content_id)


@dataclass(frozen=True, slots=True)
class InternalEvent:
    """One of them, before it is written."""

    name: str
    subject: SubjectRef
    at: datetime
    properties: Mapping[str, Any] = field(default_factory=dict)
    #: How many internal events led to it, each by the one before.
    depth: int = 0
    #: Its own where a repeat must be seen as one; elsewhere its transaction happens once, and it gets any.
    message_id: str = ""

    @property
    def names(self) -> frozenset[str]:
        """What a run may wait for that this event is."""
        return names(self.name, self.properties)

    @property
    def is_a_loop(self) -> bool:
        return self.depth > MOST_IN_A_ROW

    def body(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {
            "type": TYPE,
            "event": self.name,
            "subject": {"kind": self.subject.kind, "id": self.subject.id},
            "depth": self.depth,
            "properties": dict(self.properties),
        }


def changed(
    subject: SubjectRef, field: str, *, old: Any, new: Any, at: datetime, depth: int = 1
) -> Iterator[InternalEvent]:
    """What it causes that a field of a subject got another value.

    >>> at = datetime(2026, 11, 22)
    >>> [event.name for event in changed(SubjectRef("contact", 7), "lifecycle_stage", old=None, new="mql", at=at)]
    ['$stage_changed', '$field_changed']
    """
    moved = {"from": old, "to": new}
    if subject.kind == "content":
        if field == "state":
            yield InternalEvent(triggers.CONTENT_CHANGED, subject, at, moved, depth)
        return
    if field == "lifecycle_stage":
        yield InternalEvent(triggers.STAGE_CHANGED, subject, at, moved, depth)
    yield InternalEvent(triggers.FIELD_CHANGED, subject, at, {"field": field, **moved}, depth)


def change_of(path: str) -> str | None:
    """What a run waits for that wants to know when a field of its contact gets another value.

    >>> change_of("contact.renewal_on"), change_of("content.planned_for")
    ('$field_changed renewal_on', None)
    """
    owner, _, name = path.partition(".")
    return f"{triggers.FIELD_CHANGED} {name}" if owner == "contact" and name else None


def names(name: str, properties: Mapping[str, Any]) -> frozenset[str]:
    """By which names runs may wait for an event: its own, and for a change of a field that of the field's change.

    >>> sorted(names("$field_changed", {"field": "score"})), sorted(names("Demo Requested", {}))
    (['$field_changed', '$field_changed score'], ['Demo Requested'])
    """
    precise = change_of(f"contact.{properties.get('field')}") if name == triggers.FIELD_CHANGED else None
    return frozenset((name, precise) if precise else (name,))


def subject_in(body: Mapping[str, Any]) -> SubjectRef:
    """Whose a stored internal event is.

    >>> subject_in({"subject": {"kind": "contact", "id": 7}}).contact_id
    7
    """
    subject = body["subject"]
    return SubjectRef(subject["kind"], subject["id"])


def loop_says(event: InternalEvent) -> str:
    """Why it is set aside, for the person who finds it."""
    return (
        f"it is number {event.depth} of changes that each led to the next: workflows set each other off in a circle. "
        "Break it (a rule on a trigger or an entry), then replay this event if it is still wanted"
    )


def words(name: str, properties: Mapping[str, Any]) -> str:
    """What happened, for a story.

    >>> words("$stage_changed", {"from": "lead", "to": "mql"}), words("Demo Requested", {})
    ('Stage mql was reached', 'Demo Requested')
    """
    said = _WORDS.get(name)
    return said.format_map({key: properties.get(key) or "nothing" for key in _NAMED}) if said else name


def awaited_words(waits_for: str) -> str:
    """What a run waits for, in words.

    >>> awaited_words("$field_changed renewal_on"), awaited_words("Trial Started")
    ('renewal_on changes', 'Trial Started')
    """
    name, _, field = waits_for.partition(" ")
    if name == ARRIVAL:
        return "its step begins"
    return f"{field} changes" if name == triggers.FIELD_CHANGED and field else waits_for


_NAMED = ("segment", "to", "field", "workflow", "team", "answer", "by")
_WORDS = {
    triggers.SEGMENT_ENTERED: "Segment {segment} was entered",
    triggers.SEGMENT_LEFT: "Segment {segment} was left",
    triggers.STAGE_CHANGED: "Stage {to} was reached",
    triggers.FIELD_CHANGED: "Field {field} became {to}",
    triggers.SCHEDULE: "The schedule of {workflow} was due",
    triggers.HANDOFF: "Work was handed to {team}",
    triggers.CONTENT_CHANGED: "Content became {to}",
    ANSWERED: "{by} answered {answer}",
}
