"""DAT006: a rule that asks for what there is not, or compares it with what it cannot be (requirements D5, E6)."""

from collections.abc import Iterator, Mapping

from workflows.engine.conditions import Condition, FieldType, check_types
from workflows.lint.check import Check
from workflows.lint.deeds import rules
from workflows.lint.facts import begun_by, contact_types, event_types
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace


def find(workflow: Workflow, workspace: Workspace) -> Iterator[Spot]:
    """Properties of an event are REF002's, which knows the schema; a segment's own rule is checked when it is saved."""
    contact = contact_types(workspace)
    begun = contact | event_types(begun_by(workflow), workspace)
    spec = workflow.spec
    if spec.trigger and spec.trigger.where:
        yield from _spots(workflow, spec.trigger.where, begun, "", "trigger.where")
    if spec.entry.when:
        yield from _spots(workflow, spec.entry.when, begun, "", "entry.when")
    for step in spec.steps:
        waited = (step.wait.event,) if step.wait and step.wait.event else ()
        known = begun | event_types(waited, workspace)
        for path, rule in rules(step):
            yield from _spots(workflow, rule, known, step.key, path)


def _spots(workflow: Workflow, rule: Condition, known: Mapping[str, FieldType], step: str, path: str) -> Iterator[Spot]:
    for place, says in check_types(rule.document, known):
        asked = place.rpartition("]")[2].lstrip(".") or place
        if not asked.startswith(_ELSEWHERE) or not says.startswith("is no field"):
            yield Spot(
                says=f"{asked} {says}",
                fix="Ask for a field of the catalog, and compare it with what it can hold",
                team=workflow.owner_of(workflow.spec.step(step)) if step else workflow.owner,
                step=step,
                path=f"{path}.{place}",
            )


#: Event properties are held against their schema; the subjects of other workflows have no catalog of fields.
_ELSEWHERE = ("event.", "segment", "content.", "workspace.", "run.")


CHECK = Check("DAT006", "Rule does not fit the catalog", "error", ("D5", "E6"), find)
