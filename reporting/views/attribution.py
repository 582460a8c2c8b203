"""Attribution: which channels conversions are owed to, by every model side by side."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from martechops.lib import clock
from reporting.attribution import MODELS
from reporting.queries import attribution, metrics
from reporting.views.dashboards import tabs_of

#: Days back from now, and days before a conversion in which touches count; the first of each if none is given.
PERIODS = (90, 30, 365)
WINDOWS = (30, 7, 90)


def show(request: HttpRequest) -> HttpResponse:
    """Channels by model, for the period, window and goal in the address; what nobody offers is the first choice."""
    goals, zone = attribution.goals(), ZoneInfo(metrics.zone())
    period, window = _chosen(request, "days", PERIODS), _chosen(request, "window", WINDOWS)
    goal = request.GET.get("goal", "")
    today = clock.now().astimezone(zone).date()
    since, until = today - timedelta(days=period - 1), today + timedelta(days=1)
    asked = attribution.Asked(
        since=datetime.combine(since, time(), zone),
        until=datetime.combine(until, time(), zone),
        window=timedelta(days=window),
        goal=goal if goal in goals else "",
    )
    return render(
        request,
        "reporting/attribution.html",
        {
            "tabs": tabs_of("/results/attribution/"),
            "answer": attribution.kept(asked, since=since, until=until)
            if window == attribution.KEPT_DAYS
            else attribution.by_channel(asked),
            "in_sql": attribution.in_sql(asked, since=since, until=until),
            "models": MODELS,
            "most": attribution.MOST,
            "goal": asked.goal,
            "goals": goals,
            "period": period,
            "periods": sorted(PERIODS),
            "window": window,
            "windows": sorted(WINDOWS),
        },
    )


def _chosen(request: HttpRequest, name: str, offered: tuple[int, ...]) -> int:
    said = request.GET.get(name, "")
    return next((days for days in offered if str(days) == said), offered[0])
