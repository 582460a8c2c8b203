"""The event catalog as a file: given out as a tracking plan or JSON Schemas, and taken in."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from martechops.lib import clock, strict_json
from martechops.people.models import Role, Team
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import definitions, tracking_plans
from workflows.engine import tracking_plan

_LARGEST = 2_000_000


def show(request: HttpRequest) -> HttpResponse:
    """The page; with `form` the file itself; a POST takes one in."""
    if request.method == "POST":
        return _take(request)
    planned = tracking_plans.planned()
    made = {
        "segment": lambda: tracking_plan.to_segment(planned, name="MartechOps"),
        "json-schema": lambda: tracking_plan.to_json_schemas(planned),
    }
    if (form := request.GET.get("form", "")) in made:
        options = {"indent": 2, "ensure_ascii": False}
        answer = JsonResponse(made[form](), json_dumps_params=options)
        answer["Content-Disposition"] = f'attachment; filename="{form}.json"'
        return answer
    context = {"count": len(planned), "teams": _teams(request), "may_edit": may(request.user, "definitions.edit")}
    return render(request, "workflows/tracking_plan.html", context)


def _take(request: HttpRequest) -> HttpResponse:
    owner = next((team for team in _teams(request) if team.key == request.POST.get("owner")), None)
    file = request.FILES.get("file")
    if owner is None or file is None or (file.size or 0) > _LARGEST:
        messages.error(request, "Choose a file of 2 MB at most, and a team of yours.")
        return redirect("tracking-plan")
    try:
        planned = tracking_plan.read(strict_json.loads(file.read()))
        taken = tracking_plans.take(planned, owner=owner, by=person(request), at=clock.now())
    except (strict_json.BadJson, tracking_plan.BadPlan, definitions.Frozen) as error:
        messages.error(request, f"Nothing was taken. {error}")
    except ValidationError as error:
        messages.error(request, f"Nothing was taken. {'; '.join(error.messages)}")
    else:
        said = f"{len(taken.added)} added, {len(taken.changed)} changed, {len(taken.same)} as they were."
        messages.success(request, said)
    return redirect("tracking-plan")


def _teams(request: HttpRequest) -> list[Team]:
    """Those that this person may give an event type to."""
    user = person(request)
    return list(Team.objects.all() if user.has_role(Role.ADMIN) else user.teams.all())
