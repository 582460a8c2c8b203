"""`manage.py bench`: every figure beside its floor, in one run, on a PostgreSQL of its own."""

import json
import os
import platform
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from martechops.bench import home, sizes
from martechops.bench.figures import Report, table

SECTIONS = ("advance", "deliver", "ingest", "one-task", "end-to-end")


class Command(BaseCommand):
    help = "Measure ingest, advance, deliver and the whole way, each against a floor measured in the same run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quick", action="store_true", help="two short rounds instead of five long ones")
        parser.add_argument("--only", default="", help=f"comma-separated, of {', '.join(SECTIONS)}")
        parser.add_argument(
            "--stored", type=int, nargs="?", const=-1, metavar="EVENTS", help="also with so many stored (10 million)"
        )
        parser.add_argument("--vs", choices=["dbos"], help="also beside DBOS Transact, where that is installed")
        parser.add_argument("--json", type=Path, help="also write the figures to this file")
        parser.add_argument("--seed", type=int, default=1, help="the same seed measures the same messages (default 1)")
        parser.add_argument("--rounds", type=int, help="how many rounds instead of the form's own")
        parser.add_argument("--strict", action="store_true", help="fail where a bar is not reached")

    def handle(self, *args: Any, **options: Any) -> None:
        if not os.environ.get(home.MARK):
            code = home.again_in_a_throwaway_home(sys.argv)
            if code:
                sys.exit(code)
            return
        chosen, size = _chosen(options), _size(options)
        report = Report(say=self._say)
        began = time.perf_counter()
        measure(chosen, size, seed=options["seed"], report=report)
        self._say(table(report.figures))
        self._say(f"\n{len(report.figures)} figures in {time.perf_counter() - began:.0f} s on {_machine()}.")
        if path := options["json"]:
            path.write_text(json.dumps(report.document() | {"machine": _machine()}, indent=1) + "\n")
        if report.wrong:
            raise CommandError("Wrong counts: " + "; ".join(report.wrong))
        missed = [figure.name for figure in report.figures if figure.verdict == "not reached"]
        if options["strict"] and missed:
            raise CommandError("Not reached: " + "; ".join(missed))

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _chosen(options: dict[str, Any]) -> list[str]:
    extra = {"stored": options["stored"] is not None, "dbos": options["vs"] == "dbos"}
    asked = {name for name in options["only"].split(",") if name} or set(SECTIONS)
    asked |= {name for name, wanted in extra.items() if wanted}
    if unknown := asked - {*SECTIONS, *extra}:
        raise CommandError(f"There is no section {', '.join(sorted(unknown))}; choose of {', '.join(SECTIONS)}.")
    return [name for name in (*SECTIONS, *extra) if name in asked]


def _size(options: dict[str, Any]) -> sizes.Sizes:
    size = sizes.QUICK if options["quick"] else sizes.LONG
    stored = options["stored"] if (options["stored"] or 0) > 0 else size.stored
    return replace(size, rounds=options["rounds"] or size.rounds, stored=stored)


def measure(chosen: Sequence[str], size: sizes.Sizes, *, seed: int, report: Report) -> None:
    """The chosen sections, on one database and one workspace."""
    from martechops.bench import (
        advance,
        crew,
        deliver,
        end_to_end,
        ingest,
        one_task,
        stored,
        storing,
        versus_dbos,
        workload,
    )

    with home.database() as server_pid, crew.sink() as sink:
        source = workload.furnish(sink=f"http://127.0.0.1:{sink}")
        stock = advance.Stock(source=source, seed=seed)
        ports = crew.free_ports()
        storing.make_floor()
        with crew.crew(2, server_pid=server_pid) as workers:
            sections: dict[str, Callable[[], None]] = {
                "advance": lambda: advance.measure(workers, stock, size, report),
                "deliver": lambda: deliver.measure(workers, stock, size, report, sink=sink),
                "ingest": lambda: ingest.measure(stock, size, report, ports=ports, server_pid=server_pid),
                "one-task": lambda: one_task.measure(workers, stock, size, report),
                "dbos": lambda: versus_dbos.measure(workers, stock, size, report),
            }
            for name in (name for name in chosen if name in sections):
                report.say(f"{name} ...")
                sections[name]()
        if "end-to-end" in chosen:
            report.say("end-to-end ...")
            end_to_end.measure(stock, size, report, sink=sink, ports=ports)
        if "stored" in chosen:  # last: the others are measured with little in the tables
            report.say("stored ...")
            with crew.crew(2, server_pid=server_pid) as workers:
                stored.measure(workers, stock, size, report)


def _machine() -> str:
    """In general terms: nothing that tells one machine from another of its kind."""
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, PostgreSQL embedded"
