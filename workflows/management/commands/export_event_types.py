"""Print the event catalog as a Segment tracking plan or as JSON Schemas."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from workflows.actions import tracking_plans
from workflows.engine import tracking_plan


class Command(BaseCommand):
    help = "Print the event catalog as a Segment tracking plan (the default) or as JSON Schemas by name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=["segment", "json-schema"], default="segment")
        parser.add_argument("--name", default="MartechOps", help="what the plan is called")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        planned = tracking_plans.planned()
        is_plan = options["format"] == "segment"
        made = (
            tracking_plan.to_segment(planned, name=options["name"])
            if is_plan
            else tracking_plan.to_json_schemas(planned)
        )
        self.stdout.write(json.dumps(made, indent=2, ensure_ascii=False))
