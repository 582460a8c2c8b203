"""What needs a person now, and what went through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Count, Model, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncHour

from workflows.models import Conversion, Effect, InboundEvent, QuarantinedEvent, Run, System

Row = TypeVar("Row", bound=Model)

ATTENTION = (Effect.State.UNCERTAIN, Effect.State.FAILED, Effect.State.HELD)


@dataclass(frozen=True, slots=True)
class Throughput:
    """One day in numbers, and its hours."""

    hours: tuple[datetime, ...]
    events: tuple[int, ...]
    effects_done: int
    withheld: int
    runs_entered: int

    @property
    def total(self) -> int:
        return sum(self.events)


def effects_by_state() -> dict[str, int]:
    """How many effects are uncertain, failed or held."""
    rows = Effect.objects.filter(state__in=ATTENTION)
    return dict(rows.values_list("state").annotate(Count("pk")).order_by())


def effects_needing_a_person(*, limit: int = 8) -> list[Effect]:
    """The newest effects that are uncertain or failed."""
    return list(Effect.objects.filter(state__in=ATTENTION[:2]).order_by("-pk")[:limit])


def newest_in_quarantine(*, limit: int = 50) -> list[QuarantinedEvent]:
    """The newest events that are held."""
    held = QuarantinedEvent.objects.filter(state=QuarantinedEvent.State.HELD)
    return list(held.select_related("event").order_by("-at")[:limit])


def failed_runs(*, limit: int = 6) -> list[Run]:
    """The newest runs that failed."""
    return list(Run.objects.filter(state=Run.State.FAILED).order_by("-pk")[:limit])


def runs_by_workflow_and_state() -> dict[tuple[int, str], int]:
    """How many runs of each workflow are in each state."""
    counted = Run.objects.values_list("workflow_id", "state").annotate(Count("pk")).order_by()
    return {(workflow_id, state): count for workflow_id, state, count in counted}


def systems() -> list[System]:
    """Every system, with its owner and whether its kill switch is on."""
    return list(System.objects.select_related("owner"))


def conversions_by_workflow(*, since: datetime) -> list[tuple[int, str, int, datetime]]:
    """Goals reached since then: workflow, goal, how often, when last."""
    rows = Conversion.objects.filter(at__gte=since).order_by("-at").values_list("workflow_id", "name", "at")
    found: dict[tuple[int, str], tuple[int, datetime]] = {}
    for workflow_id, name, at in rows:
        count, last = found.get((workflow_id, name), (0, at))
        found[workflow_id, name] = (count + 1, max(last, at))
    return [(workflow_id, name, count, last) for (workflow_id, name), (count, last) in found.items()]


def throughput(*, at: datetime) -> Throughput:
    """The 24 hours up to an instant."""
    since = (at - timedelta(hours=23)).replace(minute=0, second=0, microsecond=0)
    hours = tuple(since + timedelta(hours=hour) for hour in range(24))
    events = _newest(InboundEvent.objects.all(), "received_at", since)
    counted = dict(events.values_list(TruncHour("received_at")).annotate(Count("pk")).order_by())
    effects = _newest(Effect.objects.all(), "planned_at", since)
    by_state = dict(effects.values_list("state").annotate(Count("pk")).order_by())
    return Throughput(
        hours=hours,
        events=tuple(counted.get(hour, 0) for hour in hours),
        effects_done=by_state.get(Effect.State.DONE, 0),
        withheld=by_state.get(Effect.State.SUPPRESSED, 0),
        runs_entered=_newest(Run.objects.all(), "entered_at", since).count(),
    )


def _newest(rows: QuerySet[Row], field: str, since: datetime) -> QuerySet[Row]:
    """Rows from an instant on, found by walking the ids back to the first older one.

    Such rows are appended in the order of their time, so the walk reads what is counted and not the whole history,
    and needs no index that every event would pay for.
    """
    older = rows.filter(**{f"{field}__lt": since}).order_by("-pk").values("pk")[:1]
    return rows.filter(pk__gt=Coalesce(Subquery(older), 0), **{f"{field}__gte": since})
