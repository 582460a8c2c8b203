"""Pages about what it added up to."""

from django.urls import path

from reporting.views import attribution, health, reports, results

urlpatterns = [
    path("results/", results.show, name="results"),
    path("results/attribution/", attribution.show, name="attribution"),
    path("reports/", reports.listing, name="reports"),
    path("reports/<int:report_id>/", reports.detail, name="report"),
    path("reports/<int:report_id>/file/", reports.file, name="report-file"),
    path("health/", health.show, name="health"),
    path("workflows/<slug:key>/health/", health.of_workflow, name="workflow-health"),
]
