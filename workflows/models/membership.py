"""Who is in what: segments that a live workflow watches, and audiences that steps fill."""

from django.db import models


class SegmentWatch(models.Model):
    """A segment whose entries and exits some live workflow waits for. Forgotten with its last use."""

    segment = models.SlugField(primary_key=True)
    #: Of the rule that its members were found by: another rule is looked at anew.
    digest = models.CharField(max_length=64)
    #: When all contacts were last compared with it.
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"watch of {self.segment}"


class SegmentMember(models.Model):
    """A contact that is in a watched segment. Written and deleted in the transaction that changes the contact."""

    id = models.BigAutoField(primary_key=True)
    segment = models.SlugField()
    contact_id = models.BigIntegerField()
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "contact_id"], name="segment_member_once")]
        indexes = [models.Index(fields=["contact_id"], name="segment_member_contact")]  # runtime: a batch's contacts

    def __str__(self) -> str:
        return f"contact {self.contact_id} in {self.segment}"


class AudienceMember(models.Model):
    """A contact that a step added to an audience; deleted when a step takes it out again."""

    id = models.BigAutoField(primary_key=True)
    audience = models.TextField()
    contact_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audience", "contact_id"], name="audience_member_once")]
        indexes = [models.Index(fields=["contact_id"], name="audience_member_contact")]  # contact page: audiences

    def __str__(self) -> str:
        return f"contact {self.contact_id} in {self.audience}"
