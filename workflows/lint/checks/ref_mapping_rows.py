"""REF005: a mapping that does not fit the catalog: a field that is not there, or one of another type (E4, E6)."""

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace

#: Types of a row that a field of another type takes without loss.
_FITS = {"text": ("text", "picklist", "email", "phone", "url"), "datetime": ("date", "datetime")}


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    for step in workflow.acts():
        mapping = workspace.mappings.get(str(step.arguments.get("mapping")))
        for number, row in enumerate(mapping.rows if mapping else ()):
            says = _problem(row, workflow, workspace)
            if mapping and says:
                yield Spot(
                    says=f"Mapping {mapping.key}, row {number + 1}: {says}",
                    fix="Correct the row: a field of the catalog, or a property of the event, with its own type",
                    team=mapping.owner,
                    step=step.key,
                    path="with.mapping",
                )


def _problem(row: Mapping[str, Any], workflow: Workflow, workspace: Workspace) -> str | None:
    source, kind = str(row.get("from", "")), str(row.get("type", "text"))
    if source.startswith("contact."):
        return _problem_of_field(source.removeprefix("contact."), kind, workspace)
    if source.startswith("event.properties."):
        return _problem_of_property(source.removeprefix("event.properties."), workflow, workspace)
    return None


def _problem_of_field(name: str, kind: str, workspace: Workspace) -> str | None:
    field = workspace.fields.get(name)
    if field is None:
        return f"there is no field {name}"
    fits = field.type.type in (kind, *_FITS.get(kind, ())) or kind in _FITS.get(field.type.type, ())
    return None if fits else f"{name} is of type {field.type.type}, and the row takes it for {kind}"


def _problem_of_property(name: str, workflow: Workflow, workspace: Workspace) -> str | None:
    events = [event for one in workflow.begun_by if (event := workspace.event(one))]
    if not events or any(not event.is_closed or name in event.properties for event in events):
        return None
    return f"{events[0].name} has no property {name}"


CHECK = Check("REF005", "Mapping does not fit the catalog", "error", ("E4", "E6"), find, maps=False)
