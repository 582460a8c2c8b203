"""Addresses of a launch are visited, and what they answered is kept."""

import pytest

from campaigns.actions import checklists
from campaigns.models import PageVisit
from campaigns.runtime import visits
from martechops.lib import clock

from .conftest import Site

pytestmark = pytest.mark.django_db


def visit(site: Site, path: str) -> PageVisit:
    checklists.ask_for_visits([site.url(path)], at=clock.now())
    while visits.keep():
        pass
    return PageVisit.objects.get(url=site.url(path))


def test_page_is_kept_with_its_form(site: Site) -> None:
    row = visit(site, "/demo")
    assert (row.status, row.problem) == (200, "")
    assert [one["name"] for one in row.forms[0]["fields"]][:2] == ["email", "first_name"]


def test_redirect_is_followed_to_its_end(site: Site) -> None:
    site.pages["/old"] = ("to", "/ok")
    row = visit(site, "/old")
    assert (row.status, row.final_url, row.problem) == (200, site.url("/ok"), "")


def test_redirects_in_a_circle_end(site: Site) -> None:
    site.pages["/round"] = ("to", "/round")
    assert visit(site, "/round").problem == "it redirects more than 5 times"


@pytest.mark.parametrize("status", [404, 410, 500])
def test_address_that_answers_with_an_error_is_a_problem(site: Site, status: int) -> None:
    site.pages["/gone"] = status
    assert visit(site, "/gone").problem == f"answered {status}"


def test_private_address_is_not_visited(site: Site, settings: object) -> None:
    settings.OUTBOUND_ALLOW = []  # type: ignore[attr-defined]
    assert "private or special" in visit(site, "/ok").problem
    assert site.asked == []


def test_address_is_visited_once_until_it_is_asked_for_again(site: Site) -> None:
    visit(site, "/ok")
    assert visits.keep() == 0
    visit(site, "/ok")
    assert site.asked == ["/ok", "/ok"]
