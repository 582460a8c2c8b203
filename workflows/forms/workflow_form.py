"""Everything that a workflow says besides its steps, as sections of controls."""

from collections.abc import Iterator, Mapping
from typing import Any

from .controls import Control
from .step_form import Section

Document = Mapping[str, Any]
#: What may begin a run, as people choose it.
TRIGGERS: Mapping[str, str] = {
    "event": "An event happens",
    "segment": "A contact enters or leaves a segment",
    "stage": "A contact reaches a lifecycle stage",
    "field": "A field of a contact changes",
    "schedule": "At a time",
    "handoff": "Work is handed to a team",
    "content": "A content item reaches a state",
}


def trigger_kind(document: Document) -> str:
    """What begins it; empty where nothing does yet."""
    said = document.get("trigger")
    if not isinstance(said, Mapping):
        return ""
    return next((kind for kind in ("schedule", *TRIGGERS) if kind in said), "")


def sections(document: Document) -> list[Section]:
    """The form of the workflow itself."""
    map_only = bool(document.get("map_only"))
    about = (*_ABOUT, _TARGET) if map_only else _ABOUT
    found = [
        Section("about", "Workflow", "workflow", about),
        Section("trigger", "Begins when", "play", tuple(_trigger(document)), help="What starts it for somebody."),
    ]
    is_folded = map_only and "entry" not in document
    found.append(Section("entry", "Who may enter, and how often", "door-open", _ENTRY, is_folded=is_folded))
    found.append(Section("success", "Done means", "goal", tuple(_success(document))))
    if not map_only:
        is_said = any(document.get(name) for name in ("priority", "limits", "approvers"))
        found.append(Section("limits", "Priority, limits and approval", "gauge", _LIMITS, is_folded=not is_said))
    ignored = tuple(_ignored(document))
    found.append(Section("ignored", "Findings that may stand", "list-x", ignored, is_folded=not ignored))
    return found


def controls(document: Document) -> list[Control]:
    """All of its controls."""
    return [control for section in sections(document) for control in section.controls]


_ABOUT = (
    Control("name", "Name"),
    Control("description", "Description", "area"),
    Control("type", "Type", "select", "types"),
    Control("owner", "Owner", "select", "teams"),
    Control("subject", "About", "select", "subjects", help="What goes through it, one by one."),
    Control("map_only", "Documented only, never run", "yes_no"),
)
_TARGET = Control("target", "To be replaced by", "select", "workflows")
_ENTRY = (
    Control("entry.key", "One entry for each", "picks", "entry_keys"),
    Control("entry.when", "Only if", "rule"),
    Control("entry.again.after", "Again after", "span"),
    Control("entry.again.at_most", "At most", "number", help="Entries of one contact."),
    Control("entry.again.per", "In a span of", "span"),
    Control("entry.again.overlapping", "While still in it", "yes_no"),
)
_LIMITS = (
    Control("priority", "Priority, 1 to 100", "number", help="Which message goes when a cap has room for one."),
    Control("limits.at_most", "At most so many effects", "number"),
    Control("limits.per", "In a span of", "span"),
    Control("approvers", "Who must agree to each version", "checks", "teams"),
)
_BY_TRIGGER: Mapping[str, tuple[Control, ...]] = {
    "event": (Control("trigger.event", "Events", "one_or_many", "events"),),
    "segment": (
        Control("trigger.segment", "Segment", "select", "segments"),
        Control("trigger.on", "When they", "select", "choice:enter,leave"),
    ),
    "stage": (Control("trigger.stage", "Stages", "one_or_many", "stages"),),
    "field": (Control("trigger.field", "Field", "select", "fields"),),
    "schedule": (
        Control("trigger.schedule", "When", "text", "schedules", help="Minute, hour, day, month, weekday."),
        Control("trigger.timezone", "By the clock of", "text", "timezones"),
        Control("trigger.segment", "For each of segment", "select", "segments"),
    ),
    "handoff": (Control("trigger.handoff", "To team", "select", "teams"),),
    "content": (Control("trigger.content", "States", "one_or_many", "content_states"),),
}


def _trigger(document: Document) -> Iterator[Control]:
    yield from _BY_TRIGGER.get(trigger_kind(document), ())
    if trigger_kind(document):
        yield Control("trigger.where", "Which is like this", "rule")


def _success(document: Document) -> Iterator[Control]:
    criteria = document.get("success")
    for i, _ in enumerate(criteria if isinstance(criteria, list) else ()):
        here = f"success.{i}"
        yield Control(f"{here}.says", f"Criterion {i + 1}", "area")
        yield Control(f"{here}.key", "Key", help="What steps name it by.")
        yield Control(f"{here}.from", "From", "moment", "moments_from")
        yield Control(f"{here}.to", "To", "moment", "moments_to")
        yield Control(f"{here}.within", "Within", "span")
        yield Control(f"{here}.share", "Share that must", "number", help="0.95 is nineteen of twenty.")
        yield Control(f"{here}.metric", "Or a metric", "text", "metrics")
        yield Control(f"{here}.at_least", "At least", "number")
        yield Control(f"{here}.at_most", "At most", "number")
        yield Control(f"{here}.per", "In a span of", "span")


def _ignored(document: Document) -> Iterator[Control]:
    lint = document.get("lint")
    entries = lint.get("ignore") if isinstance(lint, Mapping) else None
    for i, _ in enumerate(entries if isinstance(entries, list) else ()):
        yield Control(f"lint.ignore.{i}.code", f"Finding {i + 1}", help="Its code, such as E101.")
        yield Control(f"lint.ignore.{i}.step", "Of step", "select", "steps")
        yield Control(f"lint.ignore.{i}.because", "Because", "area")
