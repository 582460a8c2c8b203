"""What the metrics of success criteria are counted of, and which steps a criterion rests on.

>>> from workflows.engine.metrics import read
>>> from workflows.engine.parse import attempt
>>> from workflows.lint.workspace import Metric, Workspace
>>> metrics = {"asked": Metric("asked", "analytics", read("simple", {"measure": "conversions"}))}
>>> steps = [{"key": "ask", "action": "record_conversion", "with": {"name": "Asked"}}, {"key": "rest", "stop": "done"}]
>>> found = attempt({"key": "w", "success": [{"says": "…", "metric": "asked", "at_least": 5}], "steps": steps})
>>> sorted(served(found.spec, Workspace(metrics=metrics)))
['ask']
"""

from collections.abc import Mapping

from workflows.engine.metrics import Conversion, Simple, measure_of, parts_of, within_workflow
from workflows.engine.spec import Criterion, Spec, Step

from .ways import before, reachable
from .workspace import Metric, Workspace

#: By which actions the rows of a measure come to be. What is not listed is watched over the whole workflow.
_GROWS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("conversions", "conversion_value", "converted"), ("record_conversion",)),
    **dict.fromkeys(("deals", "deal_value", "credited_deals", "credited_value"), ("record_conversion", "set_stage")),
    **dict.fromkeys(("stage_changes", "stage_contacts"), ("set_stage",)),
    **dict.fromkeys(("messages", "mail_outcomes", "mail_contacts"), ("send_message",)),
    **dict.fromkeys(("routed", "routing_hours", "routing_median"), ("create_task", "assign_owner")),
    "leads": ("upsert_record",),
}


def served(spec: Spec, workspace: Workspace) -> frozenset[str]:
    """Keys of the steps that a criterion needs: those that say so, or else those on the way to what it measures."""
    if any(step.serves for step in spec.steps):
        return frozenset(step.key for step in spec.steps if step.serves or step.kind != "act")
    needed: set[str] = set()
    for criterion in spec.success:
        for key in _ends(spec, criterion, workspace):
            needed |= {key} | before(spec, key)
    return frozenset(needed)


def counted_of(metric: Metric, workspace: Workspace) -> frozenset[str]:
    """Every measure that it comes down to, through the metrics that it is made of."""
    found: set[str] = set()
    waiting, seen = [metric], {metric.key}
    while waiting:
        definition = waiting.pop().definition
        for _, part in parts_of(definition) if definition else ():
            if isinstance(part, Simple):
                found.add(part.measure)
            elif part in workspace.metrics and part not in seen:
                seen.add(part)
                waiting.append(workspace.metrics[part])
    return frozenset(found)


def is_of_workflows(metric: Metric, workspace: Workspace) -> bool:
    """Whether its number can be told of one workflow. Of a journey, where that begins."""
    of = metric.definition
    measures = {of.base.measure} if isinstance(of, Conversion) else counted_of(metric, workspace)
    return bool(measures) and bool(within_workflow(measure_of(name)[0] for name in measures))


def _ends(spec: Spec, criterion: Criterion, workspace: Workspace) -> list[str]:
    """The steps where what it measures happens."""
    if criterion.metric:
        metric = workspace.metrics.get(criterion.metric)
        grows = {
            action for name in (counted_of(metric, workspace) if metric else ()) for action in _GROWS.get(name, ())
        }
        return [step.key for step in spec.steps if step.action in grows] if grows else sorted(reachable(spec))
    end = criterion.ends
    if end is None:
        return []
    if end.kind == "step":
        return [end.name] if end.name in spec.positions else []
    found = [step.key for step in spec.steps if _leads_to(step, end.kind, end.name)]
    return found or sorted(reachable(spec))


def _leads_to(step: Step, kind: str, name: str) -> bool:
    """Does the step bring the stage about, or wait for the event? Where none does, all of them may have led to it."""
    if kind == "stage":
        return step.action == "set_stage" and step.arguments.get("stage") == name
    return bool(step.wait and step.wait.event == name)
