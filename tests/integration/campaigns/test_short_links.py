"""Short addresses: made for a tagged one, followed and counted, and checked by what is behind them."""

import pytest
from django.conf import settings
from django.test import Client

from campaigns.actions import short_links
from campaigns.models import Campaign, ShortLink
from campaigns.queries import approval_subjects, launches, links
from campaigns.runtime import checking
from martechops.people.actions import tokens
from martechops.people.models import User
from martechops.people.permissions import NotAllowed
from workflows.models import ContentItem

from .conftest import AT

pytestmark = pytest.mark.requirement("C9", "A11")
LONG = "https://example.com/tour?utm_source=newsletter&utm_medium=email&utm_campaign=x"


@pytest.fixture
def short(campaign: Campaign, ana: User) -> ShortLink:
    return short_links.make(campaign=campaign, address=LONG, by=ana, at=AT)


def test_whoever_follows_it_comes_to_the_tagged_address_and_is_counted(short: ShortLink, client: Client) -> None:
    """By nobody who is signed in."""
    for _ in range(2):
        answer = client.get(f"/l/{short.code}")
        assert (answer.status_code, answer["Location"]) == (302, LONG)
        assert "no-store" in answer["Cache-Control"]
    assert client.head(f"/l/{short.code}")["Location"] == LONG
    assert client.post(f"/l/{short.code}").status_code == 405
    short.refresh_from_db()
    assert (short.followed, short.address) == (2, LONG)
    assert client.get("/l/nothing").status_code == 404


def test_same_address_has_one_and_nobody_else_makes_it(short: ShortLink, campaign: Campaign, ana: User) -> None:
    assert short_links.make(campaign=campaign, address=LONG, by=ana, at=AT) == short
    with pytest.raises(NotAllowed):
        short_links.make(campaign=campaign, address=LONG, by=User.objects.get(username="ida"), at=AT)


def test_page_and_interface_make_it_of_what_the_builder_tagged(campaign: Campaign, page: Client, ana: User) -> None:
    said = {"campaign": campaign.key, "address": "https://example.com/tour", "content": "footer"}
    shown = page.get("/links/", said).content.decode()
    assert "Make a short address of it" in shown
    back = page.post("/links/", {**said, "do": "shorten"})["Location"]
    made = ShortLink.objects.get()
    assert "utm_content=footer" in made.address
    body = page.get(back).content.decode()
    assert made.url in body
    assert "followed 0 times" in body
    _, secret = tokens.create(user=ana, scopes=["campaigns:read", "campaigns:write"], by=ana, at=AT)
    headers = {"Authorization": f"Bearer {secret}"}
    again = page.post("/api/v1/links/shorten", said, content_type="application/json", headers=headers)
    assert (again.json()["url"], again.json()["followed"]) == (made.url, 0)
    wrong = said | {"address": "javascript:alert(1)"}
    assert (
        page.post("/api/v1/links/shorten", wrong, content_type="application/json", headers=headers).status_code == 400
    )
    assert page.post("/links/", {**wrong, "do": "shorten"}, follow=True).status_code == 200
    assert ShortLink.objects.count() == 1


def test_registry_and_checks_look_at_what_is_behind_it(short: ShortLink, campaign: Campaign, ana: User) -> None:
    item = ContentItem.objects.filter(kind="article").first()
    assert item is not None
    item.body = f"See {short.url}, or {settings.PUBLIC_URL}/l/nothing."
    item.save()
    campaign.pieces.create(item=item)
    found = {one.address: one for one in links.registered(campaign) if "/l/" in one.address or one.short}
    assert set(found) == {LONG, f"{settings.PUBLIC_URL}/l/nothing"}
    assert found[LONG].short == short
    subject = approval_subjects.current("campaign", campaign.key)
    assert subject is not None
    launch = launches.gather([], name="Autumn", at=AT, around=checking.around(subject, at=AT))
    assert {link.url for link in launch.links} == set(found)
