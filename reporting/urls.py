"""Pages about what it added up to."""

from django.urls import path

from reporting.views import (
    archives,
    attribution,
    contributions,
    dashboards,
    health,
    printing,
    reports,
    statements,
)

urlpatterns = [
    path("results/", dashboards.board, name="results"),
    *(path(f"results/{key}/", dashboards.board, {"key": key}) for key in ("pipeline", "workflows", "teams")),
    path("results/campaigns/", dashboards.first),
    path("results/contacts/", dashboards.contacts, name="results-contacts"),
    path("results/<slug:key>/board.pdf", printing.board, name="results-print"),
    path("results/<slug:key>/trend.<slug:form>", printing.trend, name="results-chart"),
    path("results/<slug:key>/sql/", statements.page, name="results-sql"),
    path("results/<slug:key>/numbers.sql", statements.file, name="results-script"),
    path("results/<slug:key>/numbers.<slug:form>", dashboards.file, name="results-file"),
    path("results/uses/<slug:key>/", dashboards.uses_of, name="metric-shown-on"),
    path("results/contributions/", contributions.show, name="contributions"),
    path("results/contributions/contacts/", contributions.contacts, name="contributors"),
    path("results/attribution/", attribution.show, name="attribution"),
    path("campaigns/<slug:key>/archive/numbers/", archives.numbers, name="archived-numbers"),
    path("campaigns/<slug:key>/archive/numbers/file/", archives.file, name="archived-numbers-file"),
    path("reports/", reports.listing, name="reports"),
    path("reports/<int:report_id>/", reports.detail, name="report"),
    path("reports/<int:report_id>/file/", reports.file, name="report-file"),
    path("reports/<int:report_id>/report.pdf", reports.pdf, name="report-pdf"),
    path("health/", health.show, name="health"),
    path("workflows/<slug:key>/health/", health.of_workflow, name="workflow-health"),
]
