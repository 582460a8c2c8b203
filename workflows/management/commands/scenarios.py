"""Play every scenario on the workflows that it is about."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.engine.parse import BadSpec
from workflows.models import Workflow
from workflows.rehearsal import versions
from workflows.rehearsal.trials import FAILS, Trial
from workflows.rehearsal.versions import Tried


class Command(BaseCommand):
    help = (
        "Play scenarios, those that come with the product and the workspace's own, on the live version of each "
        "workflow, in memory and without any far side. Ends with status 1 if something is not as expected."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workflow", action="append", default=[], metavar="KEY", help="only this one; repeatable")
        parser.add_argument("--draft", action="store_true", help="an open draft in place of the live version")
        parser.add_argument("--json", action="store_true", help="as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        found = [tried for workflow in _workflows(options["workflow"]) if (tried := _tried(workflow, options["draft"]))]
        if options["json"]:
            self.stdout.write(json.dumps([_document(one) for one in found], indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join([line for one in found for line in _lines(one)] + [_sum(found)]))
        if any(one.failing for one in found):
            raise SystemExit(1)


def _workflows(keys: list[str]) -> list[Workflow]:
    rows = Workflow.objects.filter(map_only=False).order_by("key")
    known = {row.key: row for row in rows}
    if unknown := sorted(set(keys) - known.keys()):
        raise CommandError(f"there is no workflow {', '.join(unknown)} that runs", returncode=2)
    return [known[key] for key in keys] if keys else list(known.values())


def _tried(workflow: Workflow, draft: bool) -> Tried | None:
    version = versions.newest(workflow, draft=draft)
    if version is None:
        return None
    try:
        return versions.tried(version)
    except BadSpec as error:
        raise CommandError(f"{workflow.key} version {version.number} cannot be run: {error}", returncode=1) from None


def _lines(tried: Tried) -> list[str]:
    lines = [f"{tried.version.workflow.key}, version {tried.version.number}"]
    if not tried.trials:
        return [*lines, "  no scenario is about it"]
    for trial in tried.trials:
        lines.append(f"  {trial.verdict:<5}  {trial.scenario.key}: {trial.scenario.name}")
        lines += [f"         {failure.path}: {failure.says}" for failure in trial.failures]
    return lines


def _sum(found: list[Tried]) -> str:
    trials: list[Trial] = [trial for one in found for trial in one.trials]
    failed = sum(trial.verdict == FAILS for trial in trials)
    return f"{len(trials)} played, {failed} not as expected." if failed else f"{len(trials)} played, all as expected."


def _document(tried: Tried) -> dict[str, Any]:
    return {
        "workflow": tried.version.workflow.key,
        "version": tried.version.number,
        "trials": [
            {
                "scenario": trial.scenario.key,
                "name": trial.scenario.name,
                "standard": trial.is_standard,
                "verdict": trial.verdict,
                "failures": [{"path": one.path, "says": one.says, "step": one.step} for one in trial.failures],
                "took_ms": round(trial.took_ms, 2),
            }
            for trial in tried.trials
        ],
    }
