"""Workers that are ended in the middle of a replay, a rollout, a repair or a search: what comes of it is the same.

A whole installation; each order ends the process that comes to its place by SIGKILL (`martechops.lib.crash_points`).
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.installations import ROOT, Installation, environment, running, until

pytestmark = pytest.mark.chaos

KEY = "demo-request-nurture"
_BEGIN = f"""
import copy, json
from datetime import UTC, datetime
from campaigns.actions import repairs, rollouts
from campaigns.models import Repair, RepairItem, Rollout
from campaigns.queries import repairs as listed
from campaigns.ramps import Ramp
from martechops.people.models import User
from workflows.actions import replays, versions
from workflows.models import Activation, Contact, Exposure, FieldChange, QueuedEvent, Replay, Run, Version, Workflow
from workflows.queries import replays as found
now = datetime.now(UTC)
workflow = Workflow.objects.get(key="{KEY}")
"""


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("orders")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, orders: Path) -> Iterator[Installation]:
    """With the demo, and some hundred people who have come and been dealt with."""
    more = {"MARTECHOPS_CRASH_ORDERS": str(orders)}
    with running(tmp_path_factory.mktemp("safe"), "--empty", more=more) as started:
        started.manage("load_demo")
        _send(started, seed=3)
        yield started


def _send(installation: Installation, *, seed: int) -> None:
    installation.manage("send_demo_events", "--count", "500", "--seed", str(seed), "--url", installation.address)
    assert until(lambda: _asked(installation, "QueuedEvent.objects.count()") == 0)


def _asked(installation: Installation, expression: str, *, first: str = "") -> Any:
    """What an expression comes to there."""
    code = f"{_BEGIN}\n{first}\nprint('>' + json.dumps({expression}))"
    out = installation.manage("shell", "--no-imports", "-c", code)
    return json.loads(out.rpartition(">")[2])


def _order(orders: Path, place: str) -> None:
    (orders / place).write_text("KILL")


def _carried_out(orders: Path, place: str) -> int:
    return len(list(orders.glob(f"{place}.*")))


_REPLAY = """
live = Activation.objects.get(workflow=workflow, until=None).version
made = replays.start(candidate=live, days=30, by="chaos", at=now)
"""


def _replayed(installation: Installation, orders: Path | None = None) -> tuple[Any, Any, Any]:
    """Counts, exceptions and how many findings; with orders a worker is ended at three of the parts."""
    if orders:
        _order(orders, "replay.written")
    number = _asked(installation, "made.pk", first=_REPLAY)
    with psycopg.connect(installation.conninfo, autocommit=True) as database:

        def is_done() -> bool:
            if orders and _carried_out(orders, "replay.written") < 3 and not (orders / "replay.written").exists():
                _order(orders, "replay.written")
            row = database.execute("SELECT state FROM workflows_replay WHERE id = %s", [number]).fetchone()
            return row == ("done",)

        assert until(is_done)
    if orders:
        (orders / "replay.written").unlink(missing_ok=True)
    read = f"made = Replay.objects.get(pk={number}); tally = found.tally(made)"
    answer = _asked(
        installation,
        "[dict(tally.counts), dict(tally.exceptions), made.findings.count()]",
        first=read,
    )
    return answer[0], answer[1], answer[2]


def test_replay_whose_workers_are_ended_says_the_same(installation: Installation, orders: Path) -> None:
    whole = _replayed(installation)
    assert whole[0]["events"] > 300
    assert _replayed(installation, orders) == whole
    assert _carried_out(orders, "replay.written") >= 2


_LET_OUT = """
content = copy.deepcopy(workflow.versions.exclude(frozen_at=None).order_by("number").last().content)
next(one for one in content["steps"] if one["key"] == "qualify")["with"]["stage"] = "customer"
draft = versions.draft(workflow=workflow, content=content, by="chaos", at=now)
version = versions.freeze(version=draft, by="chaos", at=now)
stages = [{"share_percent": 50, "at_least": 400, "minutes": 60}, {"share_percent": 100}]
made = rollouts.start(version=version, ramp=Ramp.of({"stages": stages}), by="chaos", at=now)
"""


_AFTERWARDS = """
from martechops.sandbox.models import CrmRecord
from workflows.models import InboundEvent, LifecycleStage, Trace
bought = Trace.objects.filter(event_id__in=InboundEvent.objects.filter(name="Purchase Completed").values("pk"))
bought = set(bought.values_list("contact_id", flat=True))
customers = set(Contact.objects.filter(lifecycle_stage="customer").values_list("pk", flat=True))
restored = Contact.objects.in_bulk(it.items.filter(kind="field", state="done").values_list("contact_id", flat=True))
stages = {one.email: one.lifecycle_stage for one in restored.values()}
meant = {one.key: one.crm_statuses for one in LifecycleStage.objects.all()}
records = CrmRecord.objects.filter(email__in=stages)
apart = [one.email for one in records if one.status not in meant[stages[one.email]]]
"""


def test_rollback_and_repair_whose_workers_are_ended_leave_one_history(
    installation: Installation, orders: Path
) -> None:
    number, version = _asked(installation, "[made.pk, version.pk]", first=_LET_OUT)
    for place in ("rollout.decided", "repair.written"):
        _order(orders, place)
    _send(installation, seed=4)
    steps = f"list(Rollout.objects.get(pk={number}).steps.values_list('verb', flat=True))"
    assert until(lambda: _asked(installation, steps) == ["begin", "roll_back"])
    repair = f"Repair.objects.get(version={version}, rollout={number})"
    assert until(lambda: _asked(installation, f"{repair}.state") == "listed")
    assert _carried_out(orders, "rollout.decided") == _carried_out(orders, "repair.written") == 1
    wrong = "Contact.objects.filter(lifecycle_stage='customer').count()"
    assert _asked(installation, wrong) > 0
    _order(orders, "repair.written")
    first = f"repairs.confirm(repair={repair}, by=User.objects.get(username='ana'), at=now)"
    _asked(installation, "1", first=first)
    assert until(lambda: _asked(installation, f"{repair}.state") == "done")
    assert _carried_out(orders, "repair.written") == 2
    counts = _asked(
        installation,
        "[listed.counts(it).of('done', 'field'), FieldChange.objects.filter(writer=it.writer).count()]",
        first=f"it = {repair}",
    )
    assert counts[0] == counts[1] > 0, "each was put back once"
    found = _asked(installation, "[sorted(customers), sorted(bought)]", first=f"it = {repair}{_AFTERWARDS}")
    assert found[0] == found[1] != [], "who bought is a customer, whichever version they met, and nobody else is"
    assert until(lambda: _asked(installation, "apart", first=f"it = {repair}{_AFTERWARDS}") == []), "as the CRM is told"
    again = f"it = repairs.open_for(version=Version.objects.get(pk={version}), by='chaos', at=now)"
    second = _asked(installation, "it.pk", first=again)
    assert until(lambda: _asked(installation, f"Repair.objects.get(pk={second}).state") == "listed")
    assert _asked(installation, f"listed.counts(Repair.objects.get(pk={second})).planned") == 0


def test_search_that_was_ended_finds_the_same_when_it_is_begun_again(installation: Installation) -> None:
    command = [sys.executable, "manage.py", "fuzz", KEY, "--seed", "5", "--stories", "600", "--seconds", "240"]

    def search() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(installation.home),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    ended = search()
    time.sleep(2)
    ended.send_signal(signal.SIGKILL)
    ended.communicate()
    told = [search().communicate()[0].rpartition("(")[0] for _ in range(2)]
    assert told[0] == told[1]
    assert "in 600 stories" in told[0]
