"""The audit log's rows."""

import json
from datetime import UTC
from typing import Any

from django.db import models

from martechops.lib import digest

_LARGEST_EXACT = 2**53 - 1


class ActorKind(models.TextChoices):
    PERSON = "person", "Person"
    SYSTEM = "system", "System"


class DetailDecoder(json.JSONDecoder):
    """Reads numbers back as they were digested: PostgreSQL spells the float 1e+21 as an integer of 22 digits."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, parse_int=_number)


def _number(spelling: str) -> int | float:
    number = int(spelling)
    return number if abs(number) <= _LARGEST_EXACT else float(number)


class AuditEntry(models.Model):
    """One thing that was done. Written once by `entries.record`; the database refuses to change or remove rows.

    Each row's digest covers the row and the digest before it, so that a row altered behind the database's back is
    found by `manage.py verify_audit`. Actors are kept by name and not by reference: the log must outlive the account.
    Personal data: the user name of the actor; details hold keys and numbers, never addresses.
    """

    #: Place in the chain, from 1, without gaps (a sequence would leave them on rollback).
    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=8, choices=ActorKind.choices)
    #: User name, or name of the part of the system that acted.
    actor = models.CharField(max_length=150)
    #: Noun and verb, as in "workflow.activate".
    action = models.CharField(max_length=80)
    object_kind = models.CharField(max_length=40)
    object_key = models.CharField(max_length=200)
    detail = models.JSONField(default=dict, decoder=DetailDecoder)
    #: Empty for the first entry only.
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "audit entries"
        indexes = [
            # "What happened to this object?", newest first.
            models.Index(fields=["object_kind", "object_key", "-number"], name="audit_by_object"),
            # "What did this person do?", newest first.
            models.Index(fields=["actor", "-number"], name="audit_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.actor} {self.action} {self.object_kind} {self.object_key}"

    def expected_digest(self) -> str:
        """The digest that this row's content gives. Raises ValueError for a detail that JSON cannot hold."""
        return digest.of(
            {
                "number": self.number,
                "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
                "actor_kind": str(self.actor_kind),
                "actor": self.actor,
                "action": self.action,
                "object_kind": self.object_kind,
                "object_key": self.object_key,
                "detail": self.detail,
                "previous_digest": self.previous_digest,
            }
        )
