"""Short addresses of this installation that lead to tagged ones."""

from django.conf import settings
from django.db import models

from .campaign import Campaign


class ShortLink(models.Model):
    """One short address of one campaign, and how often it was followed. Where it leads never changes, so that people
    come to what was agreed to. No personal data: who follows it is not kept.
    """

    code = models.CharField(max_length=16, unique=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="short_links")
    #: With its tags.
    address = models.TextField()
    #: Of the address, because an index takes no key of some kilobytes.
    digest = models.CharField(max_length=64)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    followed = models.PositiveBigIntegerField(default=0)
    followed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["campaign", "digest"], name="short_link_once")]

    def __str__(self) -> str:
        return self.code

    @property
    def url(self) -> str:
        """As people are sent it."""
        return f"{settings.PUBLIC_URL}/l/{self.code}"
