"""Say what applying workspace files would change."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from martechops.lib import clock
from martechops.people.models import User
from workflows.workspace import folders, planning, telling

SYSTEM = "workspace"


def add_arguments(parser: ArgumentParser) -> None:
    """What `plan` and `apply` both take."""
    parser.add_argument("folder", type=Path)
    parser.add_argument("--by", metavar="USER", help="act as this person, with what they may do; else as the system")
    parser.add_argument("--prune", action="store_true", help="also remove what is in no file")
    parser.add_argument("--json", action="store_true", help="as data")


def actor(name: str | None) -> User | str:
    """Raises CommandError."""
    if name is None:
        return SYSTEM
    person = User.objects.filter(username=name, is_active=True).first()
    if person is None:
        raise CommandError(f"There is nobody called {name}.")
    return person


def read(folder: Path) -> dict[str, bytes]:
    """Raises CommandError."""
    try:
        return folders.read(folder)
    except (folders.CannotRead, OSError) as error:
        raise CommandError(str(error)) from None


class Command(BaseCommand):
    help = "Say what `apply` would change, with every problem at once. Ends with 1 if there are problems."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)
        parser.add_argument("--exit-code", action="store_true", help="end with 2 if there are changes, with 0 if none")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        made = planning.plan(read(options["folder"]), by=actor(options["by"]), at=clock.now(), prune=options["prune"])
        if options["json"]:
            self.stdout.write(json.dumps(telling.data(made), indent=2, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(telling.lines(made)))
            if made.changes and not made.problems:
                self.stdout.write(f"Apply exactly this with --plan-digest {made.digest[:16]}")
        if made.problems:
            sys.exit(1)
        if made.changes and options["exit_code"]:
            sys.exit(2)
