"""Work that is taken later than its step expects (requirements A7, A10)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reporting.health.finding import EXECUTED, SAMPLES, Finding, Kind, Sample
from reporting.health.scope import SEVERAL, Scope
from reporting.spans import words
from workflows.models import Assignment, Handoff

KEY = "late-handoffs"
#: So many of each kind are read, the newest first.
_MOST = 5_000


@dataclass(frozen=True, slots=True)
class _Passed:
    """Work that was passed to somebody."""

    run_id: int
    at: datetime
    #: None where nobody kept when it was taken.
    took: timedelta | None
    is_late: bool


def find(scope: Scope) -> Iterator[Finding]:
    """Hand-offs between teams, and leads given to people; against what the step expects, or else its deadline."""
    for (workflow_id, step, team), passed in _passed(scope).items():
        flow = scope.flows[workflow_id]
        now = [one for one in passed if one.at >= scope.since]
        late = [one for one in now if one.is_late]
        if len(late) < SEVERAL or len(late) * 10 < len(now):
            continue
        took = sorted(one.took for one in now if one.took is not None)
        yield Finding(
            kind=KEY,
            says=f"What {flow.step_name(step)} passes on is taken late",
            fix="Call the team that takes it; more people, another deadline, or another way for what nobody takes",
            team=team or flow.owner_of(step),
            count=len(late),
            of=len(now),
            former=sum(one.is_late for one in passed if one.at < scope.since),
            workflow=flow.key,
            step=step,
            figures=f"p50 {_at(took, 0.5)}, p90 {_at(took, 0.9)}",
            samples=tuple(Sample(f"run {one.run_id}", f"/runs/{one.run_id}/") for one in late[:SAMPLES]),
        )


def _at(ordered: Sequence[timedelta], share: float) -> str:
    if not ordered:
        return words(None)
    return words(ordered[min(len(ordered) - 1, int(len(ordered) * share))].total_seconds())


def _passed(scope: Scope) -> Mapping[tuple[int, str, str], list[_Passed]]:
    found: dict[tuple[int, str, str], list[_Passed]] = {}
    for key, run_id, at, until, due_at in (*_handed(scope), *_given(scope)):
        expected = asked.expected if (asked := scope.flows[key[0]].step(key[1])) else None
        limit = expected.after(at, scope.calendar) if expected else due_at
        if limit:
            took = until - at if until else None
            found.setdefault(key, []).append(_Passed(run_id, at, took, until is not None and until > limit))
    return found


#: Workflow, step and team; the run; when it was passed on; until when it lay there; its deadline.
_Row = tuple[tuple[int, str, str], int, datetime, datetime | None, datetime | None]


def _handed(scope: Scope) -> Iterator[_Row]:
    rows = Handoff.objects.filter(offered_at__range=(scope.before, scope.at), workflow_id__in=scope.flows)
    for row in rows.select_related("owner").order_by("-pk")[:_MOST]:
        until = row.accepted_at or row.ended_at or scope.at
        yield (row.workflow_id, row.step, row.owner.key), row.run_id, row.offered_at, until, row.due_at


def _given(scope: Scope) -> Iterator[_Row]:
    """Of a lead that was taken nobody keeps when, only that it was in time."""
    rows = Assignment.objects.filter(given_at__range=(scope.before, scope.at), workflow_id__in=scope.flows)
    for row in rows.order_by("-pk")[:_MOST]:
        in_time = row.state in (Assignment.State.TAKEN, Assignment.State.CLOSED)
        until = None if in_time else row.ended_at or scope.at
        yield (row.workflow_id, row.step, ""), row.run_id, row.given_at, until, row.due_at


KIND = Kind(
    KEY,
    "Late hand-offs",
    EXECUTED,
    "Work that was taken later than its step expects.",
    ("A7", "A10", "B5"),
    "timer-off",
    find,
)
