"""What goes live: a frozen version with the digests of everything that it is made of."""

from django.conf import settings
from django.db import models

from workflows.models import Version, Workflow


class Release(models.Model):
    """A version together with the manifest of all it depends on, at one instant (DESIGN, idea 5). Never changed: a
    trigger sees to it. When something pinned changes, the next release of the same version says so. No personal data.

    Why not the version alone? Its words stay, and what they mean is in mappings, templates and segments that others
    share and change.
    """

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="releases")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="releases")
    #: Counted for each workflow.
    number = models.PositiveIntegerField()
    #: `campaigns.manifests.Manifest.plain`: a list of [kind, key, digest].
    manifest = models.JSONField()
    digest = models.CharField(max_length=64, db_index=True)
    #: As computed from what its steps do when it was made: low, medium, high.
    risk = models.CharField(max_length=10)
    note = models.TextField(blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["workflow", "-number"]
        constraints = [models.UniqueConstraint(fields=["workflow", "number"], name="release_number_once")]

    def __str__(self) -> str:
        return f"{self.workflow.key} r{self.number}"
