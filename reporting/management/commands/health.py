"""Says what is wrong with what happens, against what is documented."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from martechops.lib import clock
from reporting.actions import health_looks
from reporting.health import KINDS, Finding, look
from reporting.health.scope import DAYS

_TITLES = {kind.key: kind.title for kind in KINDS}


class Command(BaseCommand):
    help = (
        "Hold what happened against what is documented: bottlenecks and failure points with counts, the former period, "
        "rows to look at and the team to call. Ends with status 1 if anything is found."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("keys", nargs="*", metavar="KEY", help="workflows; all if none is named")
        parser.add_argument("--days", type=int, default=DAYS, help=f"how far back to look; {DAYS} if not given")
        parser.add_argument("--format", choices=["text", "json"], default="text")
        parser.add_argument("--list", action="store_true", help="list what is looked for and end")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if options["list"]:
            self.stdout.write("\n".join(f"{kind.key:<22}{kind.title}: {kind.says}" for kind in KINDS))
            return
        if not 1 <= options["days"] <= 366:
            raise CommandError("--days is a number from 1 to 366", returncode=2)
        found = [one for one in _found(options["days"]) if not options["keys"] or one.workflow in options["keys"]]
        self.stdout.write(_json(found) if options["format"] == "json" else _text(found))
        if found:
            raise SystemExit(1)


def _found(days: int) -> tuple[Finding, ...]:
    """A look over the usual time is kept for the pages, too."""
    at = clock.now()
    kept = health_looks.take(at=at, anyhow=True) if days == DAYS else None
    return (kept or look(at=at, days=days)).findings


def _text(found: list[Finding]) -> str:
    lines: list[str] = []
    for one in found:
        place = " ".join(filter(None, (one.workflow, one.step)))
        lines += [f"{_TITLES[one.kind]}{f' ({place})' if place else ''}: {_counts(one)}", f"    {one.says}"]
        lines += [f"    {one.figures}"] if one.figures else []
        lines += [f"    see {', '.join(sample.href for sample in one.samples)}"] if one.samples else []
        lines += [f"    → {one.fix}", f"    call {one.team or 'nobody: there is no owner'}"]
    return "\n".join([*lines, f"{len(found)} finding{'' if len(found) == 1 else 's'}."])


def _counts(finding: Finding) -> str:
    of = f" of {finding.of}" if finding.of else ""
    before = "" if finding.former is None else f", {finding.former} before"
    return f"{finding.count}{of}{before}"


def _json(found: list[Finding]) -> str:
    return json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False)
