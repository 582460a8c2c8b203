"""What campaigns publish: content items on their way from plan to promotion (requirements A9c, K5)."""

from datetime import UTC
from typing import Any

from django.core.validators import URLValidator
from django.db import models
from simple_history.models import HistoricalRecords

from martechops.lib import digest
from martechops.people.models import Team

#: The fields whose change is an edit.
WORDS = ("name", "kind", "channels", "body", "link", "planned_for")


class ContentItem(models.Model):
    """One thing to be published. One row changes when somebody edits it, moves it, or a workflow does.

    What is published is what others agreed to: `approved_digest` names those words, and publishing compares.

    The states are the columns of the content board, in their order; which move is allowed to whom is said in
    `workflows.engine.content`. No personal data.
    """

    class Kind(models.TextChoices):
        ARTICLE = "article", "Article"
        EMAIL = "email", "E-mail"
        LANDING_PAGE = "landing-page", "Landing page"
        POST = "post", "Post"
        VIDEO = "video", "Video"
        WEBINAR = "webinar", "Webinar"

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        DRAFT = "draft", "In draft"
        APPROVAL = "approval", "In review"
        APPROVED = "approved", "Approved"
        PUBLISHED = "published", "Published"
        PROMOTED = "promoted", "Promoted"

    key = models.SlugField(unique=True, max_length=120)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="content_items")
    #: Labels of the places where it is published or promoted, such as "blog".
    channels = models.JSONField(default=list, blank=True)
    body = models.TextField(blank=True)
    #: Where it can be read, once it is published.
    link = models.CharField(max_length=500, blank=True, validators=[URLValidator(schemes=["http", "https"])])
    planned_for = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    #: `digest` of what was agreed to, while it is; empty for what nobody has agreed to.
    approved_digest = models.CharField(max_length=64, blank=True, db_default="", default="", editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    history = HistoricalRecords()

    class Meta:
        ordering = ["planned_for", "key"]

    def __str__(self) -> str:
        return self.name

    @property
    def said(self) -> dict[str, Any]:
        """What people get to see of it, and where and when: what is agreed to. Where it stands is no part of it."""
        planned = self.planned_for.astimezone(UTC).isoformat() if self.planned_for else None
        return {name: getattr(self, name) for name in WORDS} | {"channels": list(self.channels), "planned_for": planned}

    @property
    def digest(self) -> str:
        return digest.of(self.said)

    @property
    def is_agreed(self) -> bool:
        """Has somebody agreed to it as it is now?"""
        return self.approved_digest != "" and self.approved_digest == self.digest
