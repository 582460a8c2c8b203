"""Look for stories that break what holds of every story."""

import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from martechops.lib import yaml_text
from workflows.engine.parse import BadSpec
from workflows.engine.scenarios import write
from workflows.models import Workflow
from workflows.rehearsal import ground, versions
from workflows.rehearsal.fuzzing import Budget, Finding, Search, look


class Command(BaseCommand):
    help = (
        "Make up nasty stories against a version of a workflow (forms sent twice, events late or out of order, people "
        "who leave in mid-wait, quick stage moves, missing fields) until something that must hold of every story does "
        "not; each finding is the shortest story that shows it. Ends with status 1 if there is one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workflow", metavar="KEY")
        parser.add_argument("--number", type=int, help="of the version; the live one if left out")
        parser.add_argument("--draft", action="store_true", help="the open draft")
        parser.add_argument("--stories", type=int, default=20_000, help="at most so many (20000)")
        parser.add_argument("--seconds", type=float, default=60.0, help="at most so long (60)")
        parser.add_argument("--seed", type=int, default=0, help="the same seed tells the same stories")
        parser.add_argument("--save", type=Path, metavar="DIR", help="keep findings there as scenario files")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        workflow = Workflow.objects.filter(key=options["workflow"]).select_related("owner").first()
        if workflow is None:
            raise CommandError(f"there is no workflow {options['workflow']}", returncode=2)
        version = versions.newest(workflow, draft=options["draft"], number=options["number"])
        if version is None:
            raise CommandError(f"{workflow.key} has no such version", returncode=2)
        try:
            found = ground.of(version)
        except BadSpec as error:
            raise CommandError(f"version {version.number} cannot be run: {error}", returncode=2) from None
        if found.spec.subject != "contact" or found.spec.map_only:
            raise CommandError("stories are about contacts, and this workflow is not", returncode=2)
        begun = time.monotonic()
        end = begun + options["seconds"]
        budget = Budget(stories=options["stories"], is_over=lambda: time.monotonic() > end)
        search = look(found, seed=options["seed"], budget=budget, progress=self._progress(begun))
        self._tell(search, workflow, time.monotonic() - begun)
        if options["save"]:
            _save(options["save"], search, workflow)
        if search.findings:
            raise SystemExit(1)

    def _progress(self, begun: float) -> Any:
        """A line that is written over, where somebody looks on."""
        if not sys.stderr.isatty():
            return lambda search: None

        def show(search: Search) -> None:
            seconds = time.monotonic() - begun
            says = f"{search.told} stories, {len(search.reached)} places reached, {len(search.findings)} found"
            self.stderr.write(f"\r{says} in {seconds:.0f} s", ending="")

        return show

    def _tell(self, search: Search, workflow: Workflow, seconds: float) -> None:
        for number, finding in enumerate(search.findings, start=1):
            breach = finding.breach
            where = f" at {breach.step}" if breach.step else ""
            self.stdout.write(f"{number}. {breach.invariant}{where}: {breach.says}")
            self.stdout.write(f"   after {finding.after_stories} stories, {len(finding.story.when)} moments:")
            self.stdout.write(_indented(yaml_text.dump(_document(finding, number, workflow)), "   "))
        many = search.told / seconds if seconds else 0
        says = f"{len(search.findings)} found" if search.findings else "nothing found"
        self.stdout.write(f"{says} in {search.told} stories ({seconds:.1f} s, {many:.0f} a second).")


def _document(finding: Finding, number: int, workflow: Workflow) -> dict[str, Any]:
    breach = finding.breach
    found = finding.story.scenario(
        key=f"{workflow.key}-{breach.invariant}-{number}"[:50],
        name=f"{workflow.name}: {breach.invariant} {number}"[:120],
        workflow=workflow.key,
        holds=breach.invariant,
        says=f"Found by the fuzzer: {breach.says}",
    )
    document = {"kind": "scenario", "owner": workflow.owner.key, **write(found)}
    return {name: value for name, value in document.items() if value not in (None, [], {}, "")}


def _save(folder: Path, search: Search, workflow: Workflow) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, finding in enumerate(search.findings, start=1):
        document = _document(finding, number, workflow)
        (folder / f"{document['key']}.yaml").write_text(yaml_text.dump(document), encoding="utf-8")


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.rstrip().splitlines())
