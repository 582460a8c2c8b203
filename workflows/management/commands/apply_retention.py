"""Removes what is older than its policy says, now and not at night."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from workflows.models import RetentionPolicy
from workflows.queries import retention as questions
from workflows.runtime import retention


class Command(BaseCommand):
    help = "Remove what is older than its retention policy says, in small batches. It may be ended at any time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and remove nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        at = timezone.now()
        policies = {row.kind: row.keep_days for row in RetentionPolicy.objects.exclude(keep_days=None)}
        kinds = {key: kind for key, kind in questions.KINDS.items() if key in policies}
        if not kinds:
            self.stderr.write("Everything is kept for ever. Policies are set at /retention/.")
            return
        if options["dry_run"]:
            for key, kind in kinds.items():
                found = questions.preview(kind, keep_days=policies[key] or 0, at=at)
                number = f"more than {questions.MOST_COUNTED:,}" if found.is_more else f"{found.count:,}"
                self.stdout.write(f"{kind.label}: {number} older than {policies[key]} days")
            return
        run = retention.all_of_it(at=at)
        for key, kind in kinds.items():
            self.stdout.write(f"{kind.label}: {run.removed.get(key, 0):,} removed")
