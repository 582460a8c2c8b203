"""Makes all facts anew from the raw rows."""

from typing import Any

from django.core.management.base import BaseCommand

from martechops.lib import clock
from reporting.actions import projection


class Command(BaseCommand):
    help = (
        "Make all facts and daily figures anew from the raw rows, in one transaction: reports show the former ones "
        "until it ends. Needed after raw rows were written past the triggers, as a restore of single tables does."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        del args, options
        self.stdout.write(f"{projection.rebuild(at=clock.now()):,} facts.")
