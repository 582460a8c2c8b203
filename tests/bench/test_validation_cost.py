"""What it costs to hold an event against the catalog. Run by name: `pytest tests/bench -m bench -s`."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from campaigns.demo import workspace
from workflows.runtime import definitions
from workflows.runtime.claim import ClaimedEvent
from workflows.runtime.validate import sort_out

#: Microseconds an event at full batches (issue: one vocabulary).
MOST_US = 15
BATCH, ROUNDS = 500, 21
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _events(**more: Any) -> list[ClaimedEvent]:
    properties = {
        "form_id": "demo",
        "email": "lea@example.com",
        "first_name": "Lea",
        "last_name": "Marsh",
        "company": "Brightwater",
        "company_size": 300,
        "job_title": "Head of marketing",
        "country": "DE",
        "marketing_consent": True,
        "utm_source": "newsletter",
        "utm_medium": "email",
        "utm_campaign": "autumn-demo",
        "page_url": "https://www.example.com/demo?x=1",
    } | more
    body = {"type": "track", "event": "Demo Requested", "userId": "lea@example.com", "properties": properties}
    return [ClaimedEvent(i, 1, "track", "Demo Requested", f"m{i}", NOON, body) for i in range(BATCH)]


def _us_an_event(events: list[ClaimedEvent], *, held: int) -> float:
    spent = []
    for _ in range(ROUNDS):
        defined = definitions.load()
        begun = time.process_time()
        good, violations = sort_out(events, defined)
        spent.append((time.process_time() - begun) / BATCH * 1e6)
        assert (len(violations), len(good)) == (held, BATCH - held)
    return min(spent)  # what others do on the machine only ever adds


@pytest.mark.bench
@pytest.mark.requirement("F3")
def test_event_is_held_against_the_catalog_in_fifteen_microseconds(db: None) -> None:
    workspace.load(at=NOON)
    clean = _us_an_event(_events(), held=0)
    extra = _us_an_event(_events(colour="red", company_size="many"), held=BATCH)
    good, bad = _events(), _events(colour="red", company_size="many")
    mixed = _us_an_event([bad[i] if i % 10 == 0 else good[i] for i in range(BATCH)], held=BATCH // 10)
    print(
        f"\nvalidation, batches of {BATCH}: {clean:.1f} µs a good event, {extra:.1f} µs one with two faults,"
        f" {mixed:.1f} µs where one in ten has them"
    )
    assert max(clean, mixed) <= MOST_US
