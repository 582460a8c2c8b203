"""Definitions at work before they are saved: a mapping on recent events, a template as a contact gets it, a name."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages as notes
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from martechops.lib import clock, windows
from martechops.people.models import User
from martechops.people.permissions import check_may, may
from workflows.actions import definitions
from workflows.engine.coercions import COERCIONS, WAYS
from workflows.engine.naming import BadConvention, compile_convention
from workflows.models import Contact, MessageTemplate, NamingConvention, Scoring, Source
from workflows.models import Mapping as MappingRow
from workflows.queries import contacts, documents, event_names, mappings, messages, scores

#: A message is written by people: it gets no script, no request, no form, and no origin of its own (FAULTS S6).
_BODY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
_BODY_LOOKS = """<!doctype html><meta name="viewport" content="width=device-width"><style>
body { font: 15px/1.6 sans-serif; color: #1b1a18; margin: 24px; max-width: 42rem; overflow-wrap: anywhere }
</style>"""
_COLUMNS = ("from", "to", "type", "as", "timezone", "default", "allowed")


def show(request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
    """The page for one definition of a kind that can be tried."""
    if kind not in _PAGES:
        raise Http404(kind)
    return _PAGES[kind](request, row_id)


def unclear_names(request: HttpRequest) -> HttpResponse:
    """Event names that could be read in two ways."""
    return render(request, "workflows/unclear_names.html", {"unclear": event_names.unclear()})


@xframe_options_sameorigin
def template_body(request: HttpRequest, row_id: int) -> HttpResponse:
    """A template as one contact gets it, alone, for the frame around it."""
    shown = _template_preview(get_object_or_404(MessageTemplate, pk=row_id), _contact(request))
    response = HttpResponse(_BODY_LOOKS + (shown.message.html if shown.message else ""))
    response["Content-Security-Policy"] = _BODY_POLICY
    return response


def _mapping(request: HttpRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(MappingRow.objects.select_related("owner"), pk=row_id)
    posted = request.method == "POST"
    rows = _rows(request.POST) if posted else row.rows
    asked = windows.row_id((request.POST if posted else request.GET).get("source", ""))
    source = Source.objects.filter(pk=asked).first() if asked else row.sources.first()
    problems: list[str] = []
    if posted and request.POST.get("do") == "save":
        problems = _save(request, row, rows)
        if not problems:
            return redirect("definition-try", kind="mapping", row_id=row_id)
    seen = request.POST.get("expected", "")
    return render(
        request,
        "workflows/try_mapping.html",
        {
            "row": row,
            "rows": [*(_cells(cells) for cells in rows), _cells({})],
            "types": list(WAYS),
            "ways": [(name, f"{name}: {way.words}", way.type) for name, way in COERCIONS.items()],
            "source": source,
            "sources": Source.objects.all(),
            "preview": mappings.preview(rows, source=source, at=clock.now()),
            "problems": problems,
            "expected": int(seen) if seen.isdecimal() else documents.latest_number(row),
            "may_edit": may(request.user, "definitions.edit", row),
        },
    )


def _rows(posted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows as they were filled in; one without both ends is left out."""
    numbers = sorted(int(name[4:-5]) for name in posted if name.startswith("row-") and name.endswith("-from"))
    made = []
    for number in numbers[:200]:
        cells = {column: str(posted.get(f"row-{number}-{column}", "")).strip() for column in _COLUMNS}
        if cells["from"] or cells["to"]:
            row: dict[str, Any] = {name: value for name, value in cells.items() if value and name != "allowed"}
            if cells["allowed"]:
                row["allowed"] = [value.strip() for value in cells["allowed"].split(",") if value.strip()]
            if posted.get(f"row-{number}-required"):
                row["required"] = True
            made.append(row)
    return made


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row for its inputs."""
    return {**row, "type": row.get("type", "text"), "allowed": ", ".join(row.get("allowed") or ())}


def _save(request: HttpRequest, row: MappingRow, rows: list[dict[str, Any]]) -> list[str]:
    """What stands against saving; nothing if it is saved."""
    check_may(request.user, "definitions.edit", row)
    if not isinstance(request.user, User):
        raise Http404
    row.rows = rows
    expected = request.POST.get("expected", "")
    number = int(expected) if expected.isdecimal() and len(expected) < 9 else None
    try:
        definitions.save(row, by=request.user, at=clock.now(), expected=number, note=request.POST.get("note", "")[:200])
    except ValidationError as error:
        return list(error.messages)
    except (definitions.Conflict, definitions.Frozen) as error:
        return [str(error)]
    notes.success(request, f"{row.name} is saved.")
    return []


def _template(request: HttpRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(MessageTemplate.objects.select_related("owner"), pk=row_id)
    contact = _contact(request)
    recent = Contact.objects.exclude(email=None).order_by("-updated_at", "-pk")[:20]
    shown = _template_preview(row, contact)
    context = {"row": row, "contact": contact, "contacts": recent, "preview": shown}
    return render(request, "workflows/try_template.html", context)


def _template_preview(row: MessageTemplate, contact: Contact | None) -> messages.Preview:
    facts = contacts.facts_of(contact, scoring=scores.compiled(), at=clock.now()) if contact else {"contact": {}}
    return messages.preview(subject=row.subject, body=row.body, facts=facts)


def _contact(request: HttpRequest) -> Contact | None:
    """The contact that was asked for, by number or address; else the one that changed last."""
    asked = request.GET.get("contact", "").strip().replace("\x00", "")
    if asked:
        number = windows.row_id(asked)
        found = Contact.objects.filter(pk=number) if number else Contact.objects.filter(email__iexact=asked)
        if contact := found.first():
            return contact
    return Contact.objects.exclude(email=None).order_by("-updated_at", "-pk").first()


def _convention(request: HttpRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(NamingConvention.objects.select_related("owner"), pk=row_id)
    name = request.GET.get("name", "").strip()[:400]
    try:
        convention, problem = compile_convention(row.parts, separator=row.separator), ""
    except BadConvention as error:
        convention, problem = None, str(error)
    context = {"row": row, "name": name, "convention": convention, "problem": problem}
    if convention and name:
        context["checks"] = checks = convention.explain(name)
        context["follows"] = all(check.holds for check in checks)
    return render(request, "workflows/try_convention.html", context)


def _scoring(request: HttpRequest, row_id: int) -> HttpResponse:
    row = get_object_or_404(Scoring.objects.select_related("owner"), pk=row_id)
    asking = scores.live_workflows_that_ask()
    context = {"row": row, "rules": scores.compiled().rules, "asking": asking, "risk": "medium" if asking else "low"}
    return render(request, "workflows/try_scoring.html", context)


_PAGES: Mapping[str, Callable[[HttpRequest, int], HttpResponse]] = {
    "mapping": _mapping,
    "template": _template,
    "convention": _convention,
    "scoring": _scoring,
}
