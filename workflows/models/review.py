"""What is being looked at by those who approve, and is read-only so long."""

from django.conf import settings
from django.db import models


class ReviewHold(models.Model):
    """One thing in review: nobody edits it until that is decided or withdrawn. Made and removed, never changed.

    Written by the approvals of `campaigns` alone, and asked for under the lock of the thing itself, so that an edit and
    a request for approval never both succeed on different words. No personal data.
    """

    #: "workflow", "content" or "campaign", and its key.
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=140)
    #: What is looked at, in words, and where.
    says = models.TextField()
    address = models.TextField()
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField()

    class Meta:
        ordering = ["kind", "key"]
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="review_hold_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} in review"
