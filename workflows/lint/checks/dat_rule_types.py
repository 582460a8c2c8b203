"""DAT006: a rule that asks for what there is not, or compares it with what it cannot be (requirements D5, E6)."""

from collections.abc import Iterator

from workflows.engine import typing_rules
from workflows.engine.typing_rules import Vocabulary, of_schema
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import STABLE, Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """What freezing a version would refuse; unknown properties are REF002's, unknown segments REF003's."""
    for path, says in typing_rules.problems(workflow.document, workspace.once(_vocabulary)):
        if ("event.properties." in path and says.startswith("is no field")) or says.startswith("there is no segment"):
            continue
        step, rest = workflow.split(path)
        asked = _asked(rest)
        yield Spot(
            says=f"{asked} {says}" if asked and not says.startswith(asked) else says,
            fix="Ask for a field of the catalog, and compare it with what it can hold",
            team=workflow.owner_of(step) if step else workflow.owner,
            step=step.key if step else "",
            path=rest,
        )


def _vocabulary(workspace: Workspace) -> Vocabulary:
    return Vocabulary(
        fields={f"contact.{key}": field.type for key, field in workspace.fields.items()},
        events={
            name: of_schema(event.schema, closed=event.status in STABLE) for name, event in workspace.events.items()
        },
        segments=workspace.segment_rules,
        stages=tuple(sorted(workspace.stages, key=lambda key: workspace.stages[key].position)),
    )


def _asked(path: str) -> str:
    """The path that the rule asks for, at the end of its place in the file."""
    found = max((path.find(start) for start in ("contact.", "event.", "content.")), default=-1)
    return path[found:] if found >= 0 else ""


CHECK = Check("DAT006", "Rule does not fit the catalog", "error", ("D5", "E6"), find)
