"""Two contacts made one, with all that it takes to make them two again."""

from django.conf import settings
from django.db import models


class Merge(models.Model):
    """One merge of two contacts: written with it, and once more when it is undone. Personal data: both contacts."""

    id = models.BigAutoField(primary_key=True)
    kept_id = models.BigIntegerField()
    gone_id = models.BigIntegerField()
    #: Both rows as they were, by column.
    kept_before = models.JSONField()
    gone = models.JSONField()
    #: What the kept one became, by column.
    kept_after = models.JSONField()
    #: Rows that went over, by table: {"workflows_run": [4, 7]}; what was deleted or stopped, with what it takes to put
    #: it back.
    moved = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["kept_id", "-id"], name="merge_kept"),  # contact page: what it was made of
            models.Index(fields=["gone_id"], name="merge_gone"),  # an address of a contact that is gone
        ]

    def __str__(self) -> str:
        return f"contact {self.gone_id} into contact {self.kept_id}"
