"""How a version goes live."""

from django.conf import settings
from django.db import models

from workflows.models import Version

from .approval import ApprovalRequest, BreakGlass
from .release import Release


class Rollout(models.Model):
    """One version taken live, by whom and why; it alone writes the activation (DESIGN section 7).

    One row is one decision and is never changed: going back is a rollout of the former version.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="rollouts")
    started_at = models.DateTimeField()
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    #: What went live, with all that it depends on; null for rollouts from before there were releases.
    release = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, related_name="rollouts")
    #: The approved request that let a person do it; a trigger asks for it unless the risk is low or glass was broken.
    approval = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, null=True, related_name="rollouts")
    break_glass = models.ForeignKey(BreakGlass, on_delete=models.PROTECT, null=True, related_name="rollouts")

    class Meta:
        ordering = ["-started_at"]

    def __str__(self) -> str:
        return f"rollout of {self.version}"
