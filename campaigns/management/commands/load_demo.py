from typing import Any

from django.core.management.base import BaseCommand

from campaigns.demo import workspace
from martechops.lib import clock


class Command(BaseCommand):
    help = "Load the demo workspace into an empty installation; does nothing where somebody works already."

    def handle(self, *args: Any, **options: Any) -> None:
        if workspace.is_loaded():
            self.stdout.write("This installation is in use: the demo workspace was left out.")
            return
        workspace.load(at=clock.now())
        self.stdout.write("Demo workspace loaded: the demo request as it is and as it should be, which is live.")
        self.stdout.write("Sign in as ana (marketer), ben, mia or kai (approvers), sal (operator), ida (viewer) or")
        self.stdout.write(f"admin; the password of each is {workspace.PASSWORD}")
