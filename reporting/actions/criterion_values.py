"""What the metrics of success criteria come to, each counted by its one definition for its workflow.

Kept a row a criterion and day, so that pages of campaigns and letters read what dashboards,
files and the interface would say, and by which version of the definition (requirements B7, B8, F7).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from campaigns.models import CriterionValue
from campaigns.queries import criteria
from reporting.metrics import BadQuestion, Period, Question
from reporting.queries import metrics
from reporting.queries.metrics import Answer, Catalog
from workflows.engine.business_time import Calendar
from workflows.engine.spec import Criterion
from workflows.queries import work_calendar

_LOCK = 7_201_931


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
        answers = iter(metrics.ask(asked, known=known, at_zone=calendar.timezone))
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


def _told(answer: Answer) -> dict[str, object]:
    several = answer.currency == metrics.SEVERAL
    return {
        "version": answer.metric.version,
        "digest": answer.digest,
        "unit": answer.metric.unit,
        "currency": "" if several else answer.currency,
        "value": None if several else answer.value,
        "says": "amounts of several currencies are never added" if several else "",
    }
