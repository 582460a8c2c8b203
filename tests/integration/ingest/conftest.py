"""A source, and a client that posts to it as an SDK does."""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from workflows.actions import allowance, sources
from workflows.models import Source

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

Post = Callable[..., HttpResponse]


@pytest.fixture(autouse=True)
def _nothing_spent() -> Iterator[None]:
    """Source ids come again in the next test; what a process took of their allowance must not."""
    allowance._left.clear()
    yield
    allowance._left.clear()


@pytest.fixture
def source(db: None) -> Source:
    return sources.create(key="web-form", name="Web form", by="test", at=NOON)


def basic(write_key: str) -> str:
    return "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()


def track(message_id: str | None = "m-1", **changes: Any) -> dict[str, Any]:
    """A message as the Python SDK makes it."""
    message: dict[str, Any] = {
        "type": "track",
        "messageId": message_id,
        "timestamp": "2026-11-22T11:59:00.000+00:00",
        "anonymousId": "anon-1",
        "userId": None,
        "event": "Demo Requested",
        "properties": {"form_id": "demo", "email": "ana@example.com"},
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
        "integrations": {},
    }
    message |= changes
    return {key: value for key, value in message.items() if value is not ...}


@pytest.fixture
def post(source: Source) -> Post:
    """post(body) sends raw bytes or JSON to /v1/batch with the source's key."""
    client = Client()

    def send(
        body: object, *, to: str = "/v1/batch", key: str | None = source.write_key, zipped: bool = False, **headers: str
    ) -> HttpResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if key is not None:
            headers["Authorization"] = basic(key)
        if zipped:
            raw = gzip.compress(raw)
            headers["Content-Encoding"] = "gzip"
        return client.post(to, raw, content_type="application/json", headers=headers)  # type: ignore[return-value]

    return send
