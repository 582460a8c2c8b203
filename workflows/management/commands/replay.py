"""Play a candidate against what is live, over recorded events, and say what would have been otherwise."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from martechops.lib import clock
from workflows.actions import replays as actions
from workflows.engine.replays import EXCEPTIONS, PARTS, VERDICTS, Tally
from workflows.models import Replay, Version, Workflow
from workflows.queries import replays
from workflows.rehearsal.replays import play_part

#: A worker may be at the part that we wait for.
_PATIENCE_SECONDS = 0.2


class Command(BaseCommand):
    help = (
        "Play a version of a workflow against what is live over the events of the last days, each contact as it then "
        "was. Nothing is sent. Says what would be added, removed and changed, by the rule that causes it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workflow", help="key of the workflow")
        parser.add_argument("--days", type=int, default=30, help="how far back (default 30)")
        parser.add_argument(
            "--candidate", default="draft", help="draft (default), live, or the number of a version", metavar="draft|N"
        )
        parser.add_argument("--json", action="store_true", help="print the result as JSON and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        version = _candidate(options["workflow"], options["candidate"])
        try:
            replay = actions.start(candidate=version, days=options["days"], by="replay command", at=clock.now())
        except actions.CannotReplay as error:
            raise CommandError(str(error)) from None
        while replay.is_active:
            if not play_part():
                time.sleep(_PATIENCE_SECONDS)
            replay.refresh_from_db()
        if replay.state != Replay.State.DONE:
            raise CommandError(f"Replay {replay.pk} is {replay.get_state_display().lower()}. {replay.reason}".strip())
        tally = replays.tally(replay)
        self.stdout.write(json.dumps({"replay": replay.pk, **tally.plain}) if options["json"] else _told(replay, tally))


def _candidate(workflow: str, said: str) -> Version:
    found = Workflow.objects.filter(key=workflow).first()
    if found is None:
        raise CommandError(f"There is no workflow {workflow}.")
    if said == "live":
        version = replays.live_version(found)
    elif said == "draft" or said.isdecimal():
        version = replays.candidate(workflow, None if said == "draft" else int(said))
    else:
        raise CommandError("--candidate takes draft, live, or the number of a version.")
    if version is None:
        raise CommandError(f"{workflow} has no {said if not said.isdecimal() else f'version {said}'}.")
    return version


def _told(replay: Replay, tally: Tally) -> str:
    counts = tally.counts
    lines = [
        f"Replay {replay.pk}: {counts['events']:,} events of {counts['contacts']:,} contacts.",
        f"Unchanged {counts['same']:,}, " + ", ".join(f"{one} {tally.total(one):,}" for one in VERDICTS) + ".",
    ]
    for cause, verdicts in sorted(tally.groups.items(), key=lambda pair: -sum(pair[1].values())):
        said = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.items())
        where = f"{cause.workflow}, step {cause.step}" if cause.step else cause.workflow
        lines.append(f"  {where}: {PARTS[cause.part]}{f' ({cause.detail})' if cause.detail else ''}: {said}")
    if tally.fidelity is not None:
        told = f"{counts['reproduced']:,} of {counts['recorded']:,} recorded effects ({tally.fidelity:.2%})"
        lines.append(f"Played, live comes to {told}.")
    lines += [f"  {count:,} {reason}: {EXCEPTIONS.get(reason, '')}" for reason, count in tally.exceptions.items()]
    return "\n".join(lines)
