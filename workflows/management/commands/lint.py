"""Hold workflows against the catalog and against each other."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.lint import BY_CODE, CHECKS, SEVERITIES, Finding, examine, merged
from workflows.queries import lint

#: What a finding is to GitHub's log.
_LEVELS = {"error": "error", "warning": "warning", "advice": "notice"}


class Command(BaseCommand):
    help = (
        "Say what is wrong with workflows, where, how to mend it and whom to call. "
        "Ends with status 1 if there is an error or a warning that nobody lets stand."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("keys", nargs="*", metavar="KEY", help="workflows; all if none is named")
        parser.add_argument("--format", choices=["text", "json", "github"], default="text")
        parser.add_argument("--select", default="", help="only these codes or beginnings of codes, such as GRD,RUN003")
        parser.add_argument("--ignore", default="", help="all but these")
        parser.add_argument(
            "--fail-on", choices=[*SEVERITIES, "never"], default="warning", help="the least that ends with status 1"
        )
        parser.add_argument("--list", action="store_true", help="list the checks and end")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if options["list"]:
            self.stdout.write("\n".join(f"{one.code}  {one.severity:<7}  {one.title}" for one in CHECKS))
            return
        found = merged(_found(options))
        self.stdout.write(_FORMATS[options["format"]](found))
        if any(_fails(finding, options["fail_on"]) for finding in found):
            raise SystemExit(1)


def _found(options: Mapping[str, Any]) -> tuple[Finding, ...]:
    workspace = lint.examined().workspace
    if unknown := sorted(set(options["keys"]) - {one.key for one in workspace.workflows}):
        raise CommandError(f"there is no workflow {', '.join(unknown)}", returncode=2)
    return examine(
        workspace,
        only=options["keys"] or None,
        select=_codes(options["select"], "--select"),
        ignore=_codes(options["ignore"], "--ignore"),
    )


def _codes(said: str, option: str) -> list[str]:
    codes = [code.strip().upper() for code in said.split(",") if code.strip()]
    if unknown := [code for code in codes if not any(known.startswith(code) for known in BY_CODE)]:
        raise CommandError(f"{option}: there is no code {', '.join(unknown)}; see --list", returncode=2)
    return codes


def _fails(finding: Finding, least: str) -> bool:
    if least == "never" or finding.ignored_because:
        return False
    return SEVERITIES.index(finding.severity) <= SEVERITIES.index(least)


def _text(found: Iterable[Finding]) -> str:
    lines: list[str] = []
    for finding in found:
        place = f"{finding.workflow}: {finding.path}" if finding.path else finding.workflow
        stands = f" (may stand: {finding.ignored_because})" if finding.ignored_because else ""
        lines += [f"{finding.severity} {finding.code} {place}{stands}", f"    {finding.says}"]
        lines += [f"    with {other.workflow}: {other.step or 'the whole workflow'}" for other in finding.also]
        lines += [f"    → {finding.fix}", f"    call {finding.team}" if finding.team else "    nobody to call"]
    return "\n".join([*lines, _summary(found)])


def _summary(found: Iterable[Finding]) -> str:
    open_ = [finding for finding in found if not finding.ignored_because]
    counts = [(sum(one.severity == severity for one in open_), severity) for severity in SEVERITIES]
    words = ", ".join(
        f"{count} {word if count == 1 or word == 'advice' else f'{word}s'}" for count, word in counts if count
    )
    return f"{words}." if words else "Nothing is wrong."


def _json(found: Iterable[Finding]) -> str:
    return json.dumps([asdict(finding) for finding in found], indent=2, ensure_ascii=False)


def _github(found: Iterable[Finding]) -> str:
    """Lines that show in a pull request beside the file (GitHub: "Workflow commands")."""
    return "\n".join(
        f"::{_LEVELS[one.severity]} file=workflows/{one.workflow}.yaml,title={one.code}"
        f"::{_escaped(f'{one.path}: ' if one.path else '')}{_escaped(one.says)}. {_escaped(one.fix)} (call {one.team})"
        for one in found
        if not one.ignored_because
    )


def _escaped(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


_FORMATS = {"text": _text, "json": _json, "github": _github}
