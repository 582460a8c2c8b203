"""How a version goes live."""

from django.conf import settings
from django.db import models

from workflows.models import Version


class Rollout(models.Model):
    """One version taken live, by whom and why; it alone writes the activation (DESIGN section 7).

    One row is one decision and is never changed: going back is a rollout of the former version.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="rollouts")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"rollout of {self.version}"
