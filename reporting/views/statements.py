"""How each number of a dashboard is counted, to be run by an analyst."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from reporting.queries import statements
from reporting.queries.dashboards import BOARDS, Asked
from reporting.views.dashboards import address_of, asked_of, query_of


def page(request: HttpRequest, key: str) -> HttpResponse:
    """Every number of a board, in SQL."""
    asked = _asked(request, key)
    context = {
        "asked": asked,
        "parts": statements.of_board(asked),
        "back": f"{address_of(asked.board)}?{query_of(asked)}",
        "file": f"/results/{key}/numbers.sql?{query_of(asked)}",
    }
    return render(request, "reporting/statements.html", context)


def file(request: HttpRequest, key: str) -> HttpResponse:
    """The same as a script."""
    asked = _asked(request, key)
    text = statements.script(asked, statements.of_board(asked))
    answer = HttpResponse(text, content_type="application/sql; charset=utf-8")
    name = f"{key}-{asked.period.since}-{asked.period.last}.sql"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _asked(request: HttpRequest, key: str) -> Asked:
    if key not in BOARDS:
        raise Http404(f"There is no dashboard {key}.")
    return asked_of(request, BOARDS[key])[0]
