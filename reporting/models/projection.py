"""What is still to be made into facts, and by which rules the present ones were made."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class StaleRow(models.Model):
    """Raw rows that were written or changed since their facts were made: those of one statement, 200 a note at most.

    Deleted by the transaction that makes the facts.

    Written by triggers, in the transaction that changes the raw row: it becomes visible with the change and never
    before, however late that commits. Why not a watermark over ids? Ids are given before the commit, so a row may
    appear below the mark; and most raw rows change later: runs end, messages are sent, contacts are merged.
    """

    id = models.BigAutoField(primary_key=True)
    #: contact, trace, change, conversion, effect, run: the table it is in (`reporting.facts`).
    kind = models.TextField()
    row_ids = ArrayField(models.BigIntegerField(), null=True)
    #: The only one, in notes that triggers of former versions have left.
    row_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.row_ids or self.row_id}"


class Projection(models.Model):
    """The rules by which the present facts were made; there is one row. Other rules make all facts anew."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    #: Names the SQL of all facts and the channel labels that it holds.
    basis = models.TextField()
    #: Former names that facts stand under their present ones of: [kind, former, present].
    names = models.JSONField(default=list)
    #: Ways from stage to stage that are kept added up: [from, to]; null: rollups are still to be made.
    ways = models.JSONField(null=True)
    rebuilt_at = models.DateTimeField()
    #: The last turn that found something to do.
    moved_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_projection")]

    def __str__(self) -> str:
        return f"facts of {self.rebuilt_at:%Y-%m-%d %H:%M}"
