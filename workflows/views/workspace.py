"""The workspace as files, for people who use no terminal: taken away, looked at before, and brought in."""

from collections import Counter
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from martechops.lib import clock
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.workspace import applying, bundles, exporting, planning, schemas, state, telling
from workflows.workspace.folders import CannotRead
from workflows.workspace.kinds import KINDS
from workflows.workspace.planning import Plan
from workflows.workspace.problems import Problem


def show(request: HttpRequest) -> HttpResponse:
    """What there is to take away, and a place to bring files in."""
    return _page(request, {})


def export(request: HttpRequest) -> HttpResponse:
    """Everything as one archive."""
    answer = HttpResponse(bundles.pack(exporting.files(live="live" in request.GET)), content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="workspace.zip"'
    return answer


def schema(request: HttpRequest, kind: str) -> JsonResponse:
    """JSON Schema of one kind of file, for editors; it says nothing of this workspace."""
    del request
    if kind not in KINDS:
        raise Http404(kind)
    answer = JsonResponse(schemas.of(kind), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Type"] = "application/schema+json"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def plan(request: HttpRequest) -> HttpResponse:
    """What an archive would change; nothing is written."""
    if request.method != "POST":
        return redirect("workspace")
    try:
        files, prune = _uploaded(request), "prune" in request.POST
        made = planning.plan(files, by=person(request), at=clock.now(), prune=prune)
    except CannotRead as error:
        return _page(request, {"refused": str(error)})
    return _page(request, _told(made))


def apply(request: HttpRequest) -> HttpResponse:
    """Bring the archive in, if it still means the plan that was shown."""
    if request.method != "POST":
        return redirect("workspace")
    shown, prune = request.POST.get("plan", ""), "prune" in request.POST
    try:
        done = applying.apply(_uploaded(request), by=person(request), at=clock.now(), prune=prune, expected=shown)
    except CannotRead as error:
        return _page(request, {"refused": f"{error} Choose the file again."})
    except applying.OtherPlan as error:
        return _page(request, {"changed": str(error), **_told(error.plan)})
    except applying.CannotApply as error:
        return _page(request, {"problems": error.problems, "plan": None})
    return _page(request, {"done": done})


def _page(request: HttpRequest, told: dict[str, Any]) -> HttpResponse:
    context = {"may_apply": may(request.user, "workspace.apply"), **told}
    if getattr(request, "htmx", False):
        return render(request, "workflows/workspace_plan.html", context)
    context["kinds"] = _counted()
    return render(request, "workflows/workspace.html", context)


def _counted() -> list[tuple[str, str, int]]:
    """(folder, kind, how many files) of an export now."""
    counts = Counter(name.kind for name in state.current().documents)
    return [(kind.folder, kind.label, counts[kind.name]) for kind in KINDS.values()]


def _told(made: Plan) -> dict[str, Any]:
    changes = [
        (change, telling.label(change.name), telling.SIGNS[change.verb], change.words[:_MOST_WORDS])
        for change in made.changes
    ]
    problems: tuple[Problem, ...] = made.problems
    return {"plan": made, "changes": changes, "problems": problems}


#: Of one change; the rest is for whoever opens the definition.
_MOST_WORDS = 12


def _uploaded(request: HttpRequest) -> dict[str, bytes]:
    """Raises CannotRead."""
    file = request.FILES.get("file")
    if file is None:
        raise CannotRead("Choose a zip archive.")
    if (file.size or 0) > bundles.LARGEST_ARCHIVE:
        raise CannotRead(f"The archive is larger than {bundles.LARGEST_ARCHIVE // 1_000_000} MB.")
    return bundles.unpack(file.read())
