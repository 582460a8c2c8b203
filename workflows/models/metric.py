"""What numbers mean."""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team

from .definition import Status


class Metric(models.Model):
    """What one number means, for every page, report and interface alike (requirements F7, F9).

    One row changes when it is edited; its versions are kept, and each number says by which of them it was counted.
    """

    class Type(models.TextChoices):
        SIMPLE = "simple", "A measure"
        RATIO = "ratio", "One for each of another"
        DERIVED = "derived", "Arithmetic over others"
        CUMULATIVE = "cumulative", "What has come together"
        CONVERSION = "conversion", "From one thing to another"

    class Unit(models.TextChoices):
        COUNT = "count", "How many"
        PERCENT = "percent", "Per cent"
        MONEY = "money", "Money"
        HOURS = "hours", "Hours"
        DAYS = "days", "Days"

    class Better(models.TextChoices):
        HIGHER = "higher", "The higher the better"
        LOWER = "lower", "The lower the better"
        NEITHER = "neither", "Neither"

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    meaning = models.TextField(help_text="What it counts, in words that everybody understands alike.")
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="metrics")
    type = models.CharField(max_length=10, choices=Type)
    #: What it is made of, by its type (`workflows.engine.metrics`).
    formula = models.JSONField()
    unit = models.CharField(max_length=10, choices=Unit, default=Unit.COUNT)
    better = models.CharField(max_length=10, choices=Better, default=Better.HIGHER)
    #: What is to be reached: {"value": 400, "per": "month"}; a share or a time needs no span. Empty: nothing is set.
    target = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
