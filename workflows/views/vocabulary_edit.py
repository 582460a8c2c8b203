"""Changing a definition: what a change touches is shown before it is confirmed."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from martechops.lib import clock, windows
from martechops.people.permissions import check_may
from martechops.people.visitors import person
from workflows.actions import definitions
from workflows.engine.difference import differences
from workflows.forms.condition_builder import CannotBeShown
from workflows.forms.definitions import DefinitionForm, form_for
from workflows.queries import documents, impact, uses

from . import vocabulary_beside, vocabulary_confirm
from .vocabulary import kind_or_404, kind_tabs, name_of, row_or_404


def new(request: HttpRequest, kind: str) -> HttpResponse:
    """A definition that is not there yet."""
    found = kind_or_404(kind)
    return _edit(request, found, found.model(), expected=0)


def edit(request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
    """One that is; saved only if nobody else has changed it since the page was opened."""
    found, row = row_or_404(kind, row_id)
    check_may(request.user, "definitions.edit", row)
    return _edit(request, found, row, expected=documents.latest_number(row))


@require_POST
def status(request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
    """Agree, freeze, take back or thaw."""
    return set_status(request, row_or_404(kind, row_id)[1])


@require_POST
def restore(request: HttpRequest, kind: str, row_id: int) -> HttpResponse:
    """Say again what an older version said."""
    return bring_back(request, row_or_404(kind, row_id)[1])


def set_status(request: HttpRequest, row: Any) -> HttpResponse:
    """Give it the status that was sent; confirmed first where something behaves otherwise for it."""
    check_may(request.user, "definitions.edit", row)
    to, note, old = request.POST.get("to", ""), request.POST.get("note", ""), getattr(row, "status", "")
    kind = documents.kind_of(row)
    if kind and (old, to) in definitions.STATUS_CHANGES and impact.status_matters(kind.name, old=old, new=to):
        before = documents.document_of(row)
        if page := vocabulary_confirm.ask(request, row=row, before=before, after=before | {"status": to}):
            return page
    try:
        definitions.set_status(row, to=to, by=person(request), at=clock.now(), note=note)
    except (definitions.WrongStatus, ValidationError) as error:
        messages.error(request, _said(error))
    else:
        messages.success(request, f"{name_of(row)} is {to} now.")
    return _back_to(row)


def bring_back(request: HttpRequest, row: Any) -> HttpResponse:
    """Restore the version that was sent; confirmed first, as any other change."""
    check_may(request.user, "definitions.edit", row)
    number = windows.row_id(request.POST.get("number", "")) or 0
    version = documents.versions_of(row).filter(number=number).first()
    kind = documents.kind_of(row)
    if version is None or kind is None:
        raise Http404(f"version {number}")
    before = documents.document_of(row)
    kept = {name: value for name, value in version.content.items() if name not in ("status", kind.key)}
    if before.get("status") != "frozen" and (
        page := vocabulary_confirm.ask(request, row=row, before=before, after=before | kept)
    ):
        return page
    try:
        definitions.restore(version, by=person(request), at=clock.now())
    except (definitions.Frozen, ValidationError) as error:
        messages.error(request, _said(error))
    else:
        messages.success(request, f"Version {version.number} is in force again.")
    return _back_to(row)


def _back_to(row: Any) -> HttpResponse:
    kind = documents.kind_of(row)
    return redirect(uses.address_of(kind.name if kind else "", documents.key_of(row), row.pk))


def _edit(request: HttpRequest, kind: documents.Kind, row: Any, *, expected: int) -> HttpResponse:
    before = documents.document_of(row) if row.pk else {}
    do = request.POST.get("do", "")
    form = _form(request, kind, row, is_looked_at=bool(do))
    context: dict[str, Any] = {"kind": kind, "row": row, "name": name_of(row) if row.pk else "", "form": form}
    seen = request.POST.get("expected", "")
    context |= {"expected": _number(seen, or_else=expected), "tabs": kind_tabs(kind.name)}
    if do:
        form.do(do)
    if request.method != "POST" or do or not form.is_valid():
        return _page(request, context)
    changed = form.save(commit=False)
    consumers = form.cleaned_data.get("consumers")
    after = documents.document_of(changed, consumers=consumers)
    changes = differences(before, after) if before else []
    if not request.POST.get("confirmed") and (changes or not before):
        try:
            definitions.check(
                changed, by=person(request), at=clock.now(), expected=context["expected"], consumers=consumers
            )
        except _REFUSALS as refusal:
            return _refused(request, form, context, refusal)
        if page := vocabulary_confirm.ask(request, row=changed, before=before, after=after, can_go_on=True):
            return page
    return _save(request, form, changed, context)


def _form(request: HttpRequest, kind: documents.Kind, row: Any, *, is_looked_at: bool) -> DefinitionForm:
    data = request.POST if request.method == "POST" else None
    try:
        return form_for(
            kind.name,
            instance=row,
            user=person(request),
            data=data,
            address=request.path,
            is_looked_at=is_looked_at,
        )
    except CannotBeShown:
        raise BadRequest("More rows than a page has.") from None


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    form, row = context["form"], context["row"]
    wrong = form.is_bound and not form.is_looked_at
    beside = vocabulary_beside.context(context["kind"].name, form, row, request)
    return render(request, "workflows/vocabulary_edit.html", context | beside, status=422 if wrong else 200)


def _save(request: HttpRequest, form: DefinitionForm, row: Any, context: dict[str, Any]) -> HttpResponse:
    kind: documents.Kind = context["kind"]
    try:
        definitions.save(
            row,
            by=person(request),
            at=clock.now(),
            note=form.cleaned_data["note"],
            expected=context["expected"],
            consumers=form.cleaned_data.get("consumers"),
        )
    except _REFUSALS as refusal:
        return _refused(request, form, context, refusal)
    messages.success(request, f"{name_of(row)} is saved.")
    return redirect("definition", kind=kind.name, row_id=row.pk)


def _refused(request: HttpRequest, form: DefinitionForm, context: dict[str, Any], refusal: Exception) -> HttpResponse:
    """The form again, with what stands against it where it stands."""
    if isinstance(refusal, ValidationError):
        said = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
        for name, texts in said.items():
            for text in texts:
                form.add_error(name if name in form.fields else None, text)
    else:
        context["conflict"] = refusal if isinstance(refusal, definitions.Conflict) else None
        form.add_error(None, str(refusal))
    return _page(request, context)


_REFUSALS = (definitions.Conflict, definitions.Frozen, ValidationError)


def _number(text: str, *, or_else: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else or_else


def _said(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
