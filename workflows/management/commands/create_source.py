"""Makes a source of events and prints its write key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError
from django.utils import timezone
from django.utils.text import slugify

from workflows.actions import sources
from workflows.models import Mapping, System


class Command(BaseCommand):
    help = "Make a source of events and print its write key: the user name with which an SDK sends."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="as people read it, such as 'Demo web site'")
        parser.add_argument("--mapping", help="key of the mapping that makes fields of a contact from what it sends")
        parser.add_argument(
            "--system",
            help="key of the system that it speaks for, which decides which fields it may write;"
            " with a mapping and where there is one web form only: that",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        name = options["name"].strip()
        key = slugify(name)[:50]
        if not key or len(name) > 80:
            raise CommandError("The name must have a letter or digit and at most 80 characters.")
        mapping = _mapping(options["mapping"])
        system = _named(options["system"]) if options["system"] else _web_form() if mapping else None
        try:
            source = sources.create(
                key=key, name=name, system=system, mapping=mapping, by="create_source", at=timezone.now()
            )
        except IntegrityError:
            raise CommandError(f"There is a source {key!r} already.") from None
        if mapping is None:
            self.stderr.write("Without a mapping its events tell who somebody is, and no other field of the contact.")
        elif system is None:
            self.stderr.write(
                "It speaks for no system (--system), so what it says of fields is not written: their owners are asked."
            )
        speaks = f", for {system.name}" if system else ""
        self.stderr.write(f"Source {key!r} was made{speaks}. Its write key, for the SDK's settings:", self.style.NOTICE)
        self.stdout.write(source.write_key)


def _mapping(key: str | None) -> Mapping | None:
    if key is None:
        return None
    known = {mapping.key: mapping for mapping in Mapping.objects.all()}
    if key not in known:
        raise CommandError(f"There is no mapping {key!r}; there are: {', '.join(known) or 'none yet'}.")
    return known[key]


def _named(key: str) -> System:
    known = {system.key: system for system in System.objects.all()}
    if key not in known:
        raise CommandError(f"There is no system {key!r}; there are: {', '.join(known) or 'none yet'}.")
    return known[key]


def _web_form() -> System | None:
    """The one that there is; of several, nobody but a person knows which."""
    forms = System.objects.filter(kind=System.Kind.FORM)[:2]
    return forms[0] if len(forms) == 1 else None
