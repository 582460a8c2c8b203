from typing import Any

from django.core.management.base import BaseCommand

from campaigns.actions import playbooks
from campaigns.playbooks import shipped
from martechops.lib import clock


class Command(BaseCommand):
    help = "Publish the playbooks that come with the product; those that are there and say the same stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        for document in shipped():
            version = playbooks.publish(document, by="product", at=clock.now(), note="Comes with the product")
            self.stdout.write(f"{version.playbook.name}: version {version.number}")
