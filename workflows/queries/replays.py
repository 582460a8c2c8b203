"""Replays as pages, programs and gates ask for them: how far one is, what it found, what it foresees."""

from datetime import datetime

from django.db.models import Max, QuerySet

from martechops.lib import windows
from martechops.lib.windows import Window
from workflows.engine.replays import EXCEPTIONS, Forecast, StepForecast, Tally, forecasts
from workflows.models import Activation, Replay, ReplayFinding, Version, Workflow

__all__ = ["EXCEPTIONS", "Forecast", "StepForecast", "Tally"]


def tally(replay: Replay) -> Tally:
    """All of it so far. One query."""
    total = Tally()
    for result in replay.parts.order_by("up_to").values_list("result", flat=True):
        total.add(Tally.read(result))
    return total


def forecast(version: Version, *, since: datetime | None = None) -> Forecast | None:
    """What the newest replay of exactly this content foresees; None where none is done (since then). Two queries."""
    rows = Replay.objects.filter(workflow_id=version.workflow_id, digest=version.digest, state=Replay.State.DONE)
    replay = (rows.filter(ended_at__gte=since) if since else rows).select_related("workflow").first()
    return of(replay) if replay else None


def of(replay: Replay) -> Forecast:
    """What one foresees of its candidate, as far as it is."""
    found, key = tally(replay), replay.workflow.key
    return Forecast(
        replay_id=replay.pk,
        workflow=key,
        digest=replay.digest,
        since=replay.since,
        until=replay.until,
        entries=found.entries["candidate", key],
        steps=forecasts(found, key),
    )


def live_version(workflow: Workflow) -> Version | None:
    """What is live of it now."""
    row = Activation.objects.filter(workflow=workflow, until=None).select_related("version__workflow").first()
    return row.version if row else None


def progress(replay: Replay) -> float:
    """From 0 to 1, by the contacts that are behind it."""
    if not replay.is_active:
        return 1.0 if replay.state == Replay.State.DONE else _passed(replay)
    return min(_passed(replay), 0.99)


def _passed(replay: Replay) -> float:
    at = replay.parts.aggregate(at=Max("up_to"))["at"] or 0
    return min(at / replay.last_contact, 1.0) if replay.last_contact else 0.0


def of_workflow(workflow: Workflow) -> QuerySet[Replay]:
    """The newest first."""
    return workflow.replays.select_related("candidate", "baseline", "asked_by")


def found(pk: int) -> Replay | None:
    """One, with what its page names."""
    rows = Replay.objects.select_related("workflow", "workflow__owner", "candidate", "baseline", "asked_by")
    return rows.filter(pk=pk).first()


def findings(replay: Replay, *, kind: str, cause: str = "", before: str = "") -> Window[ReplayFinding]:
    """Samples of one cause, or of all; the newest first."""
    rows = replay.findings.filter(kind=kind)
    return windows.by_id(rows.filter(cause=cause) if cause else rows, before=before)


def candidate(workflow: str, number: int | None) -> Version | None:
    """A version by its number, or the draft."""
    rows = Version.objects.filter(workflow__key=workflow).select_related("workflow")
    return rows.filter(frozen_at=None).first() if number is None else rows.filter(number=number).first()
