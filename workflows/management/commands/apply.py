"""Make the installation what workspace files say."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from martechops.lib import clock
from martechops.people.permissions import NotAllowed
from workflows.management.commands import plan
from workflows.workspace import applying, telling


class Command(BaseCommand):
    help = "Make the installation what the files say, all of it or nothing. Nothing goes live: that takes a rollout."

    def add_arguments(self, parser: ArgumentParser) -> None:
        plan.add_arguments(parser)
        parser.add_argument("--plan-digest", metavar="DIGEST", help="only if this is still the plan that was shown")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        files, by = plan.read(options["folder"]), plan.actor(options["by"])
        try:
            done = applying.apply(files, by=by, at=clock.now(), prune=options["prune"], expected=options["plan_digest"])
        except applying.CannotApply as error:
            said = "\n".join(f"problem: {problem}" for problem in error.problems)
            raise CommandError(f"{said}\nNothing was applied.") from None
        except (applying.OtherPlan, NotAllowed) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(telling.data(done), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(telling.lines(done)).replace("Plan:", "Applied:"))
