"""Segments: the list, one with its members and its versions, and the builder that its rule is made in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from martechops.lib import clock, strict_json
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person
from workflows.actions import definitions
from workflows.engine.conditions import BadCondition, FieldType, check_types
from workflows.engine.difference import differences
from workflows.forms import condition_builder as builder
from workflows.forms.builder_page import shown
from workflows.forms.segment import SegmentForm
from workflows.models import DefinitionVersion, Segment
from workflows.queries import documents, segment_rules, segments, uses

from . import vocabulary_confirm, vocabulary_edit
from .rule_clauses import clauses, rule_text
from .vocabulary import possible_statuses

Fields = Mapping[str, FieldType]


@dataclass(frozen=True, slots=True)
class Draft:
    """What the rule's part of the page holds: rows, or text where rows cannot show it."""

    rows: builder.Group | None
    text: str = ""
    #: None while something is missing or wrong.
    rule: dict[str, Any] | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version with what it changed."""

    version: DefinitionVersion
    changes: list[str]
    is_newest: bool


def listing(request: HttpRequest) -> HttpResponse:
    """Every segment; the counts come by themselves, one by one."""
    used = uses.counts()
    titles = segment_rules.titles()
    lines = [(row, rule_text(row.when, titles), used.get(("segment", row.key), 0)) for row in segments.listed()]
    return render(
        request, "workflows/segment_list.html", {"lines": lines, "may_add": may(request.user, "definitions.edit")}
    )


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """Its rule in words, who is in it, where it is used, what it said before."""
    row = _segment(key)
    at = clock.now()
    broken = _broken(row.when, segments.field_types())
    try:
        members = segments.members(row.when, at=at)
    except BadCondition as error:
        members, broken = None, broken or error.problems
    return render(
        request,
        "workflows/segment_detail.html",
        {
            "segment": row,
            "clauses": clauses(row.when),
            "members": members,
            "broken": broken,
            "uses": uses.of("segment", row.key),
            "versions": _versions(row),
            "statuses": possible_statuses(request, row),
            "may_edit": may(request.user, "definitions.edit", row),
        },
    )


def count(request: HttpRequest, key: str) -> HttpResponse:
    """The number alone, for a line of the list."""
    try:
        found = segments.count(_segment(key).when, at=clock.now())
    except BadCondition:
        return HttpResponse('<span class="bad-text">cannot be counted</span>')
    return HttpResponse(f'<span class="number">{found:,}</span>')


def edit(request: HttpRequest, key: str = "") -> HttpResponse:
    """Make a segment or change one. A button of the builder comes here too where there are no scripts."""
    row = _segment(key) if key else None
    user = person(request)
    check_may(user, "definitions.edit", row)
    fields = _fields(key)
    if request.method != "POST":
        form = SegmentForm(initial=_initial(row), user=user, existing=bool(row))
        return _edit_page(request, row, form, _draft_of(row, fields), fields)
    form = SegmentForm(request.POST, user=user, existing=bool(row))
    draft, focus = _draft_sent(request, fields)
    if request.POST.get("do"):
        return _edit_page(request, row, form, draft, fields, focus=focus)
    return _save(request, row, form, draft, fields)


@require_POST
def rows(request: HttpRequest) -> HttpResponse:
    """The builder after one of its buttons or lists was used."""
    fields = _fields(request.POST.get("segment", ""))
    draft, focus = _draft_sent(request, fields)
    if draft.rows is None:
        raise Http404
    page = shown(draft.rows, fields, address=reverse("segment-builder"), focus=focus)
    return render(request, "workflows/condition_builder.html", {"builder": page})


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What the rule as it stands in the form says, whom it holds for, and who would join and leave."""
    fields = _fields(request.POST.get("segment", ""))
    draft, _ = _draft_sent(request, fields, checked=True)
    row = Segment.objects.filter(key=request.POST.get("segment", "")).first()
    return render(request, "workflows/segment_preview.html", _preview(draft, row))


@require_POST
def status(request: HttpRequest, key: str) -> HttpResponse:
    """Agree, freeze, take back or thaw."""
    return vocabulary_edit.set_status(request, _segment(key))


@require_POST
def restore(request: HttpRequest, key: str) -> HttpResponse:
    """Say again what a former version said."""
    return vocabulary_edit.bring_back(request, _segment(key))


def _save(request: HttpRequest, row: Segment | None, form: SegmentForm, draft: Draft, fields: Fields) -> HttpResponse:
    if not form.is_valid() or draft.rule is None:
        return _edit_page(request, row, form, draft, fields, status=422)
    before = documents.document_of(row) if row else {}
    target = _filled(row, form, draft.rule)
    by, at, expected = person(request), clock.now(), _expected(request)
    try:
        definitions.check(target, by=by, at=at, expected=expected, consumers=None)
        after = documents.document_of(target)
        if page := vocabulary_confirm.ask(request, row=target, before=before, after=after, can_go_on=True):
            return page
        definitions.save(target, by=by, at=at, note=form.cleaned_data["note"], expected=expected)
    except ValidationError as error:
        _add_errors(form, error)
    except definitions.Frozen as error:
        form.add_error(None, str(error))
    except definitions.Conflict as error:
        form.add_error(None, f"{error} Yours would change: {'; '.join(error.differences)}. Open it again to go on.")
    else:
        messages.success(request, f"{target.name} is saved.")
        return redirect("segment", key=target.key)
    return _edit_page(request, row, form, draft, fields, status=422)


