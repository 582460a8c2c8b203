"""What is kept of a campaign when it is archived (requirement C5)."""

from django.conf import settings
from django.db import models

from .campaign import Campaign


class CampaignArchive(models.Model):
    """A campaign as it was, in its own words. One row when it is archived; a trigger keeps it from ever changing.

    Why documents and not references? Definitions go on changing, and what was sent then is to be read years later.
    Personal data: names of colleagues who agreed and signed. Of the people it reached there are numbers alone.
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="archive")
    #: As `campaigns.queries.archives.document` gives it, and its digest.
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    #: Different contacts who went through its workflows.
    people = models.PositiveIntegerField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"archive of {self.campaign}"


class ArchivedCount(models.Model):
    """How often one thing came of it: runs by how they ended, messages and other effects by step and outcome, goals.

    Written with its archive, never changed. No personal data.
    """

    class What(models.TextChoices):
        RUN = "run", "Run"
        MESSAGE = "message", "Message"
        EFFECT = "effect", "Effect"
        GOAL = "goal", "Goal"

    archive = models.ForeignKey(CampaignArchive, on_delete=models.PROTECT, related_name="counts")
    what = models.CharField(max_length=10, choices=What)
    #: Key of the workflow and number of its version; of a goal the version is not known.
    workflow = models.CharField(max_length=120)
    version = models.PositiveIntegerField(null=True)
    #: Kind of the effect, name of the goal; empty for runs.
    kind = models.CharField(max_length=160, blank=True)
    step = models.CharField(max_length=120, blank=True)
    #: State of the run or effect: done, failed, suppressed, …
    outcome = models.CharField(max_length=20, blank=True)
    count = models.PositiveIntegerField()
    people = models.PositiveIntegerField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.count} × {self.what} {self.kind} {self.outcome}"
