"""The words that everything else uses: systems, stages, fields, event types."""

from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team

from .definition import Status


class System(models.Model):
    """A tool that data flows through, and the connector that reaches it. One row changes when ops edits it."""

    class Kind(models.TextChoices):
        FORM = "form", "Web form"
        CRM = "crm", "CRM"
        AUTOMATION = "automation", "Marketing automation"
        EMAIL = "email", "E-mail"
        ADS = "ads", "Ads"
        ANALYTICS = "analytics", "Analytics"
        WAREHOUSE = "warehouse", "Warehouse"
        CHAT = "chat", "Chat"

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, choices=Kind)
    #: The name of a row in `workflows.connectors.CONNECTORS`; empty where nothing is ever sent there.
    connector = models.CharField(max_length=40, blank=True)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="systems")
    #: Nothing that is done here leaves the installation.
    sandbox = models.BooleanField(default=True)
    #: The kill switch: effects for this system wait while it is on.
    paused = models.BooleanField(default=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LifecycleStage(models.Model):
    """One marketing stage, its place in the order, and the CRM statuses that mean it (requirement A11)."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(unique=True)
    #: CRM statuses that map to this stage; the first is the one we write.
    crm_statuses = models.JSONField(default=list)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="stages")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name


class Field(models.Model):
    """An attribute of a contact, and who is the authority on it (requirements C7, C8)."""

    class Type(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        DATETIME = "datetime", "Date and time"
        BOOLEAN = "boolean", "Yes or no"
        PICKLIST = "picklist", "Picklist"
        EMAIL = "email", "E-mail address"
        PHONE = "phone", "Phone"
        URL = "url", "URL"
        CONSENT = "consent", "Consent"

    key = models.CharField(max_length=80, unique=True)
    label = models.CharField(max_length=80)
    type = models.CharField(max_length=10, choices=Type)
    allowed_values = models.JSONField(default=list, blank=True)
    personal = models.BooleanField(default=False, help_text="Says something about a person (PII).")
    system_of_record = models.ForeignKey(System, on_delete=models.PROTECT, related_name="fields")
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="fields")
    #: Which of capture, enrich, engage, measure may write it.
    written_in = models.JSONField(default=list)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.label


class EventType(models.Model):
    """What may happen, what it means, and what it changes by itself (requirements F1 to F3)."""

    name = models.CharField(max_length=120, unique=True)
    meaning = models.TextField()
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="event_types")
    consumers = models.ManyToManyField(Team, related_name="consumed_event_types", blank=True)
    #: JSON Schema of the event's properties. Of agreed and frozen types it is closed: properties that it does not list
    #: are faults, unless it says `additionalProperties: true` itself.
    schema = models.JSONField(default=dict)
    #: The stage a contact reaches by this event, unless it is already further.
    stage_effect = models.ForeignKey(LifecycleStage, on_delete=models.PROTECT, null=True, blank=True)
    #: Points added to the contact's score.
    score_effect = models.SmallIntegerField(default=0)
    #: What it does to consent, by channel: {"email": "denied"}.
    consent_effect = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
