"""Rollups: facts added up by day, so that what a dashboard asks is a sum of some hundred rows.

`DailyFigure` holds plain counts; these hold what plain counts cannot: different people, ways from stage to stage, and
deals, of which the newest event counts. All of them follow facts alone (`reporting.actions.rollups`).
"""

from django.db import models

#: Stands for the day before, where there was none.
NEVER = "0001-01-01"


class Deal(models.Model):
    """A deal as the newest event says it; the fact of that event has the same id. No personal data but a number."""

    id = models.BigIntegerField(primary_key=True)
    #: `deal_id` of its events; a blank and the fact's id for one that has none.
    key = models.TextField(unique=True)
    event_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    at = models.DateTimeField()
    event = models.TextField()
    deal = models.TextField(blank=True)
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at"], name="deal_at"),  # metrics: deals of a period, by what rollups do not have
            models.Index(fields=["contact_id"], name="deal_contact"),  # attribution: those of a contact
        ]

    def __str__(self) -> str:
        return f"deal {self.key}"


class DailyDeals(models.Model):
    """Deals of one day, by the event that told of them last. No personal data."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    event = models.TextField()
    currency = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)
    count = models.BigIntegerField()
    #: How many of them say what they are worth.
    valued = models.BigIntegerField()
    value = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        ordering = ["-day", "event"]
        verbose_name_plural = "daily deals"
        constraints = [
            # dashboards: deals over days
            models.UniqueConstraint(
                fields=["day", "event", "currency", "campaign", "channel"], name="daily_deals_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.day}"


class DailyPeople(models.Model):
    """How many people came to something on one day who had come there last on another: exact for any time.

    Different people from one day to another are those whose day before lies before the first. Adding up days would
    count whoever came twice; a sketch would be nearly right. No personal data.
    """

    id = models.BigAutoField(primary_key=True)
    #: `stage mql`, `mail opened`, …
    figure = models.TextField()
    day = models.DateField()
    #: The first day of all for those who had never come there.
    former_day = models.DateField()
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)
    count = models.BigIntegerField()

    class Meta:
        ordering = ["-day", "figure"]
        verbose_name_plural = "daily people"
        constraints = [
            # dashboards: people of a figure over days
            models.UniqueConstraint(
                fields=["figure", "day", "former_day", "campaign", "channel"], name="daily_people_once"
            ),
        ]
        indexes = [
            # projection: cells that became empty
            models.Index(fields=["id"], condition=models.Q(count=0), name="daily_people_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.figure} {self.day}"


class DailyWays(models.Model):
    """How many came to one stage on one day, and how many days later to another. No personal data.

    The rows `of_all` hold everybody; the others the same people by campaign and channel. Ways are those that some
    metric asks about.
    """

    id = models.BigAutoField(primary_key=True)
    from_stage = models.TextField()
    to_stage = models.TextField()
    of_all = models.BooleanField()
    day = models.DateField()
    former_day = models.DateField()
    #: Whole days until the other stage; -1: not there yet.
    passed_days = models.IntegerField()
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)
    count = models.BigIntegerField()
    #: How long all of them took together.
    microseconds = models.BigIntegerField()

    class Meta:
        ordering = ["-day", "from_stage", "to_stage"]
        verbose_name_plural = "daily ways"
        constraints = [
            # dashboards: a way over days
            models.UniqueConstraint(
                fields=[
                    *("from_stage", "to_stage", "of_all", "day", "former_day", "passed_days", "campaign", "channel"),
                ],
                name="daily_ways_once",
            ),
        ]
        indexes = [
            # projection: cells that became empty
            models.Index(fields=["id"], condition=models.Q(count=0), name="daily_ways_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.from_stage} to {self.to_stage}, {self.day}"
