"""What can be counted, and which steps a success criterion rests on.

>>> from workflows.engine.parse import attempt
>>> steps = [{"key": "ask", "action": "record_conversion", "with": {"name": "Asked"}}, {"key": "rest", "stop": "done"}]
>>> found = attempt({"key": "w", "success": [{"says": "…", "metric": "conversions", "at_least": 5}], "steps": steps})
>>> sorted(served(found.spec))
['ask']
"""

from workflows.engine.spec import Criterion, Spec, Step

from .ways import before, reachable

#: What a criterion can name: the standard metrics (requirement F7), and what is watched while a workflow runs (H7).
METRICS = (
    "leads",
    "qualified",
    "conversions",
    "pipeline",
    "messages",
    "tasks",
    "duplicates",
    "missing_fields",
    "unexpected_sends",
    "failed_runs",
)
#: By which actions a metric grows. What is not listed is watched over the whole workflow.
_GROWS = {
    "conversions": ("record_conversion",),
    "pipeline": ("record_conversion", "set_stage"),
    "qualified": ("set_stage",),
    "messages": ("send_message",),
    "tasks": ("create_task",),
    "leads": ("upsert_record",),
}


def served(spec: Spec) -> frozenset[str]:
    """Keys of the steps that a criterion needs: those that say so, or else those on the way to what it measures."""
    if any(step.serves for step in spec.steps):
        return frozenset(step.key for step in spec.steps if step.serves or step.kind != "act")
    needed: set[str] = set()
    for criterion in spec.success:
        for key in _ends(spec, criterion):
            needed |= {key} | before(spec, key)
    return frozenset(needed)


def _ends(spec: Spec, criterion: Criterion) -> list[str]:
    """The steps where what it measures happens."""
    if criterion.metric:
        grows = _GROWS.get(criterion.metric)
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
