from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from martechops.audit.verification import verify


class Command(BaseCommand):
    help = "Checks the audit log's chain and names every row that was altered or removed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--contains",
            metavar="DIGEST",
            help="a head digest noted earlier; fails if it is no longer part of the chain (rows cut off the end)",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        noted = options["contains"]
        verdict = verify(remember=frozenset([noted] if noted else []))
        for found in verdict.breaks:
            self.stderr.write(f"Entry {found.number}: {found.says}.")
        if verdict.breaks:
            raise CommandError(f"The audit log was tampered with at {len(verdict.breaks)} place(s).")
        if noted and noted not in verdict.digests_seen:
            raise CommandError(f"The chain no longer contains {noted}: entries were removed from its end.")
        self.stdout.write(f"{verdict.entries} audit entries, unbroken. Head: {verdict.head or 'none yet'}")
