"""A convention that is changed midstream: who follows the former one, what is renamed, and both are read (I2, G4)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from campaigns.actions import campaigns
from campaigns.models import Campaign
from campaigns.qa.check import FAILED, PASSED, examine
from campaigns.qa.checks import utm_tags
from campaigns.qa.launch import Launch, Link
from campaigns.queries import launches, naming_changes
from martechops.lib import clock
from martechops.people.models import User
from workflows.actions import definitions
from workflows.engine.naming import Convention
from workflows.models import NamingConvention

from .conftest import planned

pytestmark = pytest.mark.requirement("I2", "G4", "C10")
OLD = "2026_q4_webinar_lead-routing"


@pytest.fixture
def changed(ana: User) -> tuple[NamingConvention, Campaign]:
    """A campaign named by what was agreed to, and then the quarter goes and a word for the channel changes."""
    campaign = campaigns.save(planned(OLD), by=ana, at=clock.now())
    row = NamingConvention.objects.get(subject="campaign")
    row.parts = [part for part in row.parts if part["part"] != "quarter"]
    return definitions.save(row, by="tests", at=clock.now()), campaign


def test_names_by_the_former_convention_are_listed_with_what_they_become(
    changed: tuple[NamingConvention, Campaign],
) -> None:
    row, campaign = changed
    change = naming_changes.of(row, at=clock.now())
    assert change is not None
    assert change.former is not None
    assert any("quarter" in says for says in change.former.changes)
    old = next(one for one in change.to_rename if one.name == OLD)
    assert (old.follows, old.becomes) == ("former", "2026_webinar_lead-routing")
    assert old.address == f"/campaigns/{campaign.key}/"


def test_both_are_read_for_thirty_days_and_new_names_follow_the_new_one(
    changed: tuple[NamingConvention, Campaign], ana: User
) -> None:
    now = clock.now()
    assert _verdict(launches.conventions(at=now), OLD) == PASSED
    assert _verdict(launches.conventions(at=now), "Autumn!") == FAILED
    assert _verdict(launches.conventions(at=now + timedelta(days=31)), OLD) == FAILED
    assert campaigns.naming_faults("2026_q4_webinar_another")
    assert not campaigns.naming_faults("2026_webinar_another")


def _verdict(conventions: Mapping[str, tuple[Convention, ...]], name: str) -> str:
    url = f"https://example.com/?utm_source=a&utm_medium=email&utm_campaign={name}"
    link = Link(url, "a message", "/")
    launch = Launch(
        name="x", at=clock.now(), workflows=(), links=(link,), conventions={"campaign": conventions["campaign"]}
    )
    return examine(utm_tags.CHECK, launch=launch).verdict


def test_page_of_the_convention_says_so(changed: tuple[NamingConvention, Campaign], page: Client) -> None:
    row, _ = changed
    assert f'hx-get="/names/{row.pk}/"' in page.get(f"/vocabulary/convention/{row.pk}/").content.decode()
    shown = page.get(f"/names/{row.pk}/").content.decode()
    for words in ("The former convention is read, too", "do not follow it", OLD, "2026_webinar_lead-routing"):
        assert words in shown


@pytest.mark.parametrize("subject", ["campaign", "utm", "event", "channel"])
def test_every_kind_of_name_is_looked_at_in_a_constant_number_of_queries(
    subject: str, changed: tuple[NamingConvention, Campaign], django_assert_max_num_queries: Any
) -> None:
    row, _ = changed
    row.subject = subject
    with django_assert_max_num_queries(4):
        assert naming_changes.of(row, at=clock.now()) is not None
