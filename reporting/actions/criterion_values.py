"""What the metrics of success criteria come to, each counted by its one definition for its workflow.

Kept a row a criterion and day, so that pages of campaigns and letters read what dashboards,
files and the interface would say, and by which version of the definition (requirements B7, B8, F7).
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction

from campaigns.models import CriterionValue
from campaigns.queries import criteria
from reporting.metrics import BadQuestion, Period, Question
from reporting.queries import metrics
from reporting.queries.metrics import Answer, Catalog
from workflows.engine.business_time import Calendar
from workflows.engine.spec import Criterion
from workflows.queries import work_calendar

_LOCK = 7_201_931
#: All criteria together may take so long; where they do not come to an end, each may that one by one, and all of them.
MOST_SECONDS, MOST_EACH_SECONDS, MOST_TURN_SECONDS = 20.0, 5.0, 60.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One criterion of one workflow, with what is asked for it, or why nothing can be."""

    workflow_id: int
    criterion: Criterion
    question: Question | None
    says: str = ""


def count(*, at: datetime) -> int:
    """Count every criterion of what is live that names a metric; how many there were. Two at once count once."""
    with transaction.atomic():
        if not _is_mine():
            return 0
        known, calendar = metrics.catalog(), work_calendar.calendar()
        wanted = list(_wanted(known, calendar, at=at))
        asked = [one.question for one in wanted if one.question]
        answers = iter(_answers(asked, known, calendar.timezone))
        day = at.astimezone(ZoneInfo(calendar.timezone)).date()
        CriterionValue.objects.bulk_create(
            [
                CriterionValue(
                    workflow_id=one.workflow_id,
                    criterion=one.criterion.key,
                    day=day,
                    metric=one.criterion.metric,
                    counted_at=at,
                    **(_told(next(answers)) if one.question else {"says": one.says}),
                )
                for one in wanted
            ],
            update_conflicts=True,
            unique_fields=["workflow_id", "criterion", "day"],
            update_fields=["metric", "version", "digest", "unit", "currency", "value", "says", "counted_at"],
        )
    return len(wanted)


def _answers(asked: Sequence[Question], known: Catalog, zone: str) -> list[Answer | str]:
    """The answer to each, or why there is none: what cannot be counted, or takes too long, keeps no other waiting."""
    try:
        return list(_ask(asked, known, zone, seconds=MOST_SECONDS))
    except (BadQuestion, OperationalError):
        end = time.monotonic() + MOST_TURN_SECONDS
        return [_alone(question, known, zone, end=end) for question in asked]


def _alone(question: Question, known: Catalog, zone: str, *, end: float) -> Answer | str:
    seconds = min(MOST_EACH_SECONDS, end - time.monotonic())
    try:
        return _ask([question], known, zone, seconds=max(seconds, 0.05))[0]
    except BadQuestion as error:
        return str(error)
    except OperationalError:
        return f"it takes more than {MOST_EACH_SECONDS:g} s to count"


def _ask(asked: Sequence[Question], known: Catalog, zone: str, *, seconds: float) -> list[Answer]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{1000 * seconds:.0f}"])
        found = metrics.ask(asked, known=known, at_zone=zone)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
        return found


def _is_mine() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _wanted(known: Catalog, calendar: Calendar, *, at: datetime) -> Iterator[_Wanted]:
    """Stable versions come before candidates, whose criteria of the same key are theirs."""
    seen: set[int] = set()
    for flow in criteria.live():
        if flow.workflow.pk in seen:
            continue
        seen.add(flow.workflow.pk)
        for one in flow.spec.success:
            if not (one.metric and one.is_measurable):
                continue
            try:
                within = known.within(one.metric, flow.workflow.key)
                question = Question(one.metric, period(one, calendar, at=at), where=within)
                known.plan(question)
            except BadQuestion as error:
                yield _Wanted(flow.workflow.pk, one, None, str(error))
            else:
                yield _Wanted(flow.workflow.pk, one, question)


def period(criterion: Criterion, calendar: Calendar, *, at: datetime) -> Period:
    """Whole days up to today, today included, as far as its span reaches back; 28 where it names none."""
    zone = ZoneInfo(calendar.timezone)
    today = at.astimezone(zone).date()
    since = criterion.per.before(at, calendar) if criterion.per else at - timedelta(days=criteria.DAYS)
    first = since.astimezone(zone).date() + timedelta(days=1)
    return Period(min(first, today), today + timedelta(days=1))


def _told(answer: Answer | str) -> dict[str, object]:
    if isinstance(answer, str):
        return {"says": answer}
    several = answer.currency == metrics.SEVERAL
    return {
        "version": answer.metric.version,
        "digest": answer.digest,
        "unit": answer.metric.unit,
        "currency": "" if several else answer.currency,
        "value": None if several else answer.value,
        "says": "amounts of several currencies are never added" if several else "",
    }
