"""DAT001: one field is written in several places, so that the last one wins (requirements C8, H1)."""

from collections.abc import Iterator

from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.deeds import STAGE_FIELD
from workflows.lint.finding import Place, Spot
from workflows.lint.workspace import Workflow, Workspace

Writer = tuple[Workflow, Step]


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Said once, at the first place by the order of keys; the others stand beside it."""
    for name in dict.fromkeys(field for step in workflow.acts() for field in workflow.writes(step)):
        writers = workspace.once(_writers)[name]
        mine = [(one, step) for one, step in writers if one is workflow]
        theirs = [(other, step) for other, step in writers if workflow.is_beside(other)]
        if any(other.key < workflow.key for other, _ in theirs) or not _clash(name, [*mine, *theirs]):
            continue
        first, places = mine[0][1], f"{len(mine) + len(theirs)} places{_places([*mine, *theirs], workspace)}"
        yield Spot(
            says=f"contact.{name} is written in {places}{_kept(name, workspace)}",
            fix="Keep the one step that writes it where it is maintained; let the others ask for a change, or read it",
            team=workspace.owner_of_field(name) or workflow.owner_of(first),
            step=first.key,
            path="action",
            also=tuple(Place(other.key, step.key) for other, step in [*mine[1:], *theirs]),
        )


def _writers(workspace: Workspace) -> dict[str, list[Writer]]:
    """Who writes each field."""
    found: dict[str, list[Writer]] = {}
    for workflow in workspace.workflows:
        for step in workflow.acts():
            for name in dict.fromkeys(workflow.writes(step)):
                found.setdefault(name, []).append((workflow, step))
    return found


def _clash(name: str, writers: list[Writer]) -> bool:
    """Two ways of one workflow are one place. A stage only moves on, so that several steps of one team may move it."""
    if len({step.system for _, step in writers if step.system}) > 1:
        return True
    if len({workflow.key for workflow, _ in writers}) < 2:
        return False
    if name == STAGE_FIELD and all(step.action == "set_stage" for _, step in writers):
        back = any(step.arguments.get("backwards") for _, step in writers)
        return back or len({step.owner for _, step in writers}) > 1
    return True


def _places(writers: list[Writer], workspace: Workspace) -> str:
    systems = sorted({workspace.system_name(step.system) for _, step in writers if step.system})
    return f" ({' and '.join(systems)})" if len(systems) > 1 else ""


def _kept(name: str, workspace: Workspace) -> str:
    field = workspace.fields.get(name)
    return (
        f", though its system of record is {workspace.system_name(field.authority.system)}"
        if field
        else ", and it has no system of record"
    )


CHECK = Check("DAT001", "Two writers of one field", "error", ("C8", "H1", "B5", "J2"), find, together=True)
