"""The map of contributions: which channels and campaigns led to which stages and goals, down to the contacts."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from reporting.queries import contributions
from reporting.queries.contributions import BY, OTHERS, Asked, Contribution, Contributions
from reporting.queries.dashboards import BOARDS
from reporting.views import flows
from reporting.views.dashboards import PERIODS, asked_of, tabs_of

WINDOWS = (30, 7, 90)
#: What the boards' choice of days is read by.
_BOARD = BOARDS["pipeline"]


@dataclass(frozen=True, slots=True)
class Line:
    """One source of the table: what it is owed of each outcome, with the address of its contacts."""

    name: str
    cells: tuple[tuple[str, str, str], ...]
    total: str


def show(request: HttpRequest) -> HttpResponse:
    """The picture and the table."""
    asked, problem = _asked(request)
    drawn = contributions.look(asked)
    context = {
        "asked": asked,
        "problem": problem,
        "drawn": drawn,
        "picture": flows.flow(
            drawn,
            named=lambda source: _named(source, asked.by),
            says=lambda part: _says(part, asked.by),
            href=lambda part: _href(part, asked),
        ),
        "lines": _lines(drawn),
        "tabs": tabs_of("/results/contributions/"),
        "choices": BY,
        "periods": sorted(PERIODS),
        "windows": sorted(WINDOWS),
        "is_custom": "from" in request.GET or "to" in request.GET,
    }
    return render(request, "reporting/contributions.html", context)


def contacts(request: HttpRequest) -> HttpResponse:
    """Whose touches by one source are owed part of one outcome."""
    asked, _ = _asked(request)
    kind, name, source = (request.GET.get(part, "")[:200].replace("\0", "") for part in ("kind", "name", "source"))
    found = [one for one in contributions.look(asked).outcomes if (one.kind, one.name) == (kind, name)]
    if not found:
        raise Http404(f"nobody came to {name}")
    context = {
        "asked": asked,
        "outcome": found[0],
        "source": _named(source, asked.by),
        "people": [
            (one, f"{one.credit:,.2f}")
            for one in contributions.contributors(asked, kind=kind, name=name, source=source)
        ],
        "most": contributions.MOST_CONTACTS,
        "back": f"/results/contributions/?{_query(asked)}",
    }
    return render(request, "reporting/contributors.html", context)


def _asked(request: HttpRequest) -> tuple[Asked, str]:
    board, problem = asked_of(request, _BOARD)
    by, window = request.GET.get("by", ""), request.GET.get("window", "")
    days = next((days for days in WINDOWS if str(days) == window), WINDOWS[0])
    return Asked(board.period, by if by in BY else BY[0], days), problem


def _lines(drawn: Contributions) -> list[Line]:
    parts = {(part.source, part.outcome): part for part in drawn.parts}
    return [
        Line(
            _named(source, drawn.asked.by),
            tuple(
                (one.label, f"{part.credit:,.1f}", _href(part, drawn.asked))
                if (part := parts.get((source, one)))
                else (one.label, "—", "")
                for one in drawn.outcomes
            ),
            f"{drawn.total(source):,.1f}",
        )
        for source in drawn.sources
    ]


def _named(source: str, by: str) -> str:
    return source or f"No {by} named"


def _says(part: Contribution, by: str) -> str:
    return f"{_named(part.source, by)}, {part.outcome.label}: {part.credit:,.1f} of {part.outcome.count}"


def _href(part: Contribution, asked: Asked) -> str:
    if part.source == OTHERS:
        return ""
    chosen = {"kind": part.outcome.kind, "name": part.outcome.name, "source": part.source}
    return f"/results/contributions/contacts/?{_query(asked)}&{urlencode(chosen)}"


def _query(asked: Asked) -> str:
    period = asked.period
    return urlencode(
        {"from": str(period.since), "to": str(period.last), "by": asked.by, "window": str(asked.window_days)}
    )
