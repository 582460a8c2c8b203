"""Whatever is written into the address, a page answers in words and never with a server error."""

import itertools

import pytest
from django.test import Client

from martechops.doors import DOORS, Key
from martechops.people.models import User

PARTS = ["1", "x", "0", "9" * 25]
QUERIES = [
    {},
    *({"before": text} for text in ("x", "abc_5", "9" * 30, "2026-01-01_5", "2026-01-01T00:00:00Z_" + "9" * 30, "Z_1")),
    {"q": "\0", "name": "\0", "source": "\0", "stage": "\0"},
    {"before": "0001-01-01T00:00:00+23:59_1", "source": "9" * 5000},
    {"q": "%", "state": "x", "workflow": "x", "consent": "x", "kind": "x", "source": "x", "page": "x"},
    {"q": "😀'\"<script>", "state": "", "before": ""},
]
PAGES = [
    route.replace("<>", part)
    for route, door in DOORS.items()
    if door.key is Key.SESSION
    for part in (PARTS if "<>" in route else [""])
]


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_odd_address_is_answered_in_words(client: Client, page: str) -> None:
    client.raise_request_exception = False
    client.force_login(User.objects.create(username="ida", roles=["viewer"]))
    answers = {client.get(f"/{page}", query).status_code for query in QUERIES}
    assert answers <= {200, 302, 400, 403, 404, 405}


def test_every_part_of_an_address_was_tried() -> None:
    assert set(itertools.chain.from_iterable(page.split("/") for page in PAGES)) >= set(PARTS)
