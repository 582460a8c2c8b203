"""The workspace's calendar: what ops writes is what spans in business time are counted by."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from martechops.people.models import Team
from workflows.engine.business_time import Calendar
from workflows.engine.durations import parse
from workflows.models import Source, WorkCalendar
from workflows.runtime import definitions


def calendar(**values: Any) -> WorkCalendar:
    return WorkCalendar(owner=Team.objects.earliest("pk"), **values)


@pytest.mark.requirement("B7")
def test_runs_count_by_the_calendar_that_ops_wrote(demo: Source) -> None:
    friday = datetime(2026, 12, 23, 15, tzinfo=UTC)
    day = parse("1 business day")
    assert day.after(friday, definitions.load().catalog.calendar) == datetime(2026, 12, 24, 15, tzinfo=UTC)
    row = calendar(timezone="Europe/Berlin", country="DE", closed=["2026-12-24"])
    row.full_clean()
    row.save()
    # 24 closed by the house, 25 and 26 by law, 27 a Sunday; four in the afternoon in Berlin
    assert day.after(friday, definitions.load().catalog.calendar) == datetime(2026, 12, 28, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"hours": {"mon-fri": "late"}}, "hours"),
        ({"hours": [1]}, "hours"),
        ({"country": "XX"}, "country"),
        ({"country": "DE", "subdivision": "TX"}, "subdivision"),
        ({"closed": ["Christmas"]}, "closed"),
        ({"open": 7}, "open"),
    ],
)
def test_what_nobody_can_work_by_is_refused_at_its_field(demo: Source, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        calendar(**values).full_clean()
    assert field in refused.value.message_dict


def test_there_is_one_calendar_at_most(demo: Source) -> None:
    calendar().save()
    with pytest.raises(IntegrityError), transaction.atomic():
        calendar(id=2).save(force_insert=True)


def test_calendar_written_past_the_check_stops_nobody(demo: Source) -> None:
    calendar(timezone="Mars/Base").save()
    assert definitions.load().catalog.calendar == Calendar()
