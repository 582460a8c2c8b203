"""Scenarios: stories of somebody with what a workflow is expected to do."""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team

from .definition import Status
from .workflow import Workflow


class Scenario(models.Model):
    """Somebody, what happens to them, and what a workflow is then expected to do (requirements G5, G6).

    It is data that `workflows.engine.scenarios` reads; results are never kept, because they are played anew in
    milliseconds and so are never out of date. One row changes when its owner edits it. No personal data: people in
    scenarios are made up.
    """

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="scenarios")
    says = models.TextField("what it is for", blank=True)
    workflow = models.ForeignKey(
        Workflow,
        on_delete=models.PROTECT,
        related_name="scenarios",
        null=True,
        blank=True,
        help_text="The one that it is about; none: every workflow of the types below.",
    )
    #: Without a workflow: those of these types, or all.
    types = models.JSONField(default=list, blank=True)
    #: Who it is, as `engine.scenarios.Given` has it.
    given = models.JSONField(default=dict, blank=True)
    #: What happens, in order.
    when = models.JSONField(default=list, blank=True)
    #: What is expected.
    then = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.name
