from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from martechops.people.actions import tokens
from martechops.people.models import User
from martechops.people.scopes import SCOPES

#: Ten years: longer than anybody remembers what it was for.
MOST_DAYS = 3650
LONGEST_NAME = 80


class Command(BaseCommand):
    help = "Makes an API token for a person and prints it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="user name")
        parser.add_argument("--scopes", required=True, help=f"comma-separated, of: {', '.join(SCOPES)}")
        parser.add_argument("--name", default="default", help="what will use it; two live tokens of a name at most")
        parser.add_argument("--system", default="", help="key of the system that writes by it, as crm; else the person")
        parser.add_argument("--days", type=int, default=tokens.LIFETIME.days, help="days until it expires")

    def handle(self, *_: Any, **options: Any) -> None:
        at = timezone.now()
        if not 0 < options["days"] <= MOST_DAYS:
            raise CommandError(f"--days must be between 1 and {MOST_DAYS}.")
        if not 0 < len(options["name"]) <= LONGEST_NAME:
            raise CommandError(f"--name must have 1 to {LONGEST_NAME} characters.")
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user named {options['user']}.")
        try:
            token, text = tokens.create(
                user=user,
                scopes=[scope.strip() for scope in options["scopes"].split(",") if scope.strip()],
                by="create_token",
                at=at,
                expires_at=at + timedelta(days=options["days"]),
                name=options["name"],
                system=options["system"],
            )
        except (tokens.UnknownScope, tokens.TooManyLive, PermissionDenied) as refused:
            raise CommandError(str(refused)) from refused
        self.stderr.write(f"Token {token.public_id} until {token.expires_at:%Y-%m-%d}. It is not shown again:")
        self.stdout.write(text)
