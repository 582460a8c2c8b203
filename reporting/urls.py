"""Pages about what it added up to."""

from django.urls import path

from reporting.views import attribution, results

urlpatterns = [
    path("results/", results.show, name="results"),
    path("results/attribution/", attribution.show, name="attribution"),
]
