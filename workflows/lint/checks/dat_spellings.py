"""DAT007: one value of a field, written in two ways (requirement B5: inconsistent field values)."""

import re
from collections.abc import Iterator

from workflows.engine.conditions import Condition
from workflows.lint.check import Check
from workflows.lint.deeds import rules
from workflows.lint.finding import Place, Spot
from workflows.lint.workspace import Workflow, Workspace

#: (field, value, step)
Said = tuple[str, str, str]


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Values that differ in case, spaces or dashes only; what the field allows is DAT006's."""
    for name, value, step in _said(workflow):
        different = [
            (other, theirs, where)
            for other, theirs, where in workspace.once(_spellings)[name, _folded(value)]
            if theirs != value and (other is workflow or workflow.is_beside(other))
        ]
        if different and (value, workflow.key) < min((theirs, other.key) for other, theirs, _ in different):
            spellings = sorted({value, *(theirs for _, theirs, _ in different)})
            yield Spot(
                says=f"contact.{name} is written as {' and as '.join(spellings)}: a rule for one misses the other",
                fix="Settle one spelling, list it in the field's allowed values, and use it everywhere",
                team=workspace.owner_of_field(name) or workflow.owner,
                step=step,
                also=tuple(Place(other.key, where) for other, _, where in different),
            )


def _spellings(workspace: Workspace) -> dict[tuple[str, str], list[tuple[Workflow, str, str]]]:
    """Every value of a field that is written somewhere, by what is left of it without case, spaces and dashes."""
    found: dict[tuple[str, str], list[tuple[Workflow, str, str]]] = {}
    for workflow in workspace.workflows:
        for name, value, step in _said(workflow):
            found.setdefault((name, _folded(value)), []).append((workflow, value, step))
    return found


def _said(workflow: Workflow) -> Iterator[Said]:
    for step in workflow.spec.steps:
        if step.action == "set_field" and isinstance(step.arguments.get("value"), str):
            yield str(step.arguments.get("field")), str(step.arguments["value"]), step.key
        for _, rule in rules(step):
            yield from ((field, value, step.key) for field, value in _compared(rule))


def _compared(rule: Condition) -> Iterator[tuple[str, str]]:
    for one in rule.comparisons:
        if one.path.startswith("contact.") and one.operator in ("$eq", "$ne", "$in", "$nin"):
            for value in one.wanted if isinstance(one.wanted, list) else [one.wanted]:
                if isinstance(value, str):
                    yield one.path.removeprefix("contact."), value


def _folded(value: str) -> str:
    return re.sub(r"[\W_]+", "", value).casefold()


CHECK = Check("DAT007", "One value, two spellings", "warning", ("B5", "A11"), find, together=True)
