"""REF002: a property that the event's schema does not list (requirements F3, J8)."""

from collections.abc import Iterable, Iterator

from workflows.engine.conditions import Condition
from workflows.engine.triggers import INTERNAL
from workflows.lint.check import Check
from workflows.lint.deeds import rules
from workflows.lint.finding import Spot
from workflows.lint.workspace import EventType, Workflow, Workspace

_PROPERTY = "event.properties."


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """It must be listed by one of the events at hand; a row without a schema lists nothing yet, and refuses none."""
    spec = workflow.spec
    begun = workflow.begun_by
    yield from _spots(workflow, workspace, spec.trigger.where if spec.trigger else None, begun, "", "trigger.where")
    yield from _spots(workflow, workspace, spec.entry.when, begun, "", "entry.when")
    for at, step in enumerate(spec.steps):
        waited = [one.wait.event for one in spec.steps[: at + 1] if one.wait and one.wait.event]
        for path, rule in rules(step):
            events = (step.wait.event,) if step.wait and step.wait.event else (*begun, *waited)
            yield from _spots(workflow, workspace, rule, events, step.key, path)


def _spots(
    workflow: Workflow, workspace: Workspace, rule: Condition | None, names: Iterable[str], step: str, path: str
) -> Iterator[Spot]:
    events = [event for name in names if (event := workspace.event(name))]
    if rule is None or not events or any(not event.is_closed for event in events) or set(names) & set(INTERNAL):
        return
    for asked in rule.paths:
        name = asked.removeprefix(_PROPERTY).partition(".")[0]
        if asked.startswith(_PROPERTY) and not any(name in event.properties for event in events):
            yield Spot(
                says=f"{' and '.join(event.name for event in events)} has no property {name}",
                fix=f"Ask for one of {', '.join(_listed(events))}, or add {name} to the event's schema",
                team=events[0].owner,
                step=step,
                path=f"{path}.{asked}",
            )


def _listed(events: list[EventType]) -> list[str]:
    return sorted({name for event in events for name in event.properties})


CHECK = Check("REF002", "Property is not in the event's schema", "error", ("F3", "J8"), find)
