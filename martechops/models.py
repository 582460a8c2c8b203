"""What the platform itself remembers."""

from django.db import models


class Pulse(models.Model):
    """When something that must keep happening happened last.

    One row for each such thing; overwritten every few seconds by a worker at beat's word, so that its age shows whether
    beat, broker and workers are all there, on however many machines. No personal data.
    """

    name = models.CharField(max_length=40, primary_key=True)
    #: By the database's clock.
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
