"""Campaigns: what is launched, for whom, when, and under which names it is found again."""

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

from campaigns import lifecycle
from campaigns.naming import UTM_PARAMETERS
from martechops.people.models import Team
from workflows.models import ContentItem, Segment, Workflow

from .playbook import PlaybookVersion


def is_utm(value: object) -> None:
    """Refuses anything but texts by the names of UTM parameters."""
    if not isinstance(value, dict) or set(value) - set(UTM_PARAMETERS):
        raise ValidationError(f"Any of {', '.join(UTM_PARAMETERS)}, each with a text.")
    if not all(isinstance(text, str) and len(text) <= 200 for text in value.values()):
        raise ValidationError("Each UTM parameter is a text of 200 characters at most.")


def is_list_of_texts(value: object) -> None:
    """Refuses anything but a list of short texts."""
    if not isinstance(value, list) or not all(isinstance(text, str) and 0 < len(text) <= 120 for text in value):
        raise ValidationError("A list of texts of 120 characters at most.")


class Campaign(models.Model):
    """One launch (requirements A11, C9, E1). A row changes when somebody edits its draft or takes it a step further.

    Which step is possible from where is in `campaigns.lifecycle`; what it consists of is held by its workflows, content
    and links. Why not parts of it in each workflow? A name, a date and a budget belong to the launch, and a workflow
    may serve several. No personal data.
    """

    #: The number that every tool knows it by: given once, never changed.
    campaign_id = models.CharField(max_length=20, unique=True, editable=False)
    key = models.SlugField(unique=True, max_length=120)
    #: By the naming convention for campaigns, where there is one.
    name = models.CharField(max_length=160, unique=True)
    brief = models.TextField(blank=True, help_text="What it is for, in words: goal, message, offer.")
    state = models.CharField(
        max_length=10,
        choices=[(state.value, label) for state, label in lifecycle.LABELS.items()],
        default=lifecycle.State.DRAFT,
    )
    #: Labels of the channels that it uses.
    channels = models.JSONField(default=list, blank=True, validators=[is_list_of_texts])
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="campaigns")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    budget = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(
        max_length=3, default="EUR", validators=[RegexValidator(r"\A[A-Z]{3}\Z", "Three letters, such as EUR.")]
    )
    audience = models.ForeignKey(
        Segment, on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns", help_text="Whom it is for."
    )
    #: What its links carry: {"source": "newsletter", "medium": "email"}.
    utm = models.JSONField(default=dict, blank=True, validators=[is_utm])
    #: What the e-mail tools call their parts of it.
    email_campaign_ids = models.JSONField(default=list, blank=True, validators=[is_list_of_texts])
    #: What the CRM calls it.
    crm_campaign_id = models.CharField(max_length=120, blank=True)
    workflows = models.ManyToManyField(Workflow, through="CampaignWorkflow", related_name="campaigns")
    content = models.ManyToManyField(ContentItem, through="CampaignContent", related_name="campaigns")
    #: What it was made from, and with what; null for one that was made by hand.
    playbook = models.ForeignKey(
        PlaybookVersion, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="campaigns"
    )
    parameters = models.JSONField(default=dict, blank=True, editable=False)
    #: Names what was approved, while it is.
    approved_digest = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None)
                | models.Q(starts_at=None)
                | models.Q(ends_at__gt=models.F("starts_at")),
                name="campaign_ends_after_start",
                violation_error_message="It ends after it starts.",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "starts_at"], name="campaign_due"),  # what starts by itself; list by state
        ]

    def __str__(self) -> str:
        return self.name


class CampaignWorkflow(models.Model):
    """A workflow that a campaign uses. Made and removed while the campaign is a draft, never changed. No personal data.

    One that is the campaign's own starts and stops with it; a standing one (routing, data quality) goes on by itself.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="parts")
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="+")
    is_own = models.BooleanField(default=False)

    class Meta:
        ordering = ["-is_own", "workflow__name"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "workflow"], name="campaign_workflow_once"),
            # Two campaigns that start and stop the same workflow would be in each other's way.
            models.UniqueConstraint(
                fields=["workflow"], condition=models.Q(is_own=True), name="workflow_of_one_campaign"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} in {self.campaign}"


class CampaignContent(models.Model):
    """A content item that a campaign publishes. Made and removed while it is a draft. No personal data."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="pieces")
    item = models.ForeignKey(ContentItem, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["item__planned_for", "item__key"]
        constraints = [models.UniqueConstraint(fields=["campaign", "item"], name="campaign_content_once")]

    def __str__(self) -> str:
        return f"{self.item} in {self.campaign}"
