"""Workflows that begin by the calendar: each tick is an event for each of its subjects, exactly once.

After downtime a schedule is caught up with once: the newest tick that was missed happens now and says since when ticks
were missed, the older ones do not happen at all. A report of last Tuesday is of no use on Friday, and a hundred
messages at once would be worse than one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction

from martechops.lib import failures
from workflows.actions import internal_events
from workflows.engine import triggers
from workflows.engine.conditions import BadCondition
from workflows.engine.internal import WORKSPACE, InternalEvent, SubjectRef
from workflows.engine.schedules import Schedule as Calendar
from workflows.models import Contact, ContentItem, Schedule, Tick
from workflows.queries import conditions, live, segment_rules, segments

log = structlog.get_logger()

#: Subjects that are given a tick in one transaction.
_SLICE = 5_000
#: Where to begin to look for the newest tick before now: the narrowest that holds one is taken.
_LOOK_BACK = tuple(timedelta(days=days) for days in (0.1, 1.1, 8, 32, 370, 1500))


def keep(*, at: datetime) -> int:
    """Have what is due by the calendar begin; how many events that made."""
    scheduled = {one.workflow_id: one for one in live.triggers() if one.trigger.kind == "schedule"}
    _follow(scheduled, at)
    for row in Schedule.objects.filter(next_at__lte=at).order_by("next_at"):
        if calendar := scheduled[row.workflow_id].trigger.schedule:
            _tick(row, calendar, at)
    return sum(_give_out(tick, scheduled.get(tick.workflow_id), at) for tick in Tick.objects.order_by("pk"))


def _follow(scheduled: dict[int, live.LiveTrigger], at: datetime) -> None:
    """Keep one row for each live schedule: a new one, or one that was rewritten, counts from now."""
    Schedule.objects.exclude(workflow_id__in=scheduled).delete()
    known = dict(Schedule.objects.values_list("workflow_id", "written"))
    for workflow_id, one in scheduled.items():
        calendar = one.trigger.schedule
        if calendar is None or known.get(workflow_id) == _written(calendar):
            continue
        if next_at := calendar.next_after(at):
            Schedule.objects.update_or_create(
                workflow_id=workflow_id, defaults={"written": _written(calendar), "next_at": next_at}
            )


def _written(calendar: Calendar) -> str:
    return f"{calendar.text} {calendar.timezone}"


@transaction.atomic
def _tick(row: Schedule, calendar: Calendar, at: datetime) -> None:
    """Note the newest tick that is due and move on to the next; whoever comes second finds nothing to do."""
    next_at = calendar.next_after(at)
    due_at = newest(calendar, since=row.next_at, at=at)
    mine = Schedule.objects.filter(pk=row.pk, next_at=row.next_at)
    if not (mine.update(next_at=next_at) if next_at else mine.delete()[0]):
        return
    missed_since = row.next_at if due_at > row.next_at else None
    Tick.objects.get_or_create(workflow_id=row.pk, due_at=due_at, defaults={"missed_since": missed_since})


def newest(calendar: Calendar, *, since: datetime, at: datetime) -> datetime:
    """The last tick from `since`, which is one, up to `at`."""
    for span in _LOOK_BACK:
        tick = calendar.next_after(max(at - span, since))
        if tick and tick <= at:
            while (later := calendar.next_after(tick)) and later <= at:
                tick = later
            return tick
    return since


def _give_out(tick: Tick, scheduled: live.LiveTrigger | None, at: datetime) -> int:
    """Give a tick to all its subjects, a slice a transaction; what is no longer live is given to nobody."""
    if scheduled is None:
        tick.delete()
        return 0
    given = 0
    while (count := _give_slice(tick.pk, scheduled, at)) is not None:
        given += count
    return given


@transaction.atomic
def _give_slice(tick_id: int, scheduled: live.LiveTrigger, at: datetime) -> int | None:
    """The next subjects; None when there are no more, or another worker is at it."""
    tick = Tick.objects.select_for_update(skip_locked=True).filter(pk=tick_id).first()
    if tick is None:
        return None
    subjects = _subjects(scheduled, tick.after_id, at)
    written = internal_events.write([_event(tick, scheduled, subject) for subject in subjects])
    if scheduled.subject == "workspace" or len(subjects) < _SLICE:
        tick.delete()
    else:
        tick.after_id = subjects[-1].id or 0
        tick.save(update_fields=["after_id"])
    return written


def _event(tick: Tick, scheduled: live.LiveTrigger, subject: SubjectRef) -> InternalEvent:
    properties = {"workflow": scheduled.key, "due_at": tick.due_at.isoformat()}
    if tick.missed_since:
        properties["missed_since"] = tick.missed_since.isoformat()
    return InternalEvent(
        name=triggers.SCHEDULE,
        subject=subject,
        at=tick.due_at,
        properties=properties,
        message_id=f"schedule:{tick.workflow_id}:{tick.due_at.isoformat()}:{subject.id or 0}",
    )


def _subjects(scheduled: live.LiveTrigger, after_id: int, at: datetime) -> Sequence[SubjectRef]:
    if scheduled.subject == "workspace":
        return [WORKSPACE]
    if scheduled.subject == "content":
        ids = ContentItem.objects.filter(pk__gt=after_id).order_by("pk").values_list("pk", flat=True)[:_SLICE]
        return [SubjectRef("content", id) for id in ids]
    return [SubjectRef("contact", id) for id in _contacts(scheduled.trigger.segment, after_id, at)]


def _contacts(segment: str | None, after_id: int, at: datetime) -> list[int]:
    """Members of the segment now, in the order of their ids; everybody where none is named."""
    rule = segment_rules.rules().get(segment) if segment else None
    try:
        where = conditions.where(rule, segments.terms(at, rule)) if rule else None
    except BadCondition as error:
        log.error("schedule_without_subjects", segment=segment, error=failures.place(error))
        return []
    if segment and where is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT c.id FROM {Contact._meta.db_table} c
            WHERE c.id > %(after)s AND {where.member if where else "TRUE"} ORDER BY c.id LIMIT {_SLICE}
            """,  # noqa: S608
            {**(where.values if where else {}), "after": after_id},
        )
        return [id for (id,) in cursor.fetchall()]
