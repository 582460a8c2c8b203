"""Dashboards on paper: pages with numbers and versions, pictures in light colours, whatever people wrote as text."""

import re
import struct
import zlib

import pytest
from django.test import Client

from martechops.people.models import User
from workflows.models import Metric

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(lived_in_world: None, client: Client) -> Client:
    client.force_login(User.objects.get(username="ana"))
    return client


@pytest.mark.parametrize("board", ["campaigns", "pipeline", "workflows", "teams"])
def test_every_dashboard_is_a_document_of_pages_that_can_be_read_aloud(ana: Client, board: str) -> None:
    answer = ana.get(f"/results/{board}/board.pdf", {"days": 90})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert re.search(rf'filename="{board}-[-0-9]+\.pdf"', answer["Content-Disposition"])
    raw = answer.content
    assert raw.startswith(b"%PDF-1.7")
    streams = b"".join(
        found for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.S) if (found := plain(part))
    )
    assert b"/MarkInfo" in raw + streams, "tagged"
    assert b"/Marked true" in raw + streams


def plain(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


def test_chart_is_taken_along_as_a_picture(ana: Client) -> None:
    png = ana.get("/results/campaigns/trend.png", {"days": 30, "trend": "mql"})
    assert (png["Content-Type"], png.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png.content[16:24])
    assert width > 1200
    assert 400 < height < width
    assert 'filename="mql-' in png["Content-Disposition"]
    svg = ana.get("/results/campaigns/trend.svg", {"days": 30})
    assert svg["Content-Type"] == "image/svg+xml"
    assert svg.content.startswith(b"<svg")
    assert b"<script" not in svg.content
    for odd in ("/results/campaigns/trend.exe", "/results/nowhere/trend.png", "/results/nowhere/board.pdf"):
        assert ana.get(odd).status_code == 404


def test_what_people_wrote_is_no_markup(ana: Client) -> None:
    """A name that would read a file, end a text or run a function if it were read as markup."""
    odd = '#read("/etc/passwd") *a* $ ] " \\ <svg> #panic("x")'
    Metric.objects.filter(key="leads").update(name=odd, meaning=odd)
    for address in ("board.pdf", "trend.png"):
        assert ana.get(f"/results/campaigns/{address}", {"campaign": odd}).status_code == 200


def test_workspace_without_metrics_is_a_page_too(ana: Client) -> None:
    Metric.objects.all().delete()
    assert ana.get("/results/campaigns/board.pdf").content.startswith(b"%PDF")
    assert ana.get("/results/campaigns/trend.png").status_code == 404
