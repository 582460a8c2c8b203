"""What live work notices of a replay (FAULTS F19): how long an event takes to be decided, beside one and without.

A whole installation with its two workers; phases with and without a replay take turns, so that whatever else the
machine does falls on both. Run by name: `manage.py test tests/bench/test_live_beside_replay.py -m bench -n 0 -s`. It
makes an installation with the demo's past, or takes the one whose folder `REPLAY_HOME` names.
"""

import base64
import contextlib
import json
import os
import statistics
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from martechops.embedded.home import Home
from tests import installations

pytestmark = pytest.mark.bench

TURNS, SECONDS, EACH = 4, 12.0, 0.05
#: FAULTS F19.
AT_MOST = 1.5

_ASK = """
from datetime import UTC, datetime
from workflows.actions import replays
from workflows.models import Activation
live = Activation.objects.get(workflow__key="demo-request-nurture", until=None).version
print(replays.start(candidate=live, days=366, by="bench", at=datetime.now(UTC)).pk)
"""


def test_live_events_are_decided_as_soon_beside_a_replay(tmp_path: Path) -> None:
    with _installation(tmp_path) as (home, address), psycopg.connect(_conninfo(home), autocommit=True) as database:
        key = _one(database, "SELECT write_key FROM workflows_source WHERE key = 'demo-site'")
        _took(address, key, database, seconds=3.0)  # the first has everything read
        alone: list[float] = []
        beside: list[float] = []
        parts = 0
        for _ in range(TURNS):
            _until_none_plays(database)
            alone += _took(address, key, database, seconds=SECONDS)
            before = _one(database, "SELECT count(*) FROM workflows_replaypart")
            _manage(home, "shell", "-c", _ASK)
            beside += _took(address, key, database, seconds=SECONDS)
            played = _one(database, "SELECT count(*) FROM workflows_replaypart") - before
            parts += played
            assert played, "a replay was played while it was measured"
            database.execute("UPDATE workflows_replay SET state = 'cancelled' WHERE state IN ('waiting', 'running')")
    print(f"\n{len(alone)} events alone: {_words(alone)}\n{len(beside)} beside {parts} parts: {_words(beside)}")
    assert _p95(beside) <= AT_MOST * _p95(alone)


def _took(address: str, key: str, database: "psycopg.Connection[tuple[object, ...]]", *, seconds: float) -> list[float]:
    """An event each `EACH` seconds, from its sending until its decision can be read, in seconds."""
    sent: dict[str, float] = {}
    over = threading.Event()
    sender = threading.Thread(target=_send, args=(address, key, sent, time.monotonic() + seconds, over), daemon=True)
    first = _one(database, "SELECT coalesce(max(id), 0) FROM workflows_trace")
    sender.start()
    seen: dict[str, float] = {}
    give_up = time.monotonic() + seconds + 60
    while not over.is_set() or len(seen) < len(sent):
        assert time.monotonic() < give_up, f"{len(seen)} of {len(sent)} were decided"
        rows = database.execute(
            "SELECT e.message_id FROM workflows_trace t JOIN workflows_inboundevent e ON e.id = t.event_id"
            " WHERE t.id > %s",
            [first],
        ).fetchall()
        now = time.monotonic()
        for (message,) in rows:
            if message in sent:
                seen.setdefault(str(message), now - sent[str(message)])
        time.sleep(0.004)
    return list(seen.values())


def _send(address: str, key: str, sent: dict[str, float], end: float, over: threading.Event) -> None:
    while time.monotonic() < end:
        due = time.monotonic() + EACH
        message = str(uuid.uuid4())
        properties = {"form_id": "demo", "first_name": "Lea", "last_name": "Marsh", "company": "Brightwater"}
        email = f"{message}@example.com"
        told = {
            "type": "track",
            "event": "Demo Requested",
            "messageId": message,
            "anonymousId": message,
            "context": {"traits": {"email": email}},
            "properties": {
                **properties,
                "email": f"{message}@example.com",
                "company_size": 300,
                "marketing_consent": True,
            },
        }
        request = urllib.request.Request(
            f"{address}v1/batch",
            data=json.dumps({"batch": [told]}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
            },
        )
        sent[message] = time.monotonic()
        with urllib.request.urlopen(request, timeout=60):
            pass
        time.sleep(max(0.0, due - time.monotonic()))
    over.set()


def _until_none_plays(database: "psycopg.Connection[tuple[object, ...]]") -> None:
    active = "SELECT count(*) FROM workflows_replay WHERE state IN ('waiting', 'running')"
    assert installations.until(lambda: _one(database, active) == 0)


@contextlib.contextmanager
def _installation(root: Path) -> Iterator[tuple[Home, str]]:
    if there := os.environ.get("REPLAY_HOME"):
        home = Home.at(Path(there))
        yield home, json.loads((home.root / "up.json").read_text())["address"].rstrip("/") + "/"
        return
    with installations.running(root) as made:
        yield made.home, made.address


def _conninfo(home: Home) -> str:
    return f"host={home.socket_folder} user=martechops dbname=martechops"


def _manage(home: Home, *arguments: str) -> str:
    return installations.Installation(home=home, port=0, process=None).manage(*arguments)  # type: ignore[arg-type]


def _one(database: "psycopg.Connection[tuple[object, ...]]", statement: str) -> int:
    row = database.execute(statement).fetchone()  # type: ignore[call-overload]
    return row[0]  # type: ignore[no-any-return]


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


def _words(took: list[float]) -> str:
    return f"p50 {1e3 * statistics.median(took):.0f} ms, p95 {1e3 * _p95(took):.0f} ms, most {1e3 * max(took):.0f} ms"
