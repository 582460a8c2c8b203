"""REF003: a system, mapping, template, segment or stage that there is not (requirements E5, J8)."""

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.engine.references import Reference, words
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Fields that are read are DAT006's, fields that are written DAT003's, teams OWN002's, events REF001's."""
    known = _known(workspace)
    for ref in workflow.references:
        if _is_ours(ref) and ref.key not in known[ref.kind]:
            step = workflow.step_at(ref.path)
            yield Spot(
                says=f"There is no {ref.kind} {ref.key}",
                fix=f"Make the {ref.kind}, or name one that is there{_some(known[ref.kind])}",
                team=workflow.owner_of(step) if step else workflow.owner,
                step=step.key if step else "",
                path=words(ref.path[2:] if step else ref.path),
            )


def _known(workspace: Workspace) -> Mapping[str, Mapping[str, Any]]:
    return {
        "system": workspace.systems,
        "mapping": workspace.mappings,
        "template": workspace.templates,
        "segment": workspace.segments,
        "stage": workspace.stages,
    }


def _is_ours(ref: Reference) -> bool:
    return ref.kind in ("system", "mapping", "template", "segment", "stage")


def _some(keys: Mapping[str, Any]) -> str:
    return f": {', '.join(sorted(keys)[:8])}" if keys else ""


CHECK = Check("REF003", "Names what there is not", "error", ("E5", "J8"), find, maps=False)
