"""Reports as they were made: numbers, what they rest on, and whether that held."""

from django.db import models

from martechops.lib.columns import JsonText


class Report(models.Model):
    """One report of one instant (requirement A9e). Never changed: the next one is another row.

    `table` holds its title, titles of columns, and rows of text and numbers; `definitions` number and digest of what
    the numbers rest on, by kind and key; `checks` what was verified, each with whether it holds and what it says. No
    personal data but numbers of contacts.
    """

    id = models.BigAutoField(primary_key=True)
    #: Which report: `reporting.queries.reports.REPORTS`.
    key = models.TextField()
    at = models.DateTimeField()
    #: The run that asked for it.
    run_id = models.BigIntegerField(null=True)
    table = JsonText()
    definitions = JsonText()
    checks = JsonText()
    #: Every check does.
    holds = models.BooleanField()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["key", "-id"], name="report_newest"),  # what changed since the one before; its page
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.at:%Y-%m-%d %H:%M}"
