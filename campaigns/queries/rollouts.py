"""Where rollouts stand: what their newest step says."""

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from campaigns import rollout_states
from campaigns.models import Rollout, RolloutStep
from campaigns.ramps import AT_ONCE, Ramp, Standing
from campaigns.rollout_states import State
from workflows.models import Version
from workflows.queries import in_flight


def with_state() -> QuerySet[Rollout]:
    """All, each with `state`, its stage as `stage_now`, and when that began as `since`."""
    newest = RolloutStep.objects.filter(rollout=OuterRef("pk")).order_by("-number")
    return Rollout.objects.select_related(
        "version__workflow__owner", "release", "stable", "started_by", "approval"
    ).annotate(
        state=Subquery(newest.values("state")[:1]),
        stage_now=Subquery(newest.values("stage")[:1]),
        since=Subquery(newest.values("at")[:1]),
    )


def open_ones() -> QuerySet[Rollout]:
    """Those that are not over, the newest first."""
    return with_state().filter(Q(("state__in", rollout_states.OPEN)))


def open_of(workflow_id: int) -> Rollout | None:
    """The one of a workflow that is not over; there is one at most."""
    return open_ones().filter(version__workflow=workflow_id).first()


def standing(rollout: Rollout) -> Standing:
    """Where it stands now."""
    step = rollout.steps.order_by("-number").first()
    assert step is not None, "a rollout is written with its first step"
    return Standing(state=step.state, stage=step.stage, since=step.at, starts_at=rollout.starts_at, number=step.number)


def began(rollout: Rollout, *, stage: int = 0) -> datetime:
    """When a stage was reached; what was held and goes on reached it before."""
    first = rollout.steps.filter(stage__gte=stage).exclude(state=State.SCHEDULED).order_by("number").first()
    return first.at if first else rollout.started_at


def former(rollout: Rollout) -> Version | None:
    """What was live before it, and was not rolled back itself since: where rolling it back leads."""
    bad, seen = set(in_flight.rolled_back().values_list("version_id", flat=True)), set[int]()
    version = rollout.stable
    while version is not None and version.pk in bad and version.pk not in seen:
        seen.add(version.pk)
        before = Rollout.objects.filter(version=version).select_related("stable__workflow").order_by("-pk").first()
        version = before.stable if before else None
    return version if version is not None and version.pk not in bad else None


def ramp_of(rollout: Rollout) -> Ramp:
    """Rollouts from before there were stages were for everybody at once."""
    return Ramp.of(rollout.ramp) if rollout.ramp else AT_ONCE
