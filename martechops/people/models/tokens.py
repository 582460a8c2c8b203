"""What programs identify themselves with."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from .accounts import User


class ApiToken(models.Model):
    """One token of one person. It allows its scopes, and never more than the person may do at the time of the call.

    Only the secret's SHA-256 is kept: the secret is 32 random bytes, so there is nothing to guess and no slow hash is
    needed. Two tokens of one name may be live at a time, so that one can be replaced without a gap. No personal data
    beyond the reference to its person.
    """

    #: The part of the token that may be seen, in logs and lists.
    public_id = models.CharField(max_length=16, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    #: What uses it.
    name = models.CharField(max_length=80, default="default")
    secret_digest = models.CharField(max_length=64)
    #: Names of `people.scopes.SCOPES`.
    scopes = models.JSONField(default=list)
    #: Key of the system that speaks by it, for writes of fields; empty where its person speaks.
    system = models.CharField(max_length=50, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    #: To the minute; not written on every call.
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API token"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("created_at")), name="token_expires_after_creation"
            ),
        ]

    def __str__(self) -> str:
        return f"token {self.public_id} of {self.user}"

    def is_live(self, *, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at
