"""What campaigns publish: content items on their way from plan to promotion (requirements A9c, K5)."""

from django.core.validators import URLValidator
from django.db import models
from simple_history.models import HistoricalRecords

from martechops.people.models import Team


class ContentItem(models.Model):
    """One thing to be published. One row changes when somebody edits it, moves it, or a workflow does.

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
        APPROVAL = "approval", "In approval"
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
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    history = HistoricalRecords()

    class Meta:
        ordering = ["planned_for", "key"]

    def __str__(self) -> str:
        return self.name
