"""A dashboard to be printed or passed on: all of it as PDF, its trend as PNG or SVG."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from reporting import printed
from reporting.queries import dashboards
from reporting.queries.dashboards import BOARDS, Shown
from reporting.views.dashboards import context_of, readable

_NOW, _BEFORE, _TARGET, _MARK = "#2f49d1", "#6b6861", "#1a6b3c", "#8a5200"


def board(request: HttpRequest, key: str) -> HttpResponse:
    """The whole page, with what was chosen and every definition's version at the foot."""
    shown, context = _shown(request, key)
    return _file(printed.pdf(_pages(shown, context)), _name(shown, "pdf"), "application/pdf")


def trend(request: HttpRequest, key: str, form: str) -> HttpResponse:
    """The chart alone."""
    if form not in printed.CHARTS:
        raise Http404(f"no picture of type {form}")
    shown, context = _shown(request, key)
    if shown.trend is None:
        raise Http404(f"{key} has no trend")
    said = {
        "title": shown.trend.metric.name,
        "about": _about(shown),
        "versions": f"{shown.asked.board.title}. {shown.trend.metric.name}: {shown.trend.metric.says_version}",
        "chart": _chart(shown, context["trend"]),
    }
    known, content_type = printed.CHARTS[form]
    return _file(printed.chart(said, known), _name(shown, form), content_type)


def _shown(request: HttpRequest, key: str) -> tuple[Shown, dict[str, Any]]:
    if key not in BOARDS:
        raise Http404(f"There is no dashboard {key}.")
    asked = readable(request, BOARDS[key])
    shown = dashboards.show(asked, today=asked.period.last)
    return shown, context_of(request, shown)


def _file(raw: bytes, name: str, content_type: str) -> HttpResponse:
    answer = HttpResponse(raw, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _name(shown: Shown, form: str) -> str:
    asked = shown.asked
    what = asked.board.key if form == "pdf" or shown.trend is None else shown.trend.metric.key
    return f"{what}-{asked.period.since}-{asked.period.last}.{form}"


def _about(shown: Shown) -> str:
    asked = shown.asked
    days = f"{asked.period.since:%-d %b %Y} to {asked.period.last:%-d %b %Y}, {shown.zone}, by {asked.grain}"
    return "; ".join([days, *(f"{name} {value}" for name, value in asked.filters.items() if value)])


def _pages(shown: Shown, context: Mapping[str, Any]) -> dict[str, Any]:
    one_board, meanings = shown.asked.board, context["meanings"]
    return {
        "title": one_board.title,
        "about": _about(shown),
        "says": one_board.says,
        "versions": "; ".join(f"{metric.name} {metric.says_version}" for metric in meanings),
        "tiles": [
            {"name": one.tile.metric.name, "value": one.value, "former": one.former, "change": one.change}
            | {"spark": printed.picture(one.spark, alt=f"{one.tile.metric.name} over time")}
            for one in context["tiles"]
        ],
        "chart": _chart(shown, context["trend"]) if shown.trend else None,
        "steps": [
            {"name": step.name, "value": step.value, "share": f"{step.share} of the step before" if step.share else ""}
            | {"bar": printed.picture(step.bar, alt=f"{step.name}: {step.value}", height=10)}
            for step in context["steps"]
        ],
        "cohort": shown.cohort.name if shown.cohort else "",
        "cohort-heads": context["cohort_heads"],
        "cohorts": [
            [f"{at:%-d %b %Y}", str(began), *(part for part, _ in parts)] for at, began, parts in context["cohorts"]
        ],
        "lines-title": context["table_title"],
        "columns": [one_board.by_words, *(metric.name for metric in shown.columns)],
        "lines": [
            [name or f"No {one_board.by_words.lower()} named", *(value for _, value in cells)]
            for name, _, cells in context["lines"]
        ],
        "meanings": [
            {"name": metric.name, "version": f"{metric.says_version}, {metric.owner}", "says": metric.meaning}
            for metric in meanings
        ],
    }


def _chart(shown: Shown, drawn: Mapping[str, Any]) -> dict[str, Any]:
    asked, metric, starts = shown.asked, drawn["metric"], [at for at, _, _ in drawn["rows"]]
    legend = [(f"{asked.period.since:%-d %b} to {asked.period.last:%-d %b}", _NOW, "solid")]
    legend.append((f"the {asked.period.days} days before", _BEFORE, "dashed"))
    if drawn["target"]:
        legend.append((f"target {drawn['target']}", _TARGET, "loosely-dashed"))
    if shown.marks:
        legend.append(("releases and renames", _MARK, "dotted"))
    return {
        **printed.picture(drawn["picture"], alt=f"{metric.name} over time; the table says each number"),
        "title": metric.name,
        "legend": [{"name": name, "colour": colour, "dash": dash} for name, colour, dash in legend],
        "scale": [drawn["top"], drawn["middle"], "0"],
        "days": [{"name": f"{day:%-d %b}", "at": starts.index(day) / max(len(starts) - 1, 1)} for day in drawn["days"]],
        "rows": [[f"{at:%-d %b %Y}", now, before] for at, now, before in drawn["rows"]],
    }
