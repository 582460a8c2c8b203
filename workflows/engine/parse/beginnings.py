"""The parts of a file that say what begins a run, and who may enter how often."""

from collections.abc import Mapping
from typing import Any

from ..schedules import BadSchedule, Schedule
from ..schedules import parse as parse_schedule
from ..spec import SUBJECTS, Again, Entry, Limit
from ..triggers import INTERNAL, Trigger, trigger
from .reader import Document, Reader

#: What may begin a run → what else its trigger may say.
_KINDS: dict[str, frozenset[str]] = {
    "event": frozenset(),
    "schedule": frozenset({"timezone", "segment"}),
    "segment": frozenset({"on"}),
    "stage": frozenset(),
    "field": frozenset(),
    "handoff": frozenset(),
    "content": frozenset(),
}


def read_trigger(read: Reader, document: Document, *, needed: bool) -> Trigger | None:
    """What begins a run; None where nothing does or it cannot be read."""
    if "trigger" not in document:
        if needed:
            read.wrong("trigger", "is missing: say which event begins a run")
        return None
    said = _with_on(read.mapping(document, "trigger", ""))
    kind = next((kind for kind in ("schedule", *_KINDS) if kind in said), None)
    if kind is None:
        read.keys(said, {*_KINDS, "where"}, "trigger")
        read.wrong("trigger.event", f"is missing: a run begins by one of {', '.join(_KINDS)}")
        return None
    read.keys(said, {kind, "where", *_KINDS[kind]}, "trigger")
    where = read.condition(said, "where", "trigger")
    if kind == "schedule":
        schedule = _schedule(read, said)
        segment = read.text(said, "segment", "trigger") or None
        of = (schedule.text,) if schedule else ()
        return trigger(kind, of, workflow=read.workflow, where=where, schedule=schedule, segment=segment)
    named = _named(read, said, kind)
    on = read.one_of(said, "on", "trigger", ("enter", "leave")) or "enter"
    return trigger(kind, named, where=where, on=on) if named else None


def read_entry(read: Reader, document: Document) -> Entry:
    """Who may enter, and how often."""
    entry = read.mapping(document, "entry", "")
    read.keys(entry, {"key", "when", "again"}, "entry")
    key = read.texts(entry, "key", "entry")
    if "key" in entry and (not key or key[0] not in (*SUBJECTS, "subject")):
        read.wrong("entry.key", "must begin with the subject: [contact], or [contact, event.properties.product]")
    for path in key[1:]:
        if "." not in path:
            read.wrong("entry.key", f"{path} is no path such as event.properties.product")
    return Entry(key=key[1:], when=read.condition(entry, "when", "entry"), again=_again(read, entry))


def read_limit(read: Reader, document: Document, key: str, path: str) -> Limit | None:
    """At most so many in a span by the clock."""
    if key not in document:
        return None
    limit = read.mapping(document, key, path)
    here = f"{path}.{key}" if path else key
    read.keys(limit, {"at_most", "per"}, here)
    at_most, per = read.count(limit, "at_most", here), read.duration(limit, "per", here)
    if at_most is None or per is None:
        read.wrong(here, "takes both: {at_most: 2, per: 7 days}")
        return None
    if per.business:
        read.wrong(f"{here}.per", "must be a span by the clock, not business days")
    return Limit(at_most=at_most, per=per)


def _again(read: Reader, entry: Document) -> Again | None:
    if "again" not in entry:
        return None
    again = read.mapping(entry, "again", "entry")
    here = "entry.again"
    read.keys(again, {"after", "at_most", "per", "overlapping"}, here)
    per = read.duration(again, "per", here)
    if per and per.business:
        read.wrong(f"{here}.per", "must be a span by the clock, not business days")
    if per and again.get("at_most") is None:
        read.wrong(f"{here}.at_most", "is missing: say how many in that span")
    return Again(
        after=read.duration(again, "after", here),
        at_most=read.count(again, "at_most", here),
        per=per,
        overlapping=read.yes_no(again, "overlapping", here),
    )


def _schedule(read: Reader, said: Document) -> Schedule | None:
    timezone = read.text(said, "timezone", "trigger") or "UTC"
    try:
        return parse_schedule(said["schedule"], timezone=timezone)
    except BadSchedule as error:
        read.wrong("trigger.timezone" if "time zone" in str(error) else "trigger.schedule", str(error))
        return None


def _named(read: Reader, said: Document, kind: str) -> tuple[str, ...]:
    """One name, or for events, stages and states a list of them."""
    many = kind in ("event", "stage", "content")
    if not isinstance(said[kind], list) or not many:
        name = read.text(said, kind, "trigger", needed=True)
        names: tuple[str, ...] = (name,) if name else ()
    else:
        names = read.texts(said, kind, "trigger")
        if not said[kind]:
            read.wrong(f"trigger.{kind}", f"must be the name of {_ARTICLE[kind]}, or a list of names")
    for name in names if kind == "event" else ():
        if name in INTERNAL or name.startswith("$"):
            read.wrong("trigger.event", f"{name} is a name of the system's own; ask for what causes it instead")
    return names


def _with_on(said: Mapping[Any, Any]) -> Document:
    """YAML reads a bare `on` as yes, and JSON keeps that as "true"."""
    return {("on" if key is True or key == "true" else key): value for key, value in said.items()}


_ARTICLE = {"event": "an event", "stage": "a stage", "content": "a state"}
