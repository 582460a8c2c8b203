"""Makes the role by which BI tools read the reporting views."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from martechops.lib import clock
from reporting.actions import readers


class Command(BaseCommand):
    help = (
        "Make a database role that reads the views of the schema `reporting` and nothing else, and print its password "
        "once. Run again it gives another password."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default=readers.NAME, help=f"of the role; {readers.NAME} if not given")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            password = readers.grant(name=options["name"], by="reporting_role", at=clock.now())
        except readers.BadRole as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(
                f"The database refused: {str(error).splitlines()[0]}. Its user needs the right CREATEROLE; or have the "
                "role made by who has it, as docs/reporting.md says."
            ) from None
        known = connection.settings_dict
        where = (
            f"host={known['HOST']} " + (f"port={known['PORT']} " if known["PORT"] else "") + f"dbname={known['NAME']}"
        )
        self.stderr.write(
            f"It reads the views by: psql '{where} user={options['name']}'. Its password:", self.style.NOTICE
        )
        self.stdout.write(password)
