"""What was checked before a launch, by machine and by people, with the evidence."""

from django.conf import settings
from django.db import models

from martechops.people.models import Team


class Checklist(models.Model):
    """The checks of one launch as it stood at one digest (requirement E4).

    One row is made when a launch is checked at a digest for the first time; its results are replaced when it is checked
    again. Another digest is another checklist: what was checked is never what has changed since. No personal data.
    """

    #: What is launched: "release", "campaign" or "content", and its key.
    kind = models.CharField(max_length=10)
    key = models.CharField(max_length=160)
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    #: When its checks ran last; None: not yet.
    checked_at = models.DateTimeField(null=True)
    #: What its pages and links lead to: visited, and then it is checked again.
    addresses = models.JSONField(default=list)
    #: Why they could not run, in words; empty where they could.
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "key", "digest"], name="checklist_once")]

    def __str__(self) -> str:
        return f"checklist of {self.kind} {self.key}"


class CheckResult(models.Model):
    """What one automatic check came to, and everything that it saw. Replaced when the check runs again.

    Evidence names templates, steps, links and counts, never people.
    """

    class Verdict(models.TextChoices):
        PASSED = "passed", "Passed"
        WARNED = "warned", "Look at it"
        FAILED = "failed", "Failed"
        IDLE = "idle", "Nothing to check"

    checklist = models.ForeignKey(Checklist, on_delete=models.CASCADE, related_name="results")
    code = models.CharField(max_length=3)
    section = models.CharField(max_length=10)
    blocking = models.BooleanField()
    verdict = models.CharField(max_length=6, choices=Verdict)
    says = models.TextField()
    #: As `campaigns.qa.check.Seen.document` gives them.
    evidence = models.JSONField(default=list)
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["checklist", "code"], name="check_result_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.verdict}"


class ManualCheck(models.Model):
    """One thing that a person has to look at, and who did (requirement E3). Changes when it is signed or taken back."""

    checklist = models.ForeignKey(Checklist, on_delete=models.CASCADE, related_name="manual")
    key = models.SlugField(max_length=60)
    says = models.TextField()
    #: Who is to sign; None: anybody who may edit the launch.
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    blocking = models.BooleanField(default=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["checklist", "key"], name="manual_check_once")]

    def __str__(self) -> str:
        return f"{self.key} of {self.checklist}"


class PageVisit(models.Model):
    """What an address of a launch answered when it was last asked. Changes with each visit. No personal data."""

    #: Of the address, because an index takes no key of some kilobytes.
    digest = models.CharField(max_length=64, unique=True)
    url = models.TextField()
    wanted_at = models.DateTimeField()
    visited_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    final_url = models.TextField(blank=True)
    problem = models.TextField(blank=True)
    #: Forms of the page: [{"name": …, "fields": [{"name", "type", "required", "options"}]}].
    forms = models.JSONField(default=list)

    class Meta:
        ordering = ["url"]
        indexes = [
            # runtime.visits: what is wanted and was not asked since
            models.Index(fields=["wanted_at"], name="page_visit_wanted"),
        ]

    def __str__(self) -> str:
        return self.url
