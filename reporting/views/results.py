"""Results: what campaigns came to."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from reporting.queries import results


def show(request: HttpRequest) -> HttpResponse:
    """Campaigns by the same definitions, goals, and where contacts stand."""
    campaigns = results.by_campaign()
    stages = results.by_stage()
    return render(
        request,
        "reporting/results.html",
        {
            "campaigns": campaigns,
            "goals": results.conversions_by_goal(),
            "stages": stages,
            "contacts": sum(count for _, count in stages),
            "leads": sum(result.leads for result in campaigns),
            "qualified": sum(result.qualified for result in campaigns),
            "sent": sum(result.messages for result in campaigns),
            "conversions": sum(result.conversions for result in campaigns),
            "definitions": results.DEFINITIONS,
        },
    )
