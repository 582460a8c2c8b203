"""The pages of sources."""

import pytest
from django.test import Client

from workflows.models import Source

pytestmark = pytest.mark.django_db


def test_operator_makes_a_source_and_asks_for_signatures(sal: Client) -> None:
    sal.post("/sources/", {"name": "Web shop"})
    source = Source.objects.get(key="web-shop")
    page = sal.post("/sources/web-shop/", {"do": "add-secret", "secret": ""})
    assert "whsec_" in page.content.decode()
    assert "whsec_" not in sal.get("/sources/web-shop/").content.decode()
    source.refresh_from_db()
    assert source.signing


def test_reading_is_saved_and_a_bad_line_keeps_what_was_typed(sal: Client) -> None:
    sal.post("/sources/", {"name": "Web shop"})
    form = {"do": "change", "name": "Web shop", "enabled": "on", "email": "contact.mail, mail", "names": "paid Order"}
    page = sal.post("/sources/web-shop/", form).content.decode()
    assert "Line 1" in page
    assert "contact.mail, mail" in page
    sal.post("/sources/web-shop/", form | {"names": "paid = Order Paid"})
    reading = Source.objects.get(key="web-shop").reading
    assert reading == {"email": ["contact.mail", "mail"], "names": {"paid": "Order Paid"}}


def test_secret_that_is_none_is_said_and_changes_nothing(sal: Client) -> None:
    sal.post("/sources/", {"name": "Web shop"})
    page = sal.post("/sources/web-shop/", {"do": "add-secret", "secret": "hunter2"})
    assert "base64 of 24 to 64 bytes" in page.content.decode()
    assert not Source.objects.get(key="web-shop").signing


def test_marketer_sees_sources_without_their_keys_and_changes_none(ana: Client) -> None:
    source = Source.objects.first()
    assert source is not None
    page = ana.get(f"/sources/{source.key}/").content.decode()
    assert source.name in page
    assert source.write_key not in page
    assert ana.post(f"/sources/{source.key}/", {"do": "renew-key"}).status_code == 403


def test_list_counts_what_came(sal: Client) -> None:
    assert "Last 24 hours" in sal.get("/sources/").content.decode()