def _filled(row: Segment | None, form: SegmentForm, rule: dict[str, Any]) -> Segment:
    target = row or Segment(key=form.cleaned_data["key"])
    target.name, target.meaning = form.cleaned_data["name"], form.cleaned_data["meaning"]
    target.owner, target.when = form.cleaned_data["owner"], rule
    return target


def _expected(request: HttpRequest) -> int | None:
    number = request.POST.get("expected", "")
    return int(number) if number.isdecimal() and len(number) < 9 else None


def _add_errors(form: SegmentForm, error: ValidationError) -> None:
    for name, said in error.message_dict.items():
        form.add_error(name if name in form.fields else None, said)


def _edit_page(
    request: HttpRequest,
    row: Segment | None,
    form: SegmentForm,
    draft: Draft,
    fields: Fields,
    *,
    focus: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "segment": row,
        "form": form,
        "draft": draft,
        "builder": shown(draft.rows, fields, address=reverse("segment-builder"), focus=focus) if draft.rows else None,
        "uses": uses.of("segment", row.key) if row else [],
        "expected": request.POST.get("expected") or (documents.latest_number(row) if row else 0),
    }
    return render(request, "workflows/segment_edit.html", context | _preview(draft, row), status=status)


def _preview(draft: Draft, row: Segment | None) -> dict[str, Any]:
    """Counts and words of the rule as it stands; problems in their place while it is not finished."""
    if draft.rule is None:
        return {"problems": draft.problems}
    before = row.when if row else None
    try:
        change = segments.change(before=before, after=draft.rule, at=clock.now())
    except BadCondition:  # what it said before cannot be asked any more
        try:
            change = segments.change(before=None, after=draft.rule, at=clock.now())
        except BadCondition as error:
            return {"problems": tuple(f"{place}: {says}" for place, says in error.problems)}
    return {"change": change, "clauses": clauses(draft.rule), "is_changed": bool(row) and before != draft.rule}


def _draft_of(row: Segment | None, fields: Fields) -> Draft:
    if row is None:
        rows = builder.Group(members=[builder.Row()])
        return Draft(rows=rows, problems=("Choose a field to begin with.",))
    rule = dict(row.when)
    try:
        return Draft(rows=builder.from_document(rule, fields), rule=rule)
    except builder.CannotBeShown:
        problems = tuple(f"{place}: {says}" for place, says in _broken(rule, fields))
        text = json.dumps(rule, indent=2, ensure_ascii=False)
        return Draft(rows=None, text=text, rule=None if problems else rule, problems=problems)


def _draft_sent(request: HttpRequest, fields: Fields, *, checked: bool = False) -> tuple[Draft, str]:
    """What the form holds, after what its button asks for; and which control has the focus next."""
    if "text" in request.POST:
        return _text_sent(request.POST["text"], fields), ""
    try:
        group = builder.from_form(request.POST)
    except builder.CannotBeShown:
        raise Http404 from None
    do = request.POST.get("do", "")
    do = "" if do == "look" else do
    focus = builder.changed(group, do) if do and not checked else ""
    trial = builder.from_form(request.POST) if do and not checked else group
    try:
        rule = builder.to_document(trial, fields)
    except builder.Unfinished as error:
        return Draft(rows=group, problems=tuple(dict.fromkeys(str(error).split("; ")))), focus
    return Draft(rows=group, rule=rule), focus


def _text_sent(text: str, fields: Fields) -> Draft:
    try:
        rule = strict_json.loads(text.encode())
    except (strict_json.BadJson, UnicodeEncodeError) as error:
        return Draft(rows=None, text=text, problems=(f"This is not JSON that can be read: {error}.",))
    problems = tuple(f"{place}: {says}" for place, says in _broken(rule, fields))
    return Draft(rows=None, text=text, rule=None if problems else rule, problems=problems)


def _fields(key: str) -> Fields:
    """What its rule may ask about: contacts, and the other segments."""
    others = {other: name for other, name in segment_rules.titles().items() if other != key}
    return builder.with_segments(segments.field_types(), others)


def _broken(rule: Any, fields: Fields) -> tuple[tuple[str, str], ...]:
    return check_types(rule, fields, segments=segment_rules.asked_by(rule))


def _initial(row: Segment | None) -> dict[str, Any]:
    return {"name": row.name, "meaning": row.meaning, "owner": row.owner_id} if row else {}


def _versions(row: Segment) -> list[VersionLine]:
    found = list(documents.versions_of(row).select_related("author")[:50])
    before = [*found[1:], None]
    return [
        VersionLine(
            version=version,
            changes=differences(older.content, version.content) if older else [],
            is_newest=version is found[0],
        )
        for version, older in zip(found, before, strict=True)
    ]


def _segment(key: str) -> Segment:
    row = Segment.objects.select_related("owner").filter(key=key).first()
    if row is None:
        raise Http404(f"there is no segment {key}")
    return row
