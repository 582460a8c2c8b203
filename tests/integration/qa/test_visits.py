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


@pytest.mark.parametrize("place", ["http://[", "javascript:alert(1)", "file:///etc/passwd", "gopher://x/"])
def test_redirect_to_what_is_no_web_address_is_a_problem_of_that_address_alone(site: Site, place: str) -> None:
    """What is wanted longest is visited first, each turn: one that raised would keep all others from it."""
    site.pages["/odd"] = ("to", place)
    assert visit(site, "/odd").problem == "it redirects to what is no web address"
    assert visit(site, "/ok").status == 200


@pytest.mark.parametrize("page", ["<form><input name='a\0b'></form>", "<form><input name=a></form><![x y"])
def test_page_that_is_no_good_html_is_read_as_far_as_it_goes(site: Site, page: str) -> None:
    site.pages["/odd"] = page
    row = visit(site, "/odd")
    assert (row.status, len(row.forms)) == (200, 1)


def test_redirect_to_a_private_address_is_not_followed(site: Site, settings: object) -> None:
    site.pages["/odd"] = ("to", "http://169.254.169.254/latest/meta-data/")
    assert "private or special" in visit(site, "/odd").problem


def test_private_address_is_not_visited(site: Site, settings: object) -> None:
    settings.OUTBOUND_ALLOW = []  # type: ignore[attr-defined]
    assert "private or special" in visit(site, "/ok").problem
    assert site.asked == []


def test_address_is_visited_once_until_it_is_asked_for_again(site: Site) -> None:
    visit(site, "/ok")
    assert visits.keep() == 0
    visit(site, "/ok")
    assert site.asked == ["/ok", "/ok"]
