"""Where events come in: Segment's addresses, and one for each source; included at the root."""

from django.urls import path

from workflows.api import arrivals, ingest

urlpatterns = [
    path("v1/batch", ingest.batch, name="ingest-batch"),
    *[
        path(f"v1/{word}", ingest.single, {"kind": kind}, name=f"ingest-{word}")
        for word, kind in ingest.TYPE_OF.items()
    ],
    path("ingest/<slug:key>/", arrivals.arrival, name="ingest-arrival"),
]
