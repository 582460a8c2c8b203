"""What the last look at the workspace's health found."""

from django.db import models

from martechops.lib.columns import JsonText


class HealthLook(models.Model):
    """The newest look: one row, written anew by each. Why kept at all? A look reads two months of traces, and a page
    must not. No personal data but numbers of contacts.
    """

    at = models.DateTimeField()
    #: How long it took: the next one waits for a multiple of that.
    took_seconds = models.FloatField()
    #: `reporting.health.Look` as plain data (`reporting.actions.health_looks`).
    found = JsonText()

    def __str__(self) -> str:
        return f"look of {self.at:%Y-%m-%d %H:%M}"
