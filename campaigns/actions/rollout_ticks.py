"""The controller: looks at every rollout that is open and takes the one step that is due, if one is.

A tick may end anywhere, and two may come at once: under the lock of the workflow the state is read, the gates are
asked, and the step is written with its switch in one commit; whoever comes second finds it taken (FAULTS F14).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, transaction

from campaigns import gates, ramps
from campaigns.actions import rollouts
from campaigns.gates import Finding, Observed
from campaigns.models import Rollout, RolloutLook
from campaigns.queries import rollout_counts
from campaigns.queries import rollouts as reading
from campaigns.ramps import Move, Ramp, Standing
from campaigns.rollout_states import OPEN, OUT, State
from martechops.lib import crash_points, failures

log = structlog.get_logger()


def tick(*, at: datetime) -> int:
    """One look at each; how many steps were taken. One rollout that cannot be judged does not keep the others."""
    taken = 0
    for rollout_id in reading.open_ones().values_list("pk", flat=True):
        try:
            taken += _look(rollout_id, at=at)
        except OperationalError as error:  # the database is gone or was in the way: the next tick asks again
            log.error("rollout_not_judged", rollout=rollout_id, error=failures.place(error))
        except Exception as error:  # noqa: BLE001 - said, and tried again at the next tick
            log.error("rollout_not_judged", rollout=rollout_id, error=failures.place(error))
            taken += _say_unjudged(rollout_id, failures.place(error), at=at)
        crash_points.at("rollout.committed")
    return taken


def _say_unjudged(rollout_id: int, place: str, *, at: datetime) -> int:
    """Gates that cannot be asked protect nobody: its team is told, once. It is judged again as soon as they can."""
    because = f"its gates could not be asked ({place}), so nothing would take it back by itself"
    try:
        with transaction.atomic():
            rollout = rollouts.locked(rollout_id)
            if reading.standing(rollout).state != State.RUNNING:
                return 0
            rollouts.take(rollout=rollout, verb="hold", by=rollouts.CONTROLLER, at=at, because=because)
    except Exception as error:  # noqa: BLE001 - it cannot even be held: the others are looked at all the same
        log.error("rollout_not_held", rollout=rollout_id, error=failures.place(error))
        return 0
    return 1


@transaction.atomic
def _look(rollout_id: int, *, at: datetime) -> int:
    rollout = rollouts.locked(rollout_id)
    standing = reading.standing(rollout)
    if standing.state not in OPEN:
        return 0
    ramp = reading.ramp_of(rollout)
    met, findings = 0, ()  # type: tuple[int, tuple[Finding, ...]]
    if standing.state in OUT:
        began = reading.began(rollout, stage=standing.stage)
        seen = rollout_counts.observed(rollout, ramp, since=reading.began(rollout), at=at)
        met, findings = rollout_counts.met(rollout, since=began), gates.judge(seen)
        _keep(rollout, standing, seen, met, findings, at=at)
    move = ramps.next_move(ramp, standing, met=met, findings=findings, at=at)
    return _take(rollout, ramp, standing, move, at=at) if move else 0


def _take(rollout: Rollout, ramp: Ramp, standing: Standing, move: Move, *, at: datetime) -> int:
    """What cannot be taken is held, and asks."""
    try:
        with transaction.atomic():
            rollouts.take(rollout=rollout, verb=move.verb, by=rollouts.CONTROLLER, at=at, because=move.because)
    except rollouts.CannotActivate as error:
        if standing.state != "running":
            return 0
        rollouts.take(rollout=rollout, verb="hold", by=rollouts.CONTROLLER, at=at, because=str(error))
    return 1


def _keep(
    rollout: Rollout, standing: Standing, seen: Observed, met: int, findings: Sequence[Finding], *, at: datetime
) -> None:
    """The look, if it says anything else than the one before, in whose place it comes where that told nothing new."""
    look = RolloutLook(
        rollout=rollout,
        stage=standing.stage,
        met_in_stage=met,
        candidate=seen.candidate,
        stable=seen.stable,
        findings=[finding.plain for finding in findings],
        at=at,
    )
    last, before = [*rollout.looks.order_by("-pk")[:2], None, None][:2]
    if last and all(getattr(last, name) == getattr(look, name) for name in _TELLING):
        return
    look.is_telling = last is None or _told(last) != _told(look)
    look.save()
    # What somebody, or the controller, decided by stays, too.
    if last and before and not last.is_telling and last.at < before.at + KEPT_EVERY and standing.since < last.at:
        last.delete()


#: Of looks that differ in their counts alone one is kept for so long.
KEPT_EVERY = timedelta(minutes=5)
_TELLING = ("stage", "met_in_stage", "candidate", "stable", "findings")


def _told(look: RolloutLook) -> tuple[int, list[str]]:
    return look.stage, [one["verdict"] for one in look.findings]
