"""The engine beside a plain one-task-per-event version of the same six steps (`tests/bench/one_task_per_event.py`)."""

import importlib
import os
import signal
import subprocess
import sys
import time
from typing import Any

import orjson
from django.conf import settings

from martechops.bench import crew, storing, workload

from .advance import Stock
from .figures import Report
from .sizes import Sizes

SECTION = "One Celery task an event, by the ORM, connections reused; the same six steps, two workers each"
MODULE = "tests.bench.one_task_per_event"
_PATIENCE_SECONDS = 600


def measure(workers: crew.Crew, stock: Stock, sizes: Sizes, report: Report) -> None:
    """Rounds of: the plain version, ours. Both begin with everything waiting."""
    if not (settings.BASE_DIR / "tests" / "bench").is_dir():
        report.say("  left out: this installation has no tests/ folder")
        return
    plain = importlib.import_module(MODULE)
    plain.make_tables()
    theirs, ours = [], []
    workers.tell("advance", workers=2)  # what earlier sections have stored is not this one's
    for number in range(sizes.rounds):
        report.say(f"  round {number + 1} of {sizes.rounds}")
        theirs.append(_plain(plain, stock, sizes.tasks, report))
        stock.queue(sizes.events // 2, report)
        done = workers.tell("advance", workers=2)
        report.check("events of this engine", found=done.done, expected=sizes.events // 2)
        ours.append(done.done / done.seconds)
    report.add(SECTION, "events, one task each", theirs, unit="/s")
    report.add(SECTION, "events, this engine", ours, unit="/s")
    report.ratio(SECTION, "this engine ÷ one task an event", ours, theirs, at_least=80)


def _plain(plain: Any, stock: Stock, count: int, report: Report) -> float:
    """Events a second of two solo workers, from the first one that is handled on."""
    first, stock.next_person = stock.next_person, stock.next_person + count
    before = plain.counts()
    messages = list(workload.messages(seed=stock.seed, first=first, count=count))
    environment = os.environ | {"CELERY_BROKER_URL": "pgmq://localhost"}
    command = [sys.executable, "-m", MODULE]
    cwd = settings.BASE_DIR
    subprocess.run([*command, "send"], cwd=cwd, env=environment, input=orjson.dumps(messages), check=True)  # noqa: S603
    processes = [subprocess.Popen([*command, "worker"], cwd=cwd, env=environment) for _ in range(2)]  # noqa: S603
    try:
        began, at_first = _wait_for(plain, before["handled"] + count // 10)
        ended, at_last = _wait_for(plain, before["handled"] + count)
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
    after = plain.counts()
    for name, each in (("handled", 1), ("runs", 1), ("effects", 2)):
        report.check(f"{name} of one task an event", found=after[name] - before[name], expected=count * each)
    storing.settle_statistics()
    return (at_last - at_first) / (ended - began)


def _wait_for(plain: Any, handled: int) -> tuple[float, int]:
    ends = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < ends:
        found = plain.counts()["handled"]
        if found >= handled:
            return time.monotonic(), found
        time.sleep(0.05)
    raise RuntimeError("the plain version does not come to an end")
