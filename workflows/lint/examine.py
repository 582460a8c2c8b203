"""Runs the checks over a workspace, and says what they found in one order."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from . import suppressions
from .check import Check
from .checks import CHECKS
from .finding import SEVERITIES, Finding, Spot
from .workspace import Workflow, Workspace

#: What is live comes before the draft that is to follow it.
_STATES = ("live", "draft", "frozen", "map")
BY_CODE = {check.code: check for check in CHECKS}


def examine(
    workspace: Workspace,
    *,
    only: Collection[str] | None = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
) -> tuple[Finding, ...]:
    """Everything that is wrong, what may stand included; of all workflows, or of those with these keys.

    `select` and `ignore` take codes and their beginnings: `GRD` is all guardrails. A workflow that is live and drafted
    at once has findings of both versions.
    """
    chosen = tuple(check for check in CHECKS if _is_chosen(check.code, select, ignore))
    found: list[Finding] = []
    for workflow in workspace.workflows:
        mine = only is None or workflow.key in only
        findings = list(_of(workflow, workspace, (check for check in chosen if mine or check.together)))
        findings = suppressions.marked(findings, workflow.ignored)
        if mine and len(chosen) == len(CHECKS):
            findings += _idle(workflow, findings)
        found += [one for one in findings if only is None or any(one.concerns(key) for key in only)]
    return tuple(sorted(_each_once(found), key=lambda one: _order(one, workspace)))


def open_(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Without what may stand."""
    return tuple(finding for finding in findings if not finding.ignored_because)


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same fault of a live version and of the draft after it is one fault."""
    seen: dict[object, Finding] = {}
    for finding in findings:
        seen.setdefault(replace(finding, state=""), finding)
    return tuple(seen.values())


def _is_chosen(code: str, select: Collection[str], ignore: Collection[str]) -> bool:
    return (not select or code.startswith(tuple(select))) and not (ignore and code.startswith(tuple(ignore)))


def _of(workflow: Workflow, workspace: Workspace, checks: Iterable[Check]) -> Iterator[Finding]:
    for check in checks:
        if (workflow.documented and not check.maps) or (check.together and workflow.state == "frozen"):
            continue
        for spot in check.find(workflow, workspace):
            yield _finding(spot, check, workflow)


def _finding(spot: Spot, check: Check, workflow: Workflow) -> Finding:
    return Finding(
        code=check.code,
        severity=check.severity,
        workflow=workflow.key,
        state=workflow.state,
        path=_path(spot, workflow),
        step=spot.step,
        says=spot.says,
        fix=spot.fix,
        team=spot.team,
        also=tuple(dict.fromkeys(spot.also)),
    )


def _path(spot: Spot, workflow: Workflow) -> str:
    """Into the document; what a check says of the workflow although it points at a step stays as it is."""
    at = workflow.spec.positions.get(spot.step) if spot.step else None
    if at is None or spot.path.startswith("entry."):
        return spot.path
    return f"steps[{at}].{spot.path}" if spot.path else f"steps[{at}]"


def _idle(workflow: Workflow, findings: list[Finding]) -> Iterator[Finding]:
    check = BY_CODE["LNT002"]
    for one in suppressions.idle(findings, workflow.ignored):
        says = f"{one.code} is ignored{f' at {one.step}' if one.step else ''}, and nothing is found there"
        if one.code not in BY_CODE:
            says = f"{one.code} is ignored, and there is no such code"
        spot = Spot(says=says, fix="Take the entry out", team=workflow.owner, step=one.step, path="lint.ignore")
        yield replace(_finding(spot, check, workflow), path="lint.ignore")


def _each_once(findings: Iterable[Finding]) -> list[Finding]:
    return list(dict.fromkeys(findings))


def _order(finding: Finding, workspace: Workspace) -> tuple[object, ...]:
    at = next((i for i, one in enumerate(workspace.workflows) if one.key == finding.workflow), 0)
    spec = workspace.workflows[at].spec if workspace.workflows else None
    step = spec.positions.get(finding.step, -1) if spec else -1
    return (at, _STATES.index(finding.state), SEVERITIES.index(finding.severity), step, finding.code, finding.says)
