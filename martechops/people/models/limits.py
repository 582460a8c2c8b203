"""How often something was tried lately, shared by every process."""

from django.db import models


class RateLimit(models.Model):
    """How far a caller has spent its allowance (see `people.limits`). Written by machines; worthless once it is past.

    Not logged to disk ahead of time (an UNLOGGED table): after a crash everybody starts with a full allowance.
    Personal data: none; names and addresses are in the key as digests.
    """

    #: What is limited and for whom, such as `login-name:<digest>`.
    key = models.TextField(primary_key=True)
    #: The instant up to which the allowance is spent, on the database's clock.
    spent_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
