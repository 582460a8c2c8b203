"""What touches are owed is kept as the models say it, and pages of months are sums of it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from martechops.people.models import User
from reporting.actions import projection
from reporting.attribution import BY_TOUCH, MODELS, ONE, Journey, Touch, parts
from reporting.models import ConversionFact, Credit, DailyCredits, Deal, StageFact, TouchFact
from reporting.queries import attribution

from .test_attribution import NOW, owed
from .test_facts import AT, History, ana, keep_up  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db
WINDOW = timedelta(days=attribution.KEPT_DAYS)


def journeys() -> dict[tuple[str, int], tuple[list[int], Journey, Decimal | None]]:
    """By plain loops: the touches of each deal and conversion in the days before, and which of them made the lead."""
    found = {}
    ends = [("deal", row) for row in Deal.objects.all()] + [("conversion", row) for row in ConversionFact.objects.all()]
    for subject, end in ends:
        touches = [
            touch
            for touch in TouchFact.objects.filter(contact_id=end.contact_id).order_by("at", "id")
            if end.at - WINDOW <= touch.at <= end.at
        ]
        first = min((row.at for row in StageFact.objects.filter(contact_id=end.contact_id)), default=None)
        before = [place for place, touch in enumerate(touches) if first and touch.at <= first]
        way = tuple(Touch(touch.channel, (end.at - touch.at).total_seconds() / 86_400) for touch in touches)
        if touches:
            found[subject, end.pk] = (
                [touch.pk for touch in touches],
                Journey(way, lead=max(before, default=None)),
                end.value,
            )
    return found


@pytest.mark.requirement("F7")
def test_each_row_is_what_the_models_say_of_its_journey(ana: User) -> None:  # noqa: F811
    history = History(9, ana)
    for _ in range(5):
        history.go_on(70)
        keep_up()
    wanted = {
        (*subject, touch): list(owed)
        for subject, (touches, journey, _) in journeys().items()
        for touch, owed in zip(touches, zip(*(parts(model, journey) for model in BY_TOUCH), strict=True), strict=True)
    }
    kept = {(row.subject, row.subject_id, row.touch_id): row.parts for row in Credit.objects.all()}
    assert kept == wanted
    assert {subject for subject, *_ in kept} == {"deal", "conversion"}
    assert any(len(touches) > 2 for touches, *_ in journeys().values())


def test_daily_credits_add_up_to_each_deal_and_conversion_once_by_every_model(ana: User) -> None:  # noqa: F811
    History(9, ana).go_on(300)
    keep_up()
    for subject in ("deal", "conversion"):
        mine = [(journey, value) for (kind, _), (_, journey, value) in journeys().items() if kind == subject]
        worth = sum(value or Decimal(0) for _, value in mine)
        for model in BY_TOUCH:
            rows = DailyCredits.objects.filter(subject=subject, model=model.key)
            assert sum(row.parts for row in rows) == len(mine) * ONE
            assert sum(row.value for row in rows) == worth


def test_views_say_what_was_kept(ana: User) -> None:  # noqa: F811
    History(9, ana).go_on(200)
    keep_up()
    with connection.cursor() as cursor:
        for view, subject in (("deal_credits", "deal"), ("conversion_credits", "conversion")):
            cursor.execute(f"SELECT model, sum(credit) FROM reporting.{view} GROUP BY 1")
            subjects = len({row.subject_id for row in Credit.objects.filter(subject=subject)})
            assert dict(cursor.fetchall()) == {model.key: subjects for model in BY_TOUCH}


def test_page_of_what_is_kept_says_what_journeys_say(ana: User) -> None:  # noqa: F811
    History(9, ana).go_on(400)
    projection.rebuild(at=AT)
    since, until = date(2026, 10, 1), date(2027, 3, 1)
    for goal in ("", "demo"):
        asked: dict[str, Any] = {
            "since": NOW.replace(month=10, day=1, hour=0),
            "until": NOW.replace(year=2027, month=3, day=1, hour=0),
        }
        question = attribution.Asked(**asked, window=WINDOW, goal=goal)
        live, kept = attribution.by_channel(question), attribution.kept(question, since=since, until=until)
        assert kept.conversions == live.conversions > 5
        assert (kept.untouched, round(kept.value, 6)) == (live.untouched, round(live.value, 6))
        for model in MODELS:
            assert owed(kept, model.key) == pytest.approx(owed(live, model.key), abs=1e-5), model.key
