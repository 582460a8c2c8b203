"""Who agreed to which digest: requests, what each person said, and what went live without them."""

from django.conf import settings
from django.db import models

from martechops.people.models import Team

from .release import Release


class ApprovalRequest(models.Model):
    """Somebody asks that one thing, at one digest, may go live (requirement D2, FAULTS F17 and S19).

    Made by whoever asks; afterwards only where it stands changes, which a trigger holds it to. One is open for a thing
    at a time. Approved it stays so while what it was given for stays the same: what goes live is compared with `digest`
    under lock, and the sweep marks what has changed as stale. Personal data: names of colleagues.
    """

    class State(models.TextChoices):
        OPEN = "open", "In review"
        CHANGES = "changes", "Changes asked for"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        STALE = "stale", "Stale"
        EXPIRED = "expired", "Expired"
        WITHDRAWN = "withdrawn", "Withdrawn"

    id = models.BigAutoField(primary_key=True)
    #: "release", "campaign" or "content" (`campaigns.queries.approval_subjects`), and its key.
    subject_kind = models.CharField(max_length=20)
    subject_key = models.CharField(max_length=140)
    #: For a release: that one.
    release = models.ForeignKey(Release, on_delete=models.PROTECT, null=True, related_name="requests")
    #: As people call it, and its page.
    label = models.TextField()
    address = models.TextField()
    owner = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="approval_requests")
    #: What is agreed to: `Manifest.plain`, its digest, and the digest of each section.
    manifest = models.JSONField()
    digest = models.CharField(max_length=64)
    sections = models.JSONField()
    risk = models.CharField(max_length=10)
    #: Why the risk is that, a sentence each.
    reasons = models.JSONField(default=list)
    #: What each section takes: [{"section": "logic", "count": 2, "teams": ["sales-ops"]}].
    needs = models.JSONField(default=list)
    #: Ids of its author and editors, who may not agree to it.
    barred = models.JSONField(default=list)
    note = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    #: Why it is closed, in words.
    because = models.TextField(blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    #: Open: an answer is due. Approved: it has to go live by then.
    expires_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    #: When it goes live by itself, once it is approved.
    go_live_at = models.DateTimeField(null=True)
    #: When that was done, or given up.
    went_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_key"], condition=models.Q(state="open"), name="one_open_request"
            ),
        ]
        indexes = [
            # inbox, Today, the sweep: what waits for an answer, and what could become stale
            models.Index(fields=["state", "-id"], name="request_by_state"),
            # page of a thing: what was agreed to before
            models.Index(fields=["subject_kind", "subject_key", "-id"], name="request_of_subject"),
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"


class Approval(models.Model):
    """What one person says of one section at one digest. Never changed; who changes their mind asks for changes.

    Why unique for each request and not for the digest alone? A request that ran out is asked anew at the same digest,
    and is answered anew; within one, a person counts once. The database refuses authors. Personal data: who, and what
    they wrote.
    """

    class Verdict(models.TextChoices):
        APPROVE = "approve", "Approved"
        ASK = "ask", "Asked for changes"
        REFUSE = "refuse", "Refused"

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="approvals")
    section = models.CharField(max_length=20)
    #: The request's, said again, so that a row proves by itself what was agreed to.
    digest = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    #: Whose word it is, where somebody else was asked to give it.
    delegated_from = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    #: Keys of the teams of whose word it is, as they were.
    teams = models.JSONField(default=list)
    verdict = models.CharField(max_length=10, choices=Verdict)
    comment = models.TextField(blank=True)
    #: Key of the step that the comment is about.
    step = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["request", "section", "user"], name="approval_once")]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.section} of request {self.request_id}"


class BreakGlass(models.Model):
    """A release that went live without its approvals, by whom and why (FAULTS S19). Never changed; everybody is told.

    Personal data: who, and what they wrote.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="break_glass")
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "break-glass entries"

    def __str__(self) -> str:
        return f"break-glass for {self.release}"


class Delegation(models.Model):
    """Somebody lets another approver give their word for a time. One row changes once: when it is ended early.

    Personal data: names of colleagues.
    """

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_given")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_taken")
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(giver=models.F("taker")),
                name="delegated_to_another",
                violation_error_message="Choose somebody else.",
            ),
            models.CheckConstraint(
                condition=models.Q(until__gte=models.F("since")),
                name="delegation_ends_after_start",
                violation_error_message="It ends after it begins.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver} by {self.taker} until {self.until:%Y-%m-%d}"
