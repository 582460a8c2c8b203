"""`manage.py prepare_broker`: for a server of one's own; `up` does it by itself."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from martechops.embedded import broker


class Command(BaseCommand):
    help = "Put the broker's tables into the database, when the broker is pgmq:// (the default)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.CELERY_BROKER_URL.startswith("pgmq:"):
            self.stdout.write("Nothing to do: CELERY_BROKER_URL names another broker.")
        elif broker.ensure(settings.CELERY_BROKER_TRANSPORT_OPTIONS["conn_string"]):
            self.stdout.write("The broker's tables are made.")
        else:
            self.stdout.write("The broker's tables were there already.")
