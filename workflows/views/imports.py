"""Files of people: uploaded, their columns chosen, checked with numbers, taken in, and what was refused given back."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django_htmx.http import HttpResponseClientRefresh

from martechops.lib import clock
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person
from workflows.actions import imports
from workflows.engine import tables
from workflows.engine.coercions import COERCIONS, WAYS
from workflows.models import Import, System
from workflows.queries import imports as reading
from workflows.queries import refused_rows

_STEPS = {
    Import.State.UPLOADED: 1,
    Import.State.CHECKING: 2,
    Import.State.CHECKED: 2,
    Import.State.RUNNING: 3,
    Import.State.DONE: 3,
    Import.State.CANCELLED: 3,
}


def listing(request: HttpRequest) -> HttpResponse:
    """Imports, newest first; a POST uploads a file."""
    problem = _upload(request) if request.method == "POST" else ""
    if isinstance(problem, HttpResponse):
        return problem
    context = {
        "imports": Import.objects.select_related("source__system", "by")[:100],
        "systems": System.objects.all(),
        "may_import": may(request.user, "contacts.import"),
        "problem": problem,
        "largest_mb": imports.LARGEST_BYTES // 1024 // 1024,
    }
    return render(request, "workflows/import_list.html", context, status=400 if problem else 200)


def _upload(request: HttpRequest) -> HttpResponse | str:
    system, file = System.objects.filter(key=request.POST.get("system", "")).first(), request.FILES.get("file")
    if system is None or file is None:
        return "Choose a file, and the system that its values come from."
    try:
        made = imports.upload(
            file=file,  # type: ignore[arg-type] # an uploaded file reads like any other
            name=file.name or "file.csv",
            size=file.size or 0,
            system=system,
            by=person(request),
            at=clock.now(),
        )
    except tables.BadTable as error:
        return f"{file.name} cannot be read: {error}."
    return redirect("import", import_id=made.pk)


@dataclass(frozen=True, slots=True)
class _Line:
    """One column of the file as the page asks about it."""

    heading: str
    key: str
    samples: list[str]
    to: str
    way: str
    problem: str


def detail(request: HttpRequest, import_id: int) -> HttpResponse:
    """One import, from its columns to what came of it; only its progress where the page asks for just that."""
    found = get_object_or_404(Import.objects.select_related("source__system", "by"), pk=import_id)
    problems: dict[str, str] = {}
    if request.method == "POST":
        problems = _do(request, found)
        if not problems:
            return redirect("import", import_id=import_id)
        found.refresh_from_db()
        found.choices = _choices(request, found)
    if request.headers.get("HX-Target") == "progress":
        # What comes after the progress is another page, not a part of this one.
        return _progress(request, found) if found.is_active else HttpResponseClientRefresh()
    return render(request, "workflows/import_detail.html", _context(request, found, problems))


def _progress(request: HttpRequest, found: Import) -> HttpResponse:
    return render(request, "workflows/import_progress.html", {"import": found})


def _do(request: HttpRequest, found: Import) -> dict[str, str]:
    """What the page asked for; problems by column where it cannot be done."""
    by, at = person(request), clock.now()
    try:
        match request.POST.get("do"):
            case "choose":
                imports.choose(found, choices=_choices(request, found), by=by, at=at)
            case "start":
                imports.start(found, by=by, at=at)
            case "cancel":
                imports.cancel(found, by=by, at=at)
                messages.success(request, f"Stopped. {found.stored:,} rows that were taken in before stay.")
    except imports.WrongState as error:
        messages.error(request, str(error))
    except ValidationError as error:
        return {column: " ".join(said) for column, said in error.message_dict.items()}
    return {}


def _choices(request: HttpRequest, found: Import) -> dict[str, dict[str, Any]]:
    choices = {}
    for column in found.columns:
        if target := request.POST.get(f"to-{column['key']}", ""):
            way = request.POST.get(f"as-{column['key']}", "")
            choices[column["key"]] = {"to": target} | ({"as": way} if way else {})
    return choices


def _context(request: HttpRequest, found: Import, problems: dict[str, str]) -> dict[str, Any]:
    rows = reading.first_rows(found)
    targets = reading.targets(found.source)
    chosen = {choice["to"] for choice in found.choices.values()}
    return {
        "import": found,
        "step": _STEPS[Import.State(found.state)],
        "may_import": may(request.user, "contacts.import"),
        "lines": [_line(column, found, rows, problems) for column in found.columns],
        "targets": targets,
        "user_id": tables.USER_ID,
        "ways": [(kind, [(way, COERCIONS[way].words) for way in ways]) for kind, ways in WAYS.items() if len(ways) > 1],
        "against": [target for target in targets if target.against and target.key in chosen],
        "problem": problems.get("__all__", ""),
        "preview": reading.preview(found),
        "labels": {target.key: target.label for target in targets},
        "refusals": found.refusals.order_by("line")[:20],
        "good": found.found.get("good", 0),
        "known": found.found.get("known", 0),
        "new": found.found.get("good", 0) - found.found.get("known", 0),
    }


def _line(column: dict[str, str], found: Import, rows: list[tables.Row], problems: dict[str, str]) -> _Line:
    choice = found.choices.get(column["key"], {})
    samples = [cell for row in rows if (cell := row.cells.get(column["key"], ""))][:3]
    return _Line(
        column["heading"],
        column["key"],
        samples,
        choice.get("to", ""),
        choice.get("as", ""),
        problems.get(column["key"], ""),
    )


def refused(request: HttpRequest, import_id: int) -> StreamingHttpResponse:
    """The rows that were not taken as a file of the same columns, with line and reason: mended, it can be uploaded."""
    check_may(request.user, "contacts.import")
    found = get_object_or_404(Import, pk=import_id)
    answer = StreamingHttpResponse(refused_rows.lines(found), content_type="text/csv; charset=utf-8")
    name = refused_rows.file_name(found)
    answer["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer
