"""Approvals that keep what waits for them (requirement B5): half and nine in ten of them, by business time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.models import ApprovalRequest
from reporting.health.finding import BOTTLENECK, SAMPLES, Finding, Kind, Sample
from reporting.health.scope import SEVERAL, Scope
from reporting.spans import words
from workflows.engine.durations import Duration
from workflows.engine.durations import parse as parse_duration
from workflows.models import StepApproval

KEY = "slow-approvals"
#: What an answer may take where nobody says.
_USUAL = parse_duration("1 business day")
#: So many of them are read, the newest first.
_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Answer:
    """One question that was asked; `took` is until the answer, or until now."""

    asked_at: datetime
    took: timedelta
    is_late: bool
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Approvals:
    """How long approvals of all kinds took, in the period and in the one before; None: there was none."""

    count: int
    p50_seconds: float | None
    p90_seconds: float | None
    former_p50_seconds: float | None
    former_p90_seconds: float | None


def find(scope: Scope) -> Iterator[Finding]:
    """Where several were later than expected, and they are no exception."""
    for (workflow_id, step, team), answers in _of_steps(scope).items():
        flow = scope.flows.get(workflow_id)
        asked = flow.step(step) if flow else None
        name = f"{asked.name} in {flow.name}" if flow and asked else step
        yield from _finding(scope, answers, name=name, team=team, workflow=flow.key if flow else "", step=step)
    for team, answers in _of_releases(scope).items():
        name = f"Approval of what {scope.team(team)} owns"
        yield from _finding(scope, answers, name=name, team=team)


def approvals(scope: Scope) -> Approvals:
    """All together, for the head of the page."""
    every = [one for answers in (*_of_steps(scope).values(), *_of_releases(scope).values()) for one in answers]
    now = [one.took for one in every if one.asked_at >= scope.since]
    former = [one.took for one in every if one.asked_at < scope.since]
    return Approvals(len(now), _at(now, 0.5), _at(now, 0.9), _at(former, 0.5), _at(former, 0.9))


def _finding(
    scope: Scope, answers: Sequence[Answer], *, name: str, team: str, workflow: str = "", step: str = ""
) -> Iterator[Finding]:
    now = [one for one in answers if one.asked_at >= scope.since]
    late = [one for one in now if one.is_late]
    if len(late) >= SEVERAL and len(late) * 10 >= len(now):
        took = [one.took for one in now]
        yield Finding(
            kind=KEY,
            says=f"{name} is answered late: half of the answers took longer than {words(_at(took, 0.5))}",
            fix="Name a deputy, ask a smaller team, or let what is of low risk pass without",
            team=team,
            count=len(late),
            of=len(now),
            former=sum(one.is_late for one in answers if one.asked_at < scope.since),
            workflow=workflow,
            step=step,
            figures=f"p50 {words(_at(took, 0.5))}, p90 {words(_at(took, 0.9))}",
            samples=tuple(Sample(one.label, one.href) for one in late[:SAMPLES]),
        )


def _of_steps(scope: Scope) -> dict[tuple[int, str, str], list[Answer]]:
    found: dict[tuple[int, str, str], list[Answer]] = {}
    rows = StepApproval.objects.filter(asked_at__gte=scope.before, asked_at__lte=scope.at).order_by("-pk")
    for workflow_id, step, team, run_id, asked_at, decided_at in rows.values_list(
        "workflow_id", "step", "owner__key", "run_id", "asked_at", "decided_at"
    )[:_MOST]:
        flow = scope.flows.get(workflow_id)
        asked = flow.step(step) if flow else None
        expected = (asked.expected or (asked.approve.within if asked.approve else None)) if asked else None
        answer = _answer(scope, asked_at, decided_at, expected, f"run {run_id}", f"/runs/{run_id}/")
        found.setdefault((workflow_id, step, team), []).append(answer)
    return found


def _of_releases(scope: Scope) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    rows = ApprovalRequest.objects.filter(requested_at__gte=scope.before, requested_at__lte=scope.at).order_by("-pk")
    for pk, team, label, asked_at, closed_at in rows.exclude(state="withdrawn").values_list(
        "pk", "owner__key", "label", "requested_at", "closed_at"
    )[:_MOST]:
        found.setdefault(team, []).append(_answer(scope, asked_at, closed_at, None, label, f"/approvals/{pk}/"))
    return found


def _answer(
    scope: Scope, asked_at: datetime, until: datetime | None, expected: Duration | None, label: str, href: str
) -> Answer:
    end = until or scope.at
    limit = (expected or _USUAL).after(asked_at, scope.calendar)
    return Answer(asked_at, end - asked_at, end > limit, label, href)


def _at(took: Sequence[timedelta], share: float) -> float | None:
    """Seconds by which so many of a hundred were through, as the nearest rank says."""
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))].total_seconds() if ordered else None


KIND = Kind(
    KEY,
    "Slow approvals",
    BOTTLENECK,
    "Answers that come later than the step expects, or than one business day.",
    ("B5", "A7"),
    "hourglass",
    find,
    codes=("RUN008",),
)
