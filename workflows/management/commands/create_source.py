"""Makes a source of events and prints its write key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone
from django.utils.text import slugify

from workflows.actions import sources


class Command(BaseCommand):
    help = "Make a source of events and print its write key: the user name with which an SDK sends."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="as people read it, such as 'Demo web site'")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        name = options["name"].strip()
        key = slugify(name)[:50]
        if not key or len(name) > 80:
            raise CommandError("The name must have a letter or digit and at most 80 characters.")
        try:
            source = sources.create(key=key, name=name, by="create_source", at=timezone.now())
        except IntegrityError:
            raise CommandError(f"There is a source {key!r} already.") from None
        self.stderr.write(f"Source {key!r} was made. Its write key, for the SDK's settings:", self.style.NOTICE)
        self.stdout.write(source.write_key)
