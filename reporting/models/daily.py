"""Facts counted by day, for pages that show months."""

from django.db import models


class DailyFigure(models.Model):
    """How many facts of one kind there are for one day, campaign, channel and workflow, and what they are worth.

    Kept by what each batch of facts adds and takes away, so its cost follows what changed and not what there is. Days
    are UTC. No personal data.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    #: leads, touches, conversions, `stage mql`, `send done`, `mail opened`, `run entered`, `run done`,
    #: `routed task`, `routed owner` (worth: microseconds on the way), `duplicate contact`, `duplicate message`
    figure = models.TextField()
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)
    #: 0: of no workflow.
    workflow_id = models.BigIntegerField()
    count = models.BigIntegerField()
    value = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        ordering = ["-day", "figure"]
        constraints = [
            # dashboards: a figure over days; the columns that they group by follow
            models.UniqueConstraint(
                fields=["figure", "day", "campaign", "channel", "workflow_id"], name="daily_figure_once"
            ),
        ]
        indexes = [
            # dashboards of one campaign
            models.Index(fields=["campaign", "day"], name="daily_figure_campaign"),
            # projection: cells that became empty
            models.Index(fields=["id"], condition=models.Q(count=0), name="daily_figure_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.figure} {self.day}"
