"""A whole installation under fire, counted by an oracle outside (FAULTS F1, F2, F3, F4, F21; requirement D8).

The short form orders a kill at every named place and rolls the dice for a few more; the long form goes on until there
were 100,000 effects, 500 kills and 20 crashes of the database, and writes `docs/chaos-report.md`.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.campaign import Outcome, Size, counted, field_of
from tests.chaos.conftest import SHORT
from tests.chaos.furnishing import MAILS_AT_ONCE
from tests.chaos.killer import PLACES
from tests.installations import ROOT

LONG = Size(
    people=17_200,
    seed=20261122,
    kills=500,
    database_crashes=22,
    workers=8,
    pause=(0.4, 1.6),
    seconds=15 * 60,
    backlog=400,
    batch=20,
    at_most_seconds=60 * float(os.environ.get("CHAOS_MINUTES", 90)),
    say=lambda line: print(line, file=sys.stderr, flush=True),
)
#: No process that is killed takes a file system with it, and this one does not make the run wait for a disk.
_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
EFFECTS, KILLS, CRASHES = 100_000, 500, 20


def check(outcome: Outcome) -> None:
    """What holds however long it was."""
    verdict = outcome.verdict
    assert (verdict.lost, verdict.doubled, verdict.unasked) == (0, 0, 0)
    assert outcome.acknowledged_and_not_stored == 0
    assert outcome.refused == []
    assert outcome.quarantined == 0, "an event was given up though it was no event's fault"
    assert set(outcome.runs) == {"done"}
    assert set(outcome.at_last) <= {"done", "suppressed"}
    assert set(outcome.states["A"]) == set(outcome.states["B"]) == {"done"}
    assert outcome.uncertain <= MAILS_AT_ONCE * (sum(outcome.kills.values()) + outcome.frozen)


def test_every_named_place_was_reached_and_its_process_ended_there(fought: Outcome) -> None:
    assert set(fought.kills) == set(PLACES) | {"web", "beat", "worker", "postgres"}


def test_nothing_is_lost_doubled_or_unasked(fought: Outcome) -> None:
    check(fought)
    assert fought.verdict.expected > 2 * SHORT.people


def test_every_acknowledged_message_is_stored_though_web_and_database_were_killed(fought: Outcome) -> None:
    assert fought.acknowledged_and_not_stored == 0
    assert fought.acknowledged == fought.events_stored
    assert fought.sender_saw, "the sender noticed nothing, so nothing was proved"


def test_emptied_broker_costs_nothing(fought: Outcome) -> None:
    assert fought.wipes > 0
    assert set(fought.runs) == {"done"}


@pytest.mark.chaos
@pytest.mark.requirement("D8")
def test_hundred_thousand_effects_under_five_hundred_kills(capfd: pytest.CaptureFixture[str]) -> None:
    with capfd.disabled(), tempfile.TemporaryDirectory(dir=_MEMORY) as folder, field_of(Path(folder), LONG) as field:
        field.fight()
        field.come_to_rest(seconds=900)
        outcome = counted(field)
    report.write(ROOT / "docs", name="chaos-report", size=LONG, outcome=outcome, at=datetime.now(UTC))
    check(outcome)
    assert outcome.at_last["done"] >= EFFECTS
    assert sum(outcome.kills.values()) >= KILLS
    assert outcome.kills["postgres"] + outcome.kills["session"] >= CRASHES
    assert set(PLACES) <= set(outcome.kills)
    assert outcome.uncertain <= 0.005 * outcome.of_class_c
    assert report.spread(outcome.reclaimed)["p99"] <= 5
