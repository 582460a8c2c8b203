"""Which versions are live, and what they say: read from their content, compiled once for what it is read with."""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from django.db.models import Q

from workflows.engine.conditions import Segments
from workflows.engine.internal import InternalEvent, subject_of
from workflows.engine.parse import BadSpec, parse
from workflows.engine.references import Names
from workflows.engine.spec import Spec
from workflows.engine.triggers import Trigger
from workflows.models import Activation, Run, Version

from . import aliases, segment_rules

_PARSED: dict[tuple[str, bytes], Spec] = {}
_MOST_PARSED = 1_000


@dataclass(frozen=True, slots=True)
class Today:
    """What the content of a version is read with: a change of any of it reaches every workflow."""

    #: Former names by (kind, name), and what they mean now.
    names: Names
    #: What each segment asks for, by its key; None: it cannot be said.
    segments: Segments | None
    #: Both, to find what was compiled with them.
    text: bytes

    @classmethod
    def of(cls, names: Names, segments: Segments | None) -> "Today":
        """With their text."""
        return cls(names, segments, orjson.dumps([sorted(names.items()), segments]))


@dataclass(frozen=True, slots=True)
class LiveTrigger:
    """What begins runs of one live workflow."""

    workflow_id: int
    key: str
    subject: str
    trigger: Trigger


def today() -> Today:
    """Names and segments as they are now. Two queries."""
    return Today.of(aliases.names(), segment_rules.rules())


def spec_of(version: Version, today: Today) -> Spec:
    """Frozen content never changes, so a compiled one is found by its digest and by what it is read with.

    Raises `BadSpec`.
    """
    found_by = (version.digest, today.text)
    if found_by not in _PARSED:
        if len(_PARSED) > _MOST_PARSED:
            _PARSED.clear()
        _PARSED[found_by] = parse(aliases.current(version.content, today.names), segments=today.segments)
    return _PARSED[found_by]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A live workflow that begins when a content item reaches a state, and its steps."""

    spec: Spec
    states: tuple[str, ...]

    @property
    def asks(self) -> bool:
        """Does it ask people about every item that goes into review?"""
        whole = self.spec.trigger is not None and self.spec.trigger.where is None
        return whole and "approval" in self.states and any(step.kind == "approve" for step in self.spec.steps)


def about_content() -> list[Waiting]:
    """Which live workflows wait for content items. Those that cannot be read are left out: their events say so."""
    now, found = today(), []
    rows = Version.objects.filter(workflow__type="content", activations__in=Activation.objects.filter(until=None))
    for version in rows.distinct():
        try:
            spec = spec_of(version, now)
        except BadSpec:
            continue
        if spec.trigger is not None and spec.trigger.kind == "content":
            found.append(Waiting(spec, spec.trigger.of))
    return found


def asks_about_content() -> bool:
    """Does a live workflow ask people about every content item that goes into review?"""
    return any(waiting.asks for waiting in about_content())


def triggers() -> list[LiveTrigger]:
    """Triggers of all live versions that can be read, candidates included."""
    now = today()
    found = []
    for activation in Activation.arms.filter(until=None).select_related("version").order_by("workflow_id", "pk"):
        try:
            spec = spec_of(activation.version, now)
        except BadSpec:  # the runtime says so, where its events wait
            continue
        if spec.trigger:
            found.append(LiveTrigger(activation.workflow_id, spec.key, spec.subject, spec.trigger))
    return found


def watched_segments(triggers: Iterable[Trigger]) -> frozenset[str]:
    """Segments that somebody enters or leaves to begin a run."""
    return frozenset(key for trigger in triggers if trigger.kind == "segment" for key in trigger.of)


def listened(events: Iterable[InternalEvent], triggers: Iterable[Trigger]) -> list[InternalEvent]:
    """Those that a trigger is there for; the others need not be written."""
    inside = [trigger for trigger in triggers if trigger.kind != "event"]
    if not inside:
        return []
    return [
        event
        for event in events
        if any(trigger.matches({"name": event.name, "properties": event.properties}) for trigger in inside)
    ]


def awaited(events: Iterable[InternalEvent]) -> list[InternalEvent]:
    """Those that a live trigger is there for, or that a run of the subject waits for. For what people change."""
    events = list(events)
    if not events:
        return []
    wanted = listened(events, [live.trigger for live in triggers()])
    about = {event.subject for event in events}
    waiting = Run.objects.filter(
        Q(contact_id__in={ref.contact_id for ref in about}) | Q(content_id__in={ref.content_id for ref in about}),
        state=Run.State.WAITING,
        waits_for__startswith="$",
    )
    waits = {
        (subject_of(contact_id=contact_id, content_id=content_id), name)
        for contact_id, content_id, name in waiting.values_list("contact_id", "content_id", "waits_for")
    }
    return [event for event in events if event in wanted or any((event.subject, name) in waits for name in event.names)]
