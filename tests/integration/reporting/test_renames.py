"""A rename mid-stream leaves every series equal to that of a world in which nothing was renamed (requirement I2)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from martechops.people.models import User
from reporting.actions import projection
from reporting.metrics import Grain, Period, Question
from reporting.models import ContactFact, DailyFigure, StageFact, TouchFact
from reporting.queries import metrics
from tests.integration.reporting.test_facts import History, everything, keep_up
from workflows.actions import renames
from workflows.models import Alias

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
PERIOD = Period(date(2026, 10, 1), date(2027, 2, 1))
#: By what each is called now.
FORMER = {"qualified": "mql", "spring-launch": "spring", "Page Seen": "Seen"}
SERIES = (
    *(Question(key, PERIOD, Grain.WEEK) for key in ("leads", "mql", "lead-to-mql", "mql-to-sql", "conversions")),
    *(Question(key, PERIOD, None, ("campaign",)) for key in ("mql", "lead-to-mql")),
    Question("leads", PERIOD, Grain.WEEK, ("campaign",)),
    Question("conversions", PERIOD, None, ("campaign",)),
    Question("messages-sent", PERIOD, None, ("campaign",)),
)


def series() -> list[Any]:
    """Every series, its groups called as they were before."""
    keep_up()
    found = metrics.ask(SERIES)
    rows = [
        sorted((row.at, tuple(FORMER.get(name, name) for name in row.by), row.value) for row in answer.rows)
        for answer in found
    ]
    stages = everything()["reporting_stagefact"]
    arrived = sorted((row[2], FORMER.get(row[3], row[3]), FORMER.get(row[4], row[4])) for row in stages)
    return [*rows, arrived]


def rename_everything() -> None:
    renames.apply(kind="stage", old="mql", new="qualified", by="tests", at=AT)
    while renames.go_on(at=AT + timedelta(hours=1)):
        pass
    for kind, old, new in (("event-type", "Seen", "Page Seen"), ("value:utm_campaign", "spring", "spring-launch")):
        Alias.objects.create(kind=kind, old=old, new=new, since=AT)


def _each_new_name_stands_for_something() -> None:
    """Else nothing would have been renamed mid-stream."""
    assert StageFact.objects.filter(to_stage="qualified").exists()
    assert TouchFact.objects.filter(event="Page Seen").exists()
    assert ContactFact.objects.filter(campaign="spring-launch").exists()
    assert not StageFact.objects.filter(to_stage="mql").exists()
    assert not ContactFact.objects.filter(campaign="spring").exists()


@pytest.mark.django_db
@pytest.mark.requirement("F2")
@pytest.mark.parametrize("seed", [3, 20])
def test_series_go_on_as_if_nothing_had_been_renamed(demo_of_monday: None, seed: int) -> None:
    ana = User.objects.get(username="admin")
    told: list[list[Any]] = []
    for is_renamed in (False, True):
        with transaction.atomic():
            history = History(seed, ana)
            history.go_on(150)
            keep_up()
            if is_renamed:
                rename_everything()
            history.go_on(150)
            told.append(series())
            if is_renamed:
                kept = everything()
                projection.rebuild(at=AT)
                assert everything() == kept
                assert not DailyFigure.objects.filter(figure="stage mql").exists()
                _each_new_name_stands_for_something()
            transaction.set_rollback(True)
    control, renamed = told
    assert control == renamed
    assert all(control), "a series in which nothing happens says nothing"


@pytest.mark.django_db
def test_name_that_is_taken_back_makes_facts_anew(demo_of_monday: None) -> None:
    History(3, User.objects.get(username="admin")).go_on(60)
    keep_up()
    before = everything()
    alias = Alias.objects.create(kind="value:utm_campaign", old="spring", new="autumn", since=AT)
    keep_up()
    assert everything() != before
    alias.delete()
    keep_up()
    assert everything() == before
