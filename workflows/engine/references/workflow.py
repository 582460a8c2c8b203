"""What a workflow refers to, from its trigger to the last of its steps."""

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.engine import consents

from .places import Path, Reference, each, items, mapping, one
from .rules import condition, in_path, in_paths, in_text, in_value, in_wanted


def in_workflow(document: Mapping[str, Any]) -> Iterator[Reference]:
    """Its owner, trigger, entry, success criteria and steps."""
    yield from one(document, "owner", "team", ())
    yield from _trigger(mapping(document, "trigger"), ("trigger",))
    entry = mapping(document, "entry")
    yield from in_paths(entry, "key", ("entry",))
    yield from condition(entry.get("when"), ("entry", "when"))
    for i, criterion in items(document, "success"):
        for end in ("from", "to"):
            at: Path = ("success", i, end)
            yield from one(mapping(criterion, end), "event", "event-type", at)
            yield from one(mapping(criterion, end), "stage", "stage", at)
        yield from one(criterion, "metric", "metric", ("success", i))
    for i, step in items(document, "steps"):
        yield from _step(step, ("steps", i))


def _trigger(trigger: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    for name, kind in (("event", "event-type"), ("stage", "stage")):
        yield from each(trigger, name, kind, at)
    for name, kind in (("segment", "segment"), ("field", "field"), ("handoff", "team")):
        yield from one(trigger, name, kind, at)
    where = (*at, "where")
    yield from condition(trigger.get("where"), where)
    if "stage" in trigger or isinstance(trigger.get("field"), str):
        yield from _changed(trigger.get("where"), str(trigger.get("field", "lifecycle_stage")), where)


def _changed(where: Any, field: str, at: Path) -> Iterator[Reference]:
    """`event.properties.from` and `.to` of a change hold values of the field that changes."""
    if isinstance(where, list):
        for i, part in enumerate(where):
            yield from _changed(part, field, (*at, i))
    elif isinstance(where, Mapping):
        for name, wanted in where.items():
            if name in ("event.properties.from", "event.properties.to"):
                yield from in_wanted(f"contact.{field}", wanted, (*at, name))
            elif str(name).startswith("$"):
                yield from _changed(wanted, field, (*at, name))


def _step(step: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    yield from one(step, "trigger", "event-type", at)
    yield from one(step, "system", "system", at)
    yield from one(step, "owner", "team", at)
    yield from condition(step.get("when"), (*at, "when"))
    yield from _arguments(mapping(step, "with"), (*at, "with"))
    yield from _guards(mapping(step, "guards"), (*at, "guards"))
    wait, until = mapping(mapping(step, "wait"), "until"), (*at, "wait", "until")
    yield from one(wait, "event", "event-type", until)
    yield from condition(wait.get("where"), (*until, "where"))
    if isinstance(wait.get("date"), str):
        yield from in_path(wait["date"], (*until, "date"))
    for i, branch in items(step, "choose"):
        yield from condition(branch.get("when"), (*at, "choose", i, "when"))
    yield from one(mapping(step, "approve"), "team", "team", (*at, "approve"))
    handoff = mapping(step, "handoff")
    yield from one(handoff, "to", "team", (*at, "handoff"))
    yield from in_paths(handoff, "payload", (*at, "handoff"))


def _guards(guards: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    yield from in_paths(guards, "require", at)
    if isinstance(guards.get("consent"), str):
        yield Reference("field", f"consent.{guards['consent']}", (*at, "consent"))
    elif isinstance(channel := mapping(guards, "consent").get("channel"), str):
        yield Reference("field", f"consent.{channel}", (*at, "consent", "channel"))
        purpose = mapping(guards, "consent").get("purpose")
        if isinstance(purpose, str) and purpose != consents.GENERAL:
            yield Reference("field", f"consent.{channel}.{purpose}", (*at, "consent", "purpose"))
    yield from one(guards, "approval", "team", at)


def _arguments(arguments: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    for kind in ("mapping", "template", "stage", "field", "segment"):
        yield from one(arguments, kind, kind, at)
    field, value = arguments.get("field"), arguments.get("value")
    if isinstance(field, str) and isinstance(value, str):
        yield from in_value(field, value, (*at, "value"))
    elif field is None and isinstance(value, str):
        yield from in_path(value, (*at, "value"))
    yield from each(arguments, "fields", "field", at)
    for name in ("report", "reports"):
        yield from each(arguments, name, "report", at)
    if isinstance(arguments.get("title"), str):
        yield from in_text(arguments["title"], (*at, "title"))
    body = mapping(arguments, "body")
    for name, text in body.items():
        if isinstance(text, str):
            yield from in_text(text, (*at, "body", name))
