"""Write the workspace as files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.workspace import exporting
from workflows.workspace.folders import CannotRead


class Command(BaseCommand):
    help = (
        "Write everything that is defined here as files, one a definition, for git. A file that says the same already"
        " stays as it is; of other files only those go that an export wrote and nobody changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, nargs="?")
        parser.add_argument("--live", action="store_true", help="of workflows what is live, not what was frozen last")
        parser.add_argument("--schema", type=Path, metavar="DIR", help="write only the JSON Schemas, there")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if (options["folder"] is None) == (options["schema"] is None):
            raise CommandError("Name a folder, or --schema with one.")
        try:
            if options["schema"]:
                done = exporting.write_schemas(options["schema"])
            else:
                done = exporting.write(options["folder"], live=options["live"])
        except CannotRead as error:
            raise CommandError(str(error)) from None
        said = f"{len(done.written)} files written, {len(done.unchanged)} as they were, {len(done.removed)} removed."
        self.stdout.write(said)
        for path in done.left:
            self.stdout.write(f"{path} defines nothing here any more, but somebody changed it: it was left.")
