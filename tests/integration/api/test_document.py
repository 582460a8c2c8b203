"""The interface says itself what it can do, without a request to anywhere else."""

import re

import pytest
import yaml
from django.test import Client

from martechops.doors import DOORS, Key

DOCUMENTED = {"400", "401", "403", "429"}


@pytest.fixture
def document(client: Client) -> dict:
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    return yaml.safe_load(answer.content)


def test_every_operation_documents_the_problems_it_may_answer_with(document: dict) -> None:
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            wanted = DOCUMENTED | ({"404"} if "{" in address else set())
            wanted |= {"409"} if method != "get" else set()
            assert wanted <= set(operation["responses"]), (method, address)
    assert document["components"]["schemas"]["Problem"]["required"] == [
        "type",
        "title",
        "status",
        "detail",
        "code",
        "errors",
    ]


def test_document_and_doors_name_the_same_addresses(document: dict) -> None:
    documented = {re.sub(r"\{[^}]*\}", "<>", address).lstrip("/") for address in document["paths"]}
    doors = {route for route, door in DOORS.items() if door.key is Key.TOKEN}
    assert documented == doors - {"api/v1/<>"}


def test_every_operation_takes_a_token(document: dict) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["security"] == [{"token": []}]


def test_readable_page_asks_for_nothing_elsewhere_and_runs_nothing_inline(client: Client) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "://" not in text
    assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    script = re.search(r'src="([^"]*script=[^"]*)"', text)
    assert script
    answer = client.get(script[1].replace("&amp;", "&"))
    assert answer["Content-Type"].startswith("application/javascript")
    assert "://" not in answer.content.decode().replace("https://swagger.io", "")
