"""Replays are asked for and called off by people; `workflows.rehearsal.replays` plays them."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from martechops.audit import entries
from martechops.lib import digest, wake
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.engine.parse import BadSpec
from workflows.models import Activation, Contact, InboundEvent, Replay, Version
from workflows.queries import live

DOORBELL = "workflows.replays"
MOST_DAYS = 366


class CannotReplay(Exception):
    """This is nothing that could be replayed; the message says why, and what to do."""


@transaction.atomic
def start(*, candidate: Version, days: int, by: User | str, at: datetime) -> Replay:
    """Have a version, as it stands, played against what is live over the last days. Raises CannotReplay, NotAllowed.

    One that is asked for while the same is being played is that one.
    """
    if isinstance(by, User):
        check_may(by, "replays.start")
    if not 1 <= days <= MOST_DAYS:
        raise CannotReplay(f"Choose from 1 to {MOST_DAYS} days.")
    candidate = Version.objects.select_related("workflow").get(pk=candidate.pk)
    _check(candidate)
    named = digest.of(candidate.content)
    active = Replay.objects.filter(candidate=candidate, digest=named, state__in=["waiting", "running"])
    if same := active.first():
        return same
    activation = Activation.objects.filter(workflow=candidate.workflow_id, until=None).first()
    made = Replay.objects.create(
        workflow=candidate.workflow,
        candidate=candidate,
        content=candidate.content,
        digest=named,
        baseline_id=activation.version_id if activation else None,
        since=_beginning(at - timedelta(days=days)),
        until=at,
        last_contact=Contact.objects.aggregate(last=Max("id"))["last"] or 0,
        asked_by=by if isinstance(by, User) else None,
        asked_at=at,
    )
    _record("replay.start", made, by=by, at=at, days=days)
    wake.after_commit(DOORBELL)
    return made


@transaction.atomic
def cancel(replay: Replay, *, by: User, at: datetime) -> Replay:
    """Play no more of it; what it found stays. Waits for the part that is being played. Raises CannotReplay."""
    check_may(by, "replays.start")
    locked = Replay.objects.select_for_update(of=("self",)).select_related("workflow").get(pk=replay.pk)
    if not locked.is_active:
        raise CannotReplay(f"It is {locked.get_state_display().lower()} already.")
    locked.state, locked.ended_at = Replay.State.CANCELLED, at
    locked.save(update_fields=["state", "ended_at"])
    _record("replay.cancel", locked, by=by, at=at)
    return locked


def _check(candidate: Version) -> None:
    try:
        spec = live.spec_of(candidate, live.today())
    except BadSpec as error:
        raise CannotReplay(f"This version cannot be read: {error}") from None
    if spec.subject != "contact":
        raise CannotReplay("Only workflows about contacts can be replayed: of other things no past is kept.")


def _beginning(wanted: datetime) -> datetime:
    """No earlier than the first event that there is: what is counted each day is of days that were."""
    first = InboundEvent.objects.order_by("pk").values_list("received_at", flat=True).first()
    return max(wanted, first) if first else wanted


def _record(action: str, replay: Replay, *, by: User | str, at: datetime, **detail: object) -> None:
    entries.record(
        action=action,
        object_kind="replay",
        object_key=str(replay.pk),
        by=by,
        at=at,
        detail={"workflow": replay.workflow.key, "digest": replay.digest, **detail},
    )
