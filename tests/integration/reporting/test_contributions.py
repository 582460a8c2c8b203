"""The map of contributions: what each touch is owed, equal to a count by plain loops, down to the contacts."""

import re
from collections import defaultdict
from datetime import date, timedelta

import pytest
from django.test import Client

from martechops.lib import clock
from martechops.people.models import User
from reporting.actions import projection
from reporting.metrics import Period
from reporting.models import ConversionFact, StageFact, TouchFact
from reporting.queries import contributions
from reporting.queries.contributions import Asked
from workflows.models import LifecycleStage

pytestmark = pytest.mark.django_db


@pytest.fixture
def period(lived_in_world: None) -> Period:
    """Three people who came by one campaign; one of them also by two further touches before."""
    lea = StageFact.objects.filter(campaign="autumn-demo").order_by("pk")[0]
    for number, channel in enumerate(("paid-search", "email")):
        TouchFact.objects.create(
            id=900 + number, event_id=900 + number, contact_id=lea.contact_id, event="", source="s", medium="m",
            campaign="before", channel=channel, at=lea.at - timedelta(days=3 + number),
        )  # fmt: skip
    while projection.turn(at=clock.now()):
        pass
    today = clock.now().date()
    return Period(today - timedelta(days=80), today + timedelta(days=2))


def by_plain_loops(by: str) -> dict[tuple[str, str, str], float]:
    places = dict(LifecycleStage.objects.values_list("key", "position"))
    reached = [
        ("stage", one.to_stage, one.contact_id, one.at)
        for one in StageFact.objects.all()
        if places.get(one.to_stage, -1) > places.get(one.from_stage, -1)
    ]
    reached += [("goal", one.name, one.contact_id, one.at) for one in ConversionFact.objects.all()]
    owed: dict[tuple[str, str, str], float] = defaultdict(float)
    for kind, name, contact, at in reached:
        touches = [
            one for one in TouchFact.objects.filter(contact_id=contact) if at - timedelta(days=30) <= one.at <= at
        ]
        for touch in touches:
            owed[kind, name, getattr(touch, by)] += 1 / len(touches)
    return owed


@pytest.mark.requirement("F7")
@pytest.mark.parametrize("by", ["channel", "campaign"])
def test_map_is_what_plain_loops_count(period: Period, by: str) -> None:
    found = contributions.look(Asked(period, by))
    expected = by_plain_loops(by)
    assert len(expected) > 3
    made = {(part.outcome.kind, part.outcome.name, part.source): part.credit for part in found.parts}
    alone = {place: credit for place, credit in expected.items() if place[2] in found.sources}
    for place, credit in alone.items():
        assert made[place] == pytest.approx(credit), place
    others = sum(credit for place, credit in expected.items() if place[2] not in found.sources)
    assert sum(credit for place, credit in made.items() if place[2] == contributions.OTHERS) == pytest.approx(others)
    for one in found.outcomes:
        owed = sum(part.credit for part in found.parts if part.outcome == one)
        assert owed + one.untouched == pytest.approx(one.count)


def test_bands_and_cells_lead_to_the_contacts(period: Period, client: Client) -> None:
    client.force_login(User.objects.get(username="ana"))
    page = client.get("/results/contributions/", {"by": "campaign", "days": 90}).content.decode()
    assert page.count("flow-band") >= 3
    assert '<a href="/results/contributions/contacts/?' in page
    address = re.search(r'href="(/results/contributions/contacts/\?[^"]*source=before[^"]*)"', page)
    assert address
    behind = client.get(address[1].replace("&amp;", "&")).content.decode()
    assert len(re.findall(r'href="/contacts/\d+/"', behind)) == 1
    assert "0.67" in behind, "two of three touches"
    for odd in ("?by=nothing&window=x&days=-1", "?from=1970-01-01&to=1970-01-02", "?from=2026-13-01"):
        assert client.get(f"/results/contributions/{odd}").status_code == 200
    assert client.get("/results/contributions/contacts/?kind=stage&name=nowhere").status_code == 404


def test_nothing_in_a_time_says_so(lived_in_world: None) -> None:
    long_ago = Period(date(2001, 1, 1), date(2001, 2, 1))
    assert contributions.look(Asked(long_ago)).outcomes == ()
