"""What touches are owed, kept: attribution of months is a sum of rows, not a walk through journeys."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Credit(models.Model):
    """A deal or a conversion, and one touch of the 30 days before: its part by every model that divides by touch.

    Made anew whenever something about its contact changes. Parts are whole numbers, 10^12 to one, and those of one
    deal or conversion add up to exactly one by each model. No personal data but the contact's number.
    """

    id = models.BigAutoField(primary_key=True)
    #: deal or conversion, and the id of its fact.
    subject = models.TextField()
    subject_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    #: When the deal or conversion happened.
    at = models.DateTimeField()
    #: The event that told of the deal, or the goal.
    name = models.TextField()
    currency = models.TextField(blank=True)
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    touch_id = models.BigIntegerField()
    #: Of the touch.
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)
    #: In the order of `reporting.attribution.BY_TOUCH`.
    parts = ArrayField(models.BigIntegerField())

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id"], name="credit_contact"),  # projection: those of a contact
            models.Index(fields=["subject", "at"], name="credit_subject_at"),  # views: credits of a period
        ]

    def __str__(self) -> str:
        return f"touch {self.touch_id} of {self.subject} {self.subject_id}"


class DailyCredits(models.Model):
    """What touches of one channel and campaign are owed by one model, of the deals or conversions of one day.

    No personal data.
    """

    id = models.BigAutoField(primary_key=True)
    subject = models.TextField()
    model = models.TextField()
    day = models.DateField()
    name = models.TextField()
    currency = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)
    #: How many parts there are, and of them those whose deal or conversion says what it is worth.
    count = models.BigIntegerField()
    valued = models.BigIntegerField()
    parts = models.BigIntegerField()
    #: Their parts of the worth.
    value = models.DecimalField(max_digits=40, decimal_places=16)

    class Meta:
        ordering = ["-day", "subject", "model"]
        verbose_name_plural = "daily credits"
        constraints = [
            # dashboards: what is owed by a model over days
            models.UniqueConstraint(
                fields=["subject", "model", "day", "name", "currency", "campaign", "channel"], name="daily_credits_once"
            ),
        ]
        indexes = [
            # projection: cells that became empty
            models.Index(fields=["id"], condition=models.Q(count=0), name="daily_credits_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.day}"
