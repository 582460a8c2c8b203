"""Definitions at work as they are: a mapping on recent events, a template as a contact gets it, a name, points."""

from collections.abc import Callable, Mapping

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from martechops.lib import clock, windows
from martechops.people.permissions import may
from workflows.engine.naming import BadConvention, compile_convention
from workflows.models import Contact, MessageTemplate, NamingConvention, Scoring, Source
from workflows.models import Mapping as MappingRow
from workflows.queries import contacts, event_names, mappings, messages, scores

#: A message is written by people: it gets no script, no request, no form, and no origin of its own (FAULTS S6).
_BODY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
_BODY_LOOKS = """<!doctype html><meta name="viewport" content="width=device-width"><style>
body { font: 15px/1.6 sans-serif; color: #1b1a18; margin: 24px; max-width: 42rem; overflow-wrap: anywhere }
</style>"""


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
    asked = windows.row_id(request.GET.get("source", ""))
    source = Source.objects.filter(pk=asked).first() if asked else None
    if "source" not in request.GET:
        source = row.sources.first()
    return render(
        request,
        "workflows/try_mapping.html",
        {
            "row": row,
            "source": source,
            "sources": Source.objects.all(),
            "preview": mappings.preview(row.rows, source=source, at=clock.now()),
            "may_edit": may(request.user, "definitions.edit", row),
        },
    )


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
    asked = request.GET.get("contact", "").strip()
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
