"""Reports as they were made, and their files."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from martechops.lib import paper
from reporting.models import Report
from reporting.queries import report_texts, reports
from reporting.queries.reports import REPORTS


@dataclass(frozen=True, slots=True)
class Line:
    """One report of the list."""

    report: Report
    title: str

    @property
    def wrong(self) -> list[str]:
        """Names of the checks that do not hold."""
        return [check["name"] for check in self.report.checks if not check["holds"]]


def listing(request: HttpRequest) -> HttpResponse:
    """The newest reports, and which there are."""
    key = request.GET.get("report", "")
    found = [Line(report, report_texts.title(report)) for report in reports.newest(key)]
    return render(request, "reporting/reports.html", {"lines": found, "asked": key, "kinds": list(REPORTS.items())})


def detail(request: HttpRequest, report_id: int) -> HttpResponse:
    """One report with what was verified."""
    report = get_object_or_404(Report, pk=report_id)
    return render(request, "reporting/report.html", {"report": report, "title": report_texts.title(report)})


def file(request: HttpRequest, report_id: int) -> HttpResponse:
    """Its table for a spreadsheet."""
    report = Report.objects.filter(pk=report_id).first()
    if report is None:
        raise Http404(f"report {report_id}")
    name = f"{report.key}-{report.at:%Y-%m-%d}.csv"
    answer = HttpResponse(report_texts.as_csv(report), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def pdf(request: HttpRequest, report_id: int) -> HttpResponse:
    """All of it on paper, as it is sent by e-mail."""
    report = get_object_or_404(Report, pk=report_id)
    address = request.build_absolute_uri(reverse("report", args=[report.pk]))
    pages = paper.report(report_texts.on_paper(report, address=address))
    answer = HttpResponse(pages, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{report.key}-{report.at:%Y-%m-%d}.pdf"'
    return answer
