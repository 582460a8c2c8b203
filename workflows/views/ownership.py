"""Who answers for which stage, and when they may change it."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from martechops.lib import clock
from martechops.people.models import Team
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import ownerships
from workflows.engine import ownership
from workflows.models import StageOwnership

WINDOW = ("days", "from", "to", "timezone")


@dataclass(frozen=True, slots=True)
class Cell:
    """One team in one stage."""

    stage: str
    team: Team
    row: StageOwnership | None
    window: str
    is_open: bool


def matrix(request: HttpRequest) -> HttpResponse:
    """Stage by team, as a table; an admin changes it here."""
    if request.method == "POST":
        return _change(request)
    rows = {(row.stage, row.team_id): row for row in StageOwnership.objects.select_related("team")}
    teams, now = list(Team.objects.all()), clock.now()
    lines = [
        (label, [_cell(stage, team, rows.get((stage, team.pk)), at=now) for team in teams])
        for stage, label in StageOwnership.Stage.choices
    ]
    return render(
        request,
        "workflows/ownership.html",
        {
            "teams": teams,
            "lines": lines,
            "kinds": sorted(ownership.STAGE_OF.items()),
            "stages": StageOwnership.Stage.choices,
            "may_manage": may(request.user, "ownership.manage"),
        },
    )


def _cell(stage: str, team: Team, row: StageOwnership | None, *, at: datetime) -> Cell:
    window = row.window if row else {}
    is_open = row is not None and ownership.is_open(window, at=at)
    return Cell(stage, team, row, ownership.words(window), is_open)


def _change(request: HttpRequest) -> HttpResponse:
    stage, key = request.POST.get("stage", ""), request.POST.get("team", "")
    team = Team.objects.filter(key=key).first()
    row = StageOwnership.objects.filter(stage=stage, team=team).select_related("team").first()
    by, at = person(request), clock.now()
    try:
        if team is None:
            messages.error(request, "There is no such team.")
        elif request.POST.get("remove"):
            if row:
                ownerships.withdraw(row=row, by=by, at=at)
            messages.success(request, f"{team.name} does not answer for {stage} any more.")
        else:
            window = {name: request.POST.get(name, "").strip() for name in WINDOW}
            ownerships.assign(stage=stage, team=team, duty=request.POST.get("duty", ""), window=window, by=by, at=at)
            messages.success(request, f"{team.name} answers for {stage}.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("ownership")
