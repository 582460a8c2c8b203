"""Queues of people that leads are given to, checked before anybody's lead depends on them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.lib import history
from martechops.people.models import User
from martechops.people.permissions import check_may
from workflows.engine.conditions import BadCondition, Segments
from workflows.models import Queue
from workflows.queries import rosters, segment_rules

#: What is written of a member; `away` is said of them from day to day.
WRITTEN = ("key", "crm_id", "capacity")
_SHAPE = "Each member is {key, crm_id, capacity, away}, each territory {key, when, members}."


def faults(
    *,
    members: Iterable[Mapping[str, Any]],
    territories: Iterable[Mapping[str, Any]],
    segments: Segments | None,
) -> list[tuple[str, str]]:
    """Why nobody could take turns by them: the field, and what is wrong with it."""
    try:
        read = rosters.roster("", members, territories, segments)
    except BadCondition as error:
        return [("territories", str(error))]
    except (KeyError, TypeError, ValueError):
        return [("members", _SHAPE)]
    known = {member.key for member in read.members}
    if strangers := sorted({key for area in read.territories for key in area.members} - known):
        return [("territories", f"No member of the queue: {', '.join(strangers)}.")]
    return []


@transaction.atomic
def save(queue: Queue, *, by: User | str, at: datetime) -> Queue:
    """A new queue, or one that was edited. Raises NotAllowed, and ValidationError where no turn could be taken."""
    if isinstance(by, User):
        check_may(by, "definitions.edit", queue)
    if found := faults(members=queue.members, territories=queue.territories, segments=segment_rules.rules()):
        raise ValidationError(dict(found[:1]))
    queue.full_clean(exclude=["territories"])
    history.sign(queue, by=by)
    queue.save()
    detail = {"members": sorted(str(member["key"]) for member in queue.members)}
    entries.record(action="queue.edit", object_kind="queue", object_key=queue.key, by=by, at=at, detail=detail)
    return queue


@transaction.atomic
def attend(queue: Queue, *, member: str, away: bool, by: User | str, at: datetime) -> Queue:
    """Somebody is away, and no turn is theirs until they are back. Raises what `save` raises."""
    queue = Queue.objects.select_for_update().get(pk=queue.pk)
    if member not in {str(one.get("key")) for one in queue.members}:
        raise ValidationError({"members": f"No member of the queue: {member}."})
    queue.members = [{**one, "away": away} if str(one.get("key")) == member else one for one in queue.members]
    return save(queue, by=by, at=at)


@transaction.atomic
def remove(queue: Queue, *, by: User | str, at: datetime) -> None:
    """Nobody is given leads by it any more; what was given stays with whom it was given to. Raises NotAllowed."""
    if isinstance(by, User):
        check_may(by, "definitions.edit", queue)
    key = queue.key
    history.sign(queue, by=by)
    queue.delete()
    entries.record(action="queue.remove", object_kind="queue", object_key=key, by=by, at=at)
