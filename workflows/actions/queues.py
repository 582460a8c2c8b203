"""Queues of people that leads are given to, checked before anybody's lead depends on them."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.lib import history
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.engine.conditions import BadCondition
from workflows.models import Queue
from workflows.queries import rosters, segment_rules

_SHAPE = "Each member is {key, crm_id, capacity, away}, each territory {key, when, members}."


@transaction.atomic
def save(queue: Queue, *, by: User | str, at: datetime) -> Queue:
    """A new queue, or one that was edited. Raises NotAllowed, and ValidationError where no turn could be taken."""
    if isinstance(by, User):
        check_may(by, "definitions.edit", queue)
    try:
        read = rosters.roster(queue.key, queue.members, queue.territories, segment_rules.rules())
    except BadCondition as error:
        raise ValidationError({"territories": str(error)}) from None
    except (KeyError, TypeError, ValueError):
        raise ValidationError({"members": _SHAPE}) from None
    known = {member.key for member in read.members}
    if strangers := sorted({key for area in read.territories for key in area.members} - known):
        raise ValidationError({"territories": f"No member of the queue: {', '.join(strangers)}."})
    queue.full_clean(exclude=["territories"])
    history.sign(queue, by=by)
    queue.save()
    detail = {"members": sorted(known)}
    entries.record(action="queue.edit", object_kind="queue", object_key=queue.key, by=by, at=at, detail=detail)
    return queue
