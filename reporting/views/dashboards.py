"""Dashboards: numbers beside the time before, their way, steps, lines, cohorts. What is chosen is in the address."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString

from martechops.lib import clock
from martechops.lib.tabs import Tab
from reporting import exports
from reporting.metrics import BadQuestion, Grain, Period, Question
from reporting.queries import choices, dashboards, metrics, reports
from reporting.queries.dashboards import BOARDS, Asked, Board, Shown, Tile, Trend
from reporting.queries.drill import behind
from reporting.queries.reports import REPORTS
from reporting.views import charts
from reporting.views.figures import words
from workflows.lint.workspace import STABLE
from workflows.models import Metric

#: Days back from today; the first if none is given.
PERIODS = (30, 7, 90, 365)
_GRAINS = ((35, Grain.DAY), (190, Grain.WEEK))
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class ShownTile:
    """A tile as it is drawn."""

    tile: Tile
    value: str
    former: str
    change: str
    icon: str
    spark: SafeString
    href: str


@dataclass(frozen=True, slots=True)
class ShownStep:
    """One step of the funnel."""

    name: str
    meaning: str
    value: str
    bar: SafeString
    #: What part of the step before it is.
    share: str
    href: str


def board(request: HttpRequest, key: str = "campaigns") -> HttpResponse:
    """One dashboard."""
    asked, problem = asked_of(request, BOARDS[key])
    shown = dashboards.show(asked, today=asked.period.last)
    return render(request, "reporting/board.html", {**context_of(request, shown), "problem": problem})


def first(request: HttpRequest) -> HttpResponse:
    """The board of campaigns by the address that its files have: it is the one that Results begins with."""
    asked = request.GET.urlencode()
    return redirect(address_of(BOARDS["campaigns"]) + (f"?{asked}" if asked else ""))


def file(request: HttpRequest, key: str, form: str) -> HttpResponse:
    """The same numbers to take along."""
    if key not in BOARDS or form not in exports.FORMATS:
        raise Http404
    asked = readable(request, BOARDS[key])
    shown = dashboards.show(asked, today=asked.period.last)
    answer = HttpResponse(exports.packed(shown, form), content_type=exports.FORMATS[form])
    answer["Content-Disposition"] = f'attachment; filename="{exports.file_name(shown, form)}"'
    return answer


def contacts(request: HttpRequest) -> HttpResponse:
    """Who is behind a number: the contacts of the rows that it was counted from."""
    key = request.GET.get("board", "campaigns")
    asked, _ = asked_of(request, BOARDS.get(key, BOARDS["campaigns"]))
    metric = request.GET.get("metric", "")
    known = metrics.catalog()
    where = dashboards.where_of(asked, metric, known) if metric in known else None
    if where is None:
        raise Http404
    question = Question(metric, asked.period, where=where)
    try:
        found = behind(question, known=known)
    except LookupError:
        raise Http404 from None
    return render(
        request,
        "reporting/behind.html",
        {
            "metric": known.metrics[metric],
            "found": found,
            "asked": asked,
            "filters": [one for one in _choices(asked) if one["value"]],
            "zone": metrics.zone(),
            "value": words(found.value, known.metrics[metric].unit, found.currency),
            "back": f"{address_of(asked.board)}?{query_of(asked)}",
            "sql": found.sql,
        },
    )


def uses_of(request: HttpRequest, key: str) -> HttpResponse:
    """The boards and reports that show a metric: a part of its page."""
    metric = get_object_or_404(Metric, key=key)
    places = dashboards.places_of(key)
    return render(
        request,
        "reporting/metric_uses.html",
        {
            "metric": metric,
            "boards": [
                (BOARDS[board], address_of(BOARDS[board]) + (f"?trend={key}" if "trend" in parts else ""), parts)
                for board, parts in places.items()
            ],
            "reports": [(one, REPORTS[one].title) for one in reports.holding(key, is_stable=metric.status in STABLE)],
        },
    )


def asked_of(request: HttpRequest, board: Board) -> tuple[Asked, str]:
    """What the address asks, and what of it could not be understood, in words."""
    period, problem = _period(request, _today())
    filters = {
        name: value
        for name, _ in board.filters
        if (value := request.GET.get(name, "")[:_LONGEST_VALUE].replace("\0", ""))
    }
    grain = next((grain for days, grain in _GRAINS if period.days <= days), Grain.MONTH)
    chosen = request.GET.get("grain", "")
    if chosen in list(Grain) and not (chosen == Grain.DAY and period.days > 366):
        grain = Grain(chosen)
    return Asked(board, period, grain, filters, request.GET.get("trend", "")), problem


def readable(request: HttpRequest, board: Board) -> Asked:
    """The same for a file, which has no place to say that it is about another time. Raises BadRequest."""
    asked, problem = asked_of(request, board)
    if problem:
        raise BadRequest(problem)
    return asked


def _today() -> date:
    """The day that it is where the workspace is."""
    return clock.now().astimezone(ZoneInfo(metrics.zone())).date()


def _period(request: HttpRequest, today: date) -> tuple[Period, str]:
    """Days back from today, or from one day to another."""
    since, until = request.GET.get("from", ""), request.GET.get("to", "")
    if since or until:
        try:
            last = date.fromisoformat(until) if until else today
            first = date.fromisoformat(since) if since else last - timedelta(days=PERIODS[0] - 1)
            period = Period(first, last + timedelta(days=1))
            Question("", period).check()
            Question("", period.former).check()
        except (ValueError, OverflowError) as error:
            says = str(error) if isinstance(error, BadQuestion) else "A day is written as 2026-11-30."
            return _back_from(today, PERIODS[0]), f"{says} The last {PERIODS[0]} days are shown."
        return period, ""
    said = request.GET.get("days", "")
    return _back_from(today, next((days for days in PERIODS if str(days) == said), PERIODS[0])), ""


def _back_from(today: date, days: int) -> Period:
    return Period(today - timedelta(days=days - 1), today + timedelta(days=1))


def context_of(request: HttpRequest, shown: Shown) -> dict[str, Any]:
    """A board as its page and its print show it."""
    asked = shown.asked
    top = max((value for _, value in shown.steps), default=0)
    chosen = _choices(asked)
    called = {value: name for one in chosen if one["name"] == asked.board.line_filter for value, name in one["offered"]}
    return {
        "shown": shown,
        "board": asked.board,
        "tabs": tabs_of(address_of(asked.board)),
        "tiles": [_tile(tile, asked) for tile in shown.tiles],
        "trend": _trend(shown) if shown.trend else None,
        "steps": [
            ShownStep(
                name=metric.name,
                meaning=metric.meaning,
                value=words(value, metric.unit),
                bar=charts.share(value, top),
                share=_share(value, shown.steps[number - 1][1]) if number and shown.steps[number - 1][1] else "",
                href=_drill(asked, metric.key),
            )
            for number, (metric, value) in enumerate(shown.steps)
        ],
        "lines": [
            (
                called.get(line.name, line.name),
                _line_address(asked, line.name),
                [
                    (metric.name, words(value, metric.unit, currency))
                    for metric, value, currency in zip(shown.columns, line.values, line.currencies, strict=True)
                ],
            )
            for line in shown.lines
        ],
        "cohorts": [
            (one.at, one.began, [(_percent(part), _heat(part)) for part in one.shares])
            for one in shown.cohorts
            if one.began
        ],
        "cohort_heads": [_after(number, asked) for number in range(len(shown.cohorts[0].shares))]
        if shown.cohorts
        else [],
        "table_title": f"By {asked.board.by_words.lower()}",
        "meanings": [*{one.key: one for one in (*(tile.metric for tile in shown.tiles), *shown.columns)}.values()],
        "files": _files(asked),
        "in_sql": in_sql(asked),
        "choices": chosen,
        "periods": sorted(PERIODS),
        "days": asked.period.days,
        "is_custom": "from" in request.GET or "to" in request.GET,
        "grains": list(Grain),
        "query": query_of(asked),
    }


def tabs_of(current: str) -> list[Tab]:
    """The pages of results, one of which is shown."""
    named = {address_of(one): one.title for one in BOARDS.values()}
    named |= {"/results/contributions/": "Contributions", "/results/attribution/": "Attribution"}
    return [Tab(title, address, current=address == current) for address, title in named.items()]


def _tile(tile: Tile, asked: Asked) -> ShownTile:
    change, unit = tile.change, tile.metric.unit
    return ShownTile(
        tile=tile,
        value=words(tile.value, unit, tile.currency),
        former=words(tile.former, unit, tile.former_currency),
        change="" if change is None else f"{change * 100:+.0f} %".replace("-", "−"),
        icon="minus" if not change else "trending-up" if change > 0 else "trending-down",
        spark=charts.spark(tile.series, label=f"{tile.metric.name}, by {asked.grain}"),
        href=_drill(asked, tile.metric.key) if tile.has_contacts else f"{in_sql(asked)}#numbers-{tile.metric.key}",
    )


def _trend(shown: Shown) -> dict[str, Any]:
    drawn = shown.trend
    assert drawn is not None
    series, former = drawn.series, drawn.former[: len(drawn.series)]
    top = charts.nice_top([*(v for _, v in series), *(v for _, v in former), drawn.target])
    rows = [
        (at, _said(drawn, value), _said(drawn, past))
        for (at, value), (_, past) in zip(
            series, [*former, *[(None, None)] * (len(series) - len(former))], strict=False
        )
    ]
    zone = ZoneInfo(shown.zone)
    return {
        "metric": drawn.metric,
        "picture": charts.trend(
            series,
            former,
            top=top,
            target=drawn.target,
            marks=[mark.at.astimezone(zone) for mark in shown.marks],
            titles=[f"{at:%a %-d %b %Y}: {now}, before {past}" for at, now, past in rows],
            label=_trend_words(drawn),
        ),
        "top": _said(drawn, top),
        "middle": _said(drawn, top / 2),
        "days": charts.days_below(series),
        "rows": rows,
        "target": _said(drawn, drawn.target) if drawn.target is not None else "",
    }


def _said(drawn: Trend, value: float | None) -> str:
    return words(value, drawn.metric.unit, drawn.currency)


def _trend_words(drawn: Trend) -> str:
    values = [value for _, value in drawn.series if value is not None]
    if not values:
        return f"{drawn.metric.name}: nothing yet"
    return (
        f"{drawn.metric.name}: between {_said(drawn, min(values))} and {_said(drawn, max(values))}; the table says each"
    )


def _choices(asked: Asked) -> list[dict[str, Any]]:
    """Filters of the board with what can be chosen; what stands in the address is always among it."""
    return [_choice(name, asked.filters.get(name, "")) for name, _ in asked.board.filters]


def _choice(name: str, value: str) -> dict[str, Any]:
    offered = choices.offered(name)
    if value:
        offered.setdefault(value, value)
    return {"name": name, "value": value, "says": offered.get(value, value), "offered": list(offered.items())}


def query_of(asked: Asked, **more: str) -> str:
    """What a board asks, as its address says it."""
    period = {"from": str(asked.period.since), "to": str(asked.period.last), "grain": asked.grain.value}
    return urlencode({**period, **asked.filters, **({"trend": asked.trend} if asked.trend else {}), **more})


def _files(asked: Asked) -> dict[str, str]:
    """What can be taken along, by its ending."""
    names = {form: f"numbers.{form}" for form in exports.FORMATS}
    names |= {"pdf": "board.pdf", "png": "trend.png", "svg": "trend.svg"}
    return {form: f"/results/{asked.board.key}/{name}?{query_of(asked)}" for form, name in names.items()}


def in_sql(asked: Asked) -> str:
    """Where the statements of a board are."""
    return f"/results/{asked.board.key}/sql/?{query_of(asked)}"


def _drill(asked: Asked, metric: str) -> str:
    return f"/results/contacts/?{query_of(asked, board=asked.board.key, metric=metric)}"


def _line_address(asked: Asked, name: str) -> str:
    """The same board about one line, where it can be filtered by it."""
    parameter = asked.board.line_filter
    if not parameter or not name or asked.filters.get(parameter) == name:
        return ""
    return f"{address_of(asked.board)}?{query_of(asked, **{parameter: name})}"


def address_of(one: Board) -> str:
    """Where a board is."""
    return "/results/" if one.key == "campaigns" else f"/results/{one.key}/"


def _after(number: int, asked: Asked) -> str:
    unit = "month" if asked.period.days > dashboards.MONTHS_FROM else "week"
    return f"{number + 1} {unit}{'s' if number else ''}"


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "—"


def _percent(part: float | None) -> str:
    return "" if part is None else f"{100 * part:.0f} %"


def _heat(part: float | None) -> str:
    """One of six tints; the number stands in it."""
    return "heat-none" if part is None else f"heat-{min(5, int(part * 5.999))}"
