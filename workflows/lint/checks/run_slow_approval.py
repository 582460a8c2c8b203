"""RUN008: an approval or a hand-off that may take for ever (requirements B5: slow approvals, A10)."""

from collections.abc import Iterator

from workflows.engine.durations import Duration
from workflows.engine.spec import Step
from workflows.lint.check import Check
from workflows.lint.finding import Spot
from workflows.lint.workspace import Workflow, Workspace

#: More days than this keep the next step waiting longer than most leads stay warm.
MOST_DAYS = 5
_DAYS = {"second": 1 / 86400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0}


def find(workflow: Workflow, _workspace: Workspace) -> Iterator[Spot]:
    for step in workflow.spec.steps:
        says = _objection(step)
        if says:
            yield Spot(
                says=f"{step.name} {says}",
                fix=f"Say within: 1 business day, or at most {MOST_DAYS} days, and what happens after that",
                team=_team(step) or workflow.owner_of(step),
                step=step.key,
                path=f"{step.kind}.within",
            )


def _objection(step: Step) -> str | None:
    within = _within(step)
    if step.kind not in ("approve", "handoff"):
        return None
    if within is None:
        return "has no deadline, so everybody after it may wait for ever"
    return f"may take {within}, longer than {MOST_DAYS} days" if _days(within) > MOST_DAYS else None


def _within(step: Step) -> Duration | None:
    part = step.approve or step.handoff
    return part.within if part else None


def _team(step: Step) -> str:
    return step.approve.team if step.approve else step.handoff.to if step.handoff else ""


def _days(span: Duration) -> float:
    return span.amount * _DAYS[span.unit] / (8 / 24 if span.business and span.unit == "hour" else 1)


CHECK = Check("RUN008", "Slow approval or hand-off", "warning", ("B5", "A7", "A10"), find)
