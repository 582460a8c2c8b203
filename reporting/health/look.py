"""All kinds asked at one instant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import steps
from .finding import SAMPLES, Finding, Kind, Sample
from .kinds import KINDS
from .kinds.slow_approvals import Approvals, approvals
from .scope import DAYS, Scope
from .steps import StepFigure


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at one instant, over a period and the one before it."""

    at: datetime
    days: int
    findings: tuple[Finding, ...]
    #: Of every step that a run of the period came to, by the key of its workflow.
    steps: tuple[StepFigure, ...]
    approvals: Approvals

    @property
    def since(self) -> datetime:
        return self.at - timedelta(days=self.days)


def look(*, at: datetime, days: int = DAYS, kinds: Iterable[Kind] = KINDS) -> Look:
    """Ask every kind. A fixed number of statements, however many workflows, steps and contacts there are."""
    scope = Scope(at=at, days=days)
    found = [finding for kind in kinds for finding in (*kind.find(scope), *_on_the_map(kind, scope))]
    return Look(
        at=at,
        days=days,
        findings=tuple(found),
        steps=tuple(steps.figures(scope).values()),
        approvals=approvals(scope),
    )


def _on_the_map(kind: Kind, scope: Scope) -> Iterator[Finding]:
    """What the lint says of the same on what is live: it will happen, even if it has not yet."""
    live = {flow.key for flow in scope.flows.values()}
    for one in scope.examined.findings if kind.codes else ():
        if one.code in kind.codes and one.state == "live" and one.workflow in live and not one.ignored_because:
            places = [place for place in one.places if place.workflow in live][:SAMPLES]
            yield Finding(
                kind=kind.key,
                says=f"{one.says}: its map says so",
                fix=one.fix,
                team=one.team,
                count=len(places),
                workflow=one.workflow,
                step=one.step,
                samples=(
                    *(
                        Sample(scope.workspace.place_name(place), _address(place.workflow, place.step))
                        for place in places
                    ),
                    Sample(one.code, f"/docs/lint/{one.code}/"),
                ),
            )


def _address(workflow: str, step: str) -> str:
    return f"/workflows/{workflow}/" + (f"?step={step}" if step else "")
