"""How soon the last of a version's work begins after it was rolled back, while two workers are at it.

Run by name: `manage.py test tests/bench/test_rollback_speed.py -m bench -n 0 -s`.
"""

import threading
import time
from datetime import UTC, datetime

import pytest
from django.db import connection

from campaigns.actions import rollouts
from tests.integration.rollouts.conftest import KEY, arriving, candidate, let_out, ramp
from workflows.models import Effect, Run, Source, Version
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

pytestmark = pytest.mark.bench

PEOPLE = 4_000
#: Issue: from the decision to the last claim of the candidate.
AT_MOST_SECONDS = 1.0


def test_nothing_of_it_begins_later_than_a_second_after_the_decision(
    demo_of_monday: None, transactional_db: None
) -> None:
    arrive = arriving(Source.objects.get(key="demo-site"))
    stable, bad = Version.objects.get(workflow__key=KEY, number=1), candidate()
    rollout = let_out(bad, ramp(50), at=datetime.now(UTC))
    arrive(0, PEOPLE, handled=False)
    enough = threading.Event()
    give_up = time.monotonic() + 120
    workers = [threading.Thread(target=_work, args=(enough,), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    while (
        Run.objects.filter(version_id=bad.pk).count() < PEOPLE / 16
        or not Effect.objects.filter(version_id=bad.pk, state="done").exists()
    ):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    decided = datetime.now(UTC)
    rollouts.take(rollout=rollout, verb="roll_back", by="tests", at=decided, because="")
    committed = datetime.now(UTC)
    while Run.objects.filter(version_id=stable.pk).count() + Run.objects.filter(version_id=bad.pk).count() < PEOPLE:
        assert time.monotonic() < give_up
        time.sleep(0.05)
    enough.set()
    for worker in workers:
        worker.join()
    entered = Run.objects.filter(version_id=bad.pk).order_by("-entered_at").values_list("entered_at", flat=True)[0]
    sent = Effect.objects.filter(version_id=bad.pk, state="done").order_by("-reserved_at")
    claimed = sent.values_list("reserved_at", flat=True)[0]
    assert claimed is not None
    last = (max(entered, claimed) - decided).total_seconds()
    inside = Run.objects.filter(version_id=bad.pk).count()
    print(
        f"\nrolled back in {(committed - decided).total_seconds() * 1000:.0f} ms, {inside} of {PEOPLE} inside; "
        f"last entry {(entered - decided).total_seconds() * 1000:+.0f} ms, "
        f"last effect {(claimed - decided).total_seconds() * 1000:+.0f} ms from the decision"
    )
    assert PEOPLE / 16 <= inside < PEOPLE / 2, "it was rolled back while people came"
    assert last <= AT_MOST_SECONDS


def _work(enough: threading.Event) -> None:
    try:
        while not enough.is_set():
            advance(limit=100)
            deliver(limit=100)
    finally:
        connection.close()
