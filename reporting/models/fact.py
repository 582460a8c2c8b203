"""Facts: what happened, once, in the columns that are counted by.

Each row is made of one raw row, whose id it has, and is made anew when that row changes
(`reporting.actions.projection`). Campaign and channel are the contact's in every table but two: a touch has its own, a
conversion its own campaign. Empty text stands for none, so that groups and sums need no second rule. No personal data
but the contact's number.
"""

from django.db import models


class ContactFact(models.Model):
    """A contact: since when, at which stage, and what brought it."""

    id = models.BigIntegerField(primary_key=True)
    created_at = models.DateTimeField()
    stage = models.TextField(blank=True)
    source = models.TextField(blank=True)
    medium = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["campaign", "created_at"], name="contact_fact_campaign")]  # leads of a campaign

    def __str__(self) -> str:
        return f"contact {self.pk}"


class TouchFact(models.Model):
    """An event that says by which channel the contact came: tagged, referred by another site, or direct."""

    id = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    at = models.DateTimeField()
    event = models.TextField(blank=True)
    source = models.TextField(blank=True)
    medium = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id", "at"], name="touch_fact_contact"),  # the journey of a contact
            models.Index(fields=["at"], name="touch_fact_at"),  # attribution: touches of a period
        ]

    def __str__(self) -> str:
        return f"touch {self.pk}"


class MailFact(models.Model):
    """What a mail provider told of a message: delivered, bounced, deferred, complained, opened, clicked; or that its
    reader unsubscribed.
    """

    id = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    at = models.DateTimeField()
    outcome = models.TextField()
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id"], name="mail_fact_contact"),  # projection: those of a contact
            # metrics: different contacts of an outcome over a period, read from the index alone
            models.Index(
                fields=["outcome", "at"], include=["contact_id", "campaign", "channel"], name="mail_fact_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.pk}"


class StageFact(models.Model):
    """A contact went from one lifecycle stage to another."""

    id = models.BigIntegerField(primary_key=True)
    contact_id = models.BigIntegerField()
    at = models.DateTimeField()
    from_stage = models.TextField(blank=True)
    to_stage = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id", "at"], name="stage_fact_contact"),  # the way of a contact
            # metrics: who came to a stage over a period, read from the index alone
            models.Index(
                fields=["to_stage", "at"],
                include=["contact_id", "campaign", "channel", "from_stage"],
                name="stage_fact_stage",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_stage or 'none'} to {self.to_stage or 'none'}, contact {self.contact_id}"


class ConversionFact(models.Model):
    """A goal that a contact reached in a run."""

    id = models.BigIntegerField(primary_key=True)
    contact_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    name = models.TextField()
    workflow_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    #: What it is worth; null where the step does not say.
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id", "at"], name="conversion_fact_contact"),  # the way of a contact
            models.Index(fields=["-at", "-id"], name="conversion_fact_at"),  # attribution: conversions of a period
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}"


class SendFact(models.Model):
    """A message that a workflow meant to send, once it has ended: sent, withheld, failed, uncertain or called off."""

    id = models.BigIntegerField(primary_key=True)
    contact_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    state = models.TextField()
    workflow_id = models.BigIntegerField()
    version_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    step = models.TextField()
    template = models.TextField(blank=True)
    #: email, chat, in_app: how it was to be sent.
    message_channel = models.TextField(blank=True)
    planned_at = models.DateTimeField()
    #: It was withheld because the contact had it before.
    is_repeat = models.BooleanField(default=False)
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id"], name="send_fact_contact"),  # projection: those of a contact
            # duplicates prevented: the few that would have been repeats
            models.Index(fields=["at"], condition=models.Q(is_repeat=True), name="send_fact_repeat"),
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.state}"


class RunFact(models.Model):
    """One subject going through one version of a workflow, and how it ended."""

    id = models.BigIntegerField(primary_key=True)
    contact_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    state = models.TextField()
    workflow_id = models.BigIntegerField()
    version_id = models.BigIntegerField()
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["contact_id"], name="run_fact_contact")]  # projection: those of a contact

    def __str__(self) -> str:
        return f"run {self.pk} {self.state}"


class DealFact(models.Model):
    """An event that told what a deal is worth. The newest of a deal counts, see the view `deals`."""

    id = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    at = models.DateTimeField()
    event = models.TextField()
    #: `deal_id` of the event; empty: a deal of its own.
    deal = models.TextField(blank=True)
    value = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id"], name="deal_fact_contact"),  # projection: those of a contact
            models.Index(fields=["at"], name="deal_fact_at"),  # metrics: deals of a period
            # view deals: what was told later of the same one
            models.Index(fields=["deal", "at", "id"], condition=~models.Q(deal=""), name="deal_fact_deal"),
        ]

    def __str__(self) -> str:
        return f"deal {self.deal or self.pk}"


class DuplicateFact(models.Model):
    """A form sent by somebody who was known already, and found again instead of being made once more."""

    id = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField()
    contact_id = models.BigIntegerField()
    at = models.DateTimeField()
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id"], name="duplicate_fact_contact"),  # projection: those of a contact
            models.Index(fields=["at"], name="duplicate_fact_at"),  # metrics: those of a period
        ]

    def __str__(self) -> str:
        return f"form {self.pk} of contact {self.contact_id}"


class RoutingFact(models.Model):
    """A task that a workflow made for sales, with when its contact entered the workflow."""

    id = models.BigIntegerField(primary_key=True)
    contact_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    entered_at = models.DateTimeField()
    workflow_id = models.BigIntegerField()
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id"], name="routing_fact_contact"),  # projection: those of a contact
            models.Index(fields=["at"], name="routing_fact_at"),  # metrics: those of a period
        ]

    def __str__(self) -> str:
        return f"task {self.pk}"


class AssignmentFact(models.Model):
    """An owner that a workflow gave a lead to, with when its contact entered the workflow."""

    id = models.BigIntegerField(primary_key=True)
    contact_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    entered_at = models.DateTimeField()
    workflow_id = models.BigIntegerField()
    campaign = models.TextField(blank=True)
    channel = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact_id"], name="assignment_fact_contact"),  # projection: those of a contact
            models.Index(fields=["at"], name="assignment_fact_at"),  # metrics: those of a period
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk}"
