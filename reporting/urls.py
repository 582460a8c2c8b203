"""Pages about what it added up to."""

from django.urls import path

from reporting.views import attribution, health, results

urlpatterns = [
    path("results/", results.show, name="results"),
    path("results/attribution/", attribution.show, name="attribution"),
    path("health/", health.show, name="health"),
    path("workflows/<slug:key>/health/", health.of_workflow, name="workflow-health"),
]
