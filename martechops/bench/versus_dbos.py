"""The engine beside DBOS Transact on the same PostgreSQL: empty steps there, real ones here, two workers each."""

import importlib.util
import json
import subprocess
import sys
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from martechops.bench import crew

from .advance import Stock
from .figures import Report
from .sizes import Sizes

SECTION = "DBOS Transact, six empty steps; this engine, six steps that do something; two workers each"
MODULE = "tests.bench.six_steps_on_dbos"
DATABASE = "bench_dbos"
HOW = "left out: DBOS is not installed here; `python -m pip install dbos` into this environment, and try again"


def measure(workers: crew.Crew, stock: Stock, sizes: Sizes, report: Report) -> None:
    """Rounds of: DBOS, ours."""
    if importlib.util.find_spec("dbos") is None or not (settings.BASE_DIR / "tests" / "bench").is_dir():
        report.say(f"  {HOW}")
        return
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    theirs, ours = [], []
    workers.tell("advance", workers=2)  # what earlier sections have stored is not this one's
    for number in range(sizes.rounds):
        report.say(f"  round {number + 1} of {sizes.rounds}")
        theirs.append(_of_theirs(number * 2 * sizes.tasks, sizes.tasks, report))
        stock.queue(sizes.events // 2, report)
        ours.append(sizes.events // 2 / workers.tell("advance", workers=2).seconds)
    report.add(SECTION, "workflows of six empty steps, DBOS", theirs, unit="/s")
    report.add(SECTION, "events, this engine", ours, unit="/s")
    report.ratio(SECTION, "this engine ÷ DBOS", ours, theirs)


def _of_theirs(first: int, count: int, report: Report) -> float:
    """Workflows a second of two processes that begin together."""
    halves = [(first, count // 2), (first + count // 2, count - count // 2)]
    processes = [_started(_address(), begin, many) for begin, many in halves]
    try:
        for process in processes:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError("DBOS did not start")
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said: list[dict[str, Any]] = [json.loads(process.stdout.readline()) for process in processes if process.stdout]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    report.check("workflows of DBOS", found=sum(one["done"] for one in said), expected=count)
    return count / max(float(one["seconds"]) for one in said)


def _address() -> str:
    known = connection.settings_dict
    return f"postgresql+psycopg://{known['USER']}@/{DATABASE}?host={quote(str(known['HOST']), safe='')}"


def _started(address: str, first: int, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", MODULE, address, str(first), str(count)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
