"""What the routing steps of a workflow need of a contact, and whether the workflow asks for it first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from martechops.lib import liquid
from martechops.lib.liquid import BadTemplate
from workflows.engine.mapping import CompiledMapping
from workflows.engine.spec import Spec, Step

_ROUTING = ("create_task", "assign_owner")


@dataclass(frozen=True, slots=True)
class Need:
    """One field that a step needs."""

    step: str
    #: Dotted: "contact.company".
    path: str
    why: str
    #: Without it the CRM refuses, or the step is withheld; without others there is only a gap in a text.
    is_must: bool
    #: A guard of the step, or of a step before it that stops who lacks it, asks for it.
    asked_for: bool


def routing_needs(spec: Spec, mappings: Mapping[str, CompiledMapping]) -> Iterator[Need]:
    """For each step that gives somebody work: what its text names, what it hands on, and what the CRM requires."""
    for position, step in enumerate(spec.steps):
        if step.action not in _ROUTING and step.kind != "handoff":
            continue
        asked = set(step.guards.require) | _stopped_without(spec.steps[:position])
        for path, (why, is_must) in _needed(step, spec.steps[:position], mappings).items():
            yield Need(step.key, path, why, is_must, path in asked)


def _needed(
    step: Step, before: tuple[Step, ...], mappings: Mapping[str, CompiledMapping]
) -> dict[str, tuple[str, bool]]:
    found: dict[str, tuple[str, bool]] = {}
    for one in before:
        mapping = mappings.get(str(one.arguments.get("mapping"))) if one.action == "upsert_record" else None
        for row in mapping.rows if mapping else ():
            if row.required and row.default is None and row.source.startswith("contact."):
                found[row.source] = (f"the CRM's {row.target} is required", True)
    title = step.arguments.get("title")
    for path in _paths(title) if isinstance(title, str) else ():
        found.setdefault(path, ("the task's title names it", False))
    for path in step.handoff.payload if step.handoff else ():
        found.setdefault(path, ("it is handed on", False))
    for path in step.guards.require:
        if path.startswith("contact."):
            found.setdefault(path, ("the step requires it", True))
    return found


def _paths(text: str) -> Iterator[str]:
    try:
        names = liquid.needed(text)
    except BadTemplate:
        return
    yield from (name for name in names if name.startswith("contact."))


def _stopped_without(steps: tuple[Step, ...]) -> set[str]:
    """Paths that a stop in between turns away for lack of, and those that creating the record before required."""
    found: set[str] = set()
    for step in steps:
        if step.kind == "stop" and step.when:
            found |= {one.path for one in step.when.comparisons if (one.operator, one.wanted) == ("$exists", False)}
        if step.action == "upsert_record":
            found |= set(step.guards.require)
    return found
