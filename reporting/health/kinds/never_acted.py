"""Steps that are on the map, and do nothing (requirement B5)."""

from collections.abc import Iterator

from reporting.health import steps
from reporting.health.finding import EXECUTED, Finding, Kind, Sample
from reporting.health.scope import ENOUGH, Flow, Scope
from workflows.engine.spec import END, Step

KEY = "never-acted"
#: What a map is there for. A choice always chooses; a stop that never stops anybody is good news.
_DOES = ("act", "wait", "approve", "handoff")


def find(scope: Scope) -> Iterator[Finding]:
    """Of enough runs; ways for a no and for no answer are exceptions, and may stay unused."""
    for (workflow_id, key), figure in steps.figures(scope).items():
        flow = scope.flows[workflow_id]
        step = flow.step(key)
        if step is None or step.kind not in _DOES or figure.acted or figure.runs < ENOUGH:
            continue
        if key not in _usual(flow) or not _is_due(scope, flow, figure):
            continue
        came = "nobody came to it" if not figure.came else f"of {figure.came} who came to it it acted for nobody"
        yield Finding(
            kind=KEY,
            says=f"{step.name} never happens: of the newest {figure.runs} runs {came}",
            fix="Look at the rule or the way that leads to it, or take the step out",
            team=flow.owner_of(key),
            count=0,
            of=figure.runs,
            former=figure.former_came,
            workflow=flow.key,
            step=key,
            samples=(Sample("its runs", f"/runs/?workflow={flow.key}"),),
        )


def _is_due(scope: Scope, flow: Flow, figure: steps.StepFigure) -> bool:
    """Has the version been live for longer than the steps before it may take? Nobody can be there sooner."""
    before = flow.spec.steps[: flow.spec.positions[figure.step]]
    latest = flow.since
    for step in before:
        span = (step.wait.span if step.wait else None) or step.expected
        latest = span.after(latest, scope.calendar) if span else latest
    return latest < scope.at


def _usual(flow: Flow) -> frozenset[str]:
    """Keys of the steps that can be come to without a no, a lapse, or whatever else takes a way that says `else`."""
    found: set[str] = set()
    waiting = [0]
    while waiting:
        at = waiting.pop()
        if at >= len(flow.spec.steps) or flow.spec.steps[at].key in found:
            continue
        step = flow.spec.steps[at]
        found.add(step.key)
        waiting += [len(flow.spec.steps) if key == END else flow.spec.positions[key] for key in _ways(step)]
        if step.kind not in ("choose", "split") and not (step.kind == "stop" and step.when is None):
            waiting.append(at + 1)
    return frozenset(found)


def _ways(step: Step) -> list[str]:
    return [branch.go for branch in step.branches] + [share.go for share in step.shares]


KIND = Kind(
    KEY,
    "Steps that never happen",
    EXECUTED,
    "Steps of a live workflow that none of its newest runs came to, or for none of which they acted.",
    ("B5", "B8"),
    "circle-slash",
    find,
    codes=("RUN001",),
)
