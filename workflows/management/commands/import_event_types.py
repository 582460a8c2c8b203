"""Take event types from a Segment tracking plan or from JSON Schemas."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from martechops.lib import clock, strict_json
from martechops.people.models import Team
from workflows.actions import definitions, tracking_plans
from workflows.engine import tracking_plan


class Command(BaseCommand):
    help = "Take event types from a Segment tracking plan or JSON Schemas; new ones become drafts of the owner."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--owner", required=True, help="key of the team that new event types belong to")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        owner = Team.objects.filter(key=options["owner"]).first()
        if owner is None:
            raise CommandError(f"There is no team {options['owner']}.")
        try:
            planned = tracking_plan.read(strict_json.loads(options["file"].read_bytes()))
            taken = tracking_plans.take(planned, owner=owner, by="import_event_types", at=clock.now())
        except (OSError, strict_json.BadJson, tracking_plan.BadPlan, definitions.Frozen) as error:
            raise CommandError(f"Nothing was taken. {error}") from None
        except ValidationError as error:
            raise CommandError(f"Nothing was taken. {'; '.join(error.messages)}") from None
        self.stdout.write(f"{len(taken.added)} added, {len(taken.changed)} changed, {len(taken.same)} as they were.")
