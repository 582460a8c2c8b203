"""The editor of a draft: the page, the parts of it that change, and what is done on it."""

import secrets
from collections.abc import Mapping

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from martechops.lib import clock, windows
from martechops.people.models import User
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person
from workflows.actions import drafts, reviews
from workflows.engine.edits import CannotEdit, Edit
from workflows.engine.edits.merge import Side
from workflows.forms import changes, rules, step_form, workflow_form
from workflows.forms import condition_builder as builder
from workflows.forms.builder_page import shown
from workflows.forms.controls import Control
from workflows.models import Contact, MessageTemplate, Version, Workflow
from workflows.models import Mapping as MappingRow
from workflows.queries import contacts, scores
from workflows.queries import messages as message_texts
from workflows.queries.pickers import Pickers

from .draft_clashes import clash_page
from .editor_page import EditorPage, Panel, rule_fields


def edit(request: HttpRequest, key: str) -> HttpResponse:
    """The draft to work on; a POST does one thing to it."""
    workflow = workflow_of(key)
    if request.method == "POST":
        return _change(request, workflow)
    version = draft_of(workflow)
    if version is None or not may(request.user, "workflows.edit", workflow):
        return redirect("workflow", key=key)
    page = EditorPage(workflow, version, panel=_panel_of(request), page=secrets.token_hex(8))
    if request.GET.get("part") == "panel":
        page.page = request.GET.get("page", "")[:32]
        return render(request, "workflows/editor/panel.html", {"editor": page})
    return render(request, "workflows/editor/page.html", {"editor": page, "workflow": workflow})


@require_POST
def rows(request: HttpRequest, key: str) -> HttpResponse:
    """The rows of one rule after one of its buttons or lists was used; nothing is saved by it."""
    workflow = workflow_of(key)
    version = draft_of(workflow)
    if version is None:
        raise Http404
    do = request.POST.get("do", "")
    control = _rule_asked(request, version)
    fields = _fields_of(version, request.POST.get("step", ""))
    root = rules.root_of(control)
    try:
        group = builder.from_form(request.POST, root=root)
    except builder.CannotBeShown:
        raise Http404 from None
    focus = builder.changed(group, do, root=root) if do != "look" else ""
    _note_problems(group, fields)
    page = shown(group, fields, address=request.get_full_path(), root=root, about="the rule", focus=focus)
    return render(request, "workflows/condition_builder.html", {"builder": page})


def preview(request: HttpRequest, key: str) -> HttpResponse:
    """What a mapping or a template chosen in a step holds; the template as one contact gets it."""
    workflow_of(key)
    if mapping := request.GET.get("mapping"):
        return render(
            request, "workflows/editor/preview.html", {"mapping": MappingRow.objects.filter(key=mapping).first()}
        )
    template = MessageTemplate.objects.filter(key=request.GET.get("template", "")).first()
    number = windows.row_id(request.GET.get("contact", ""))
    recent = list(Contact.objects.exclude(email=None).order_by("-updated_at", "-pk")[:20])
    contact = Contact.objects.filter(pk=number).first() if number else (recent[0] if recent else None)
    made = None
    if template:
        facts = contacts.facts_of(contact, scoring=scores.compiled(), at=clock.now()) if contact else {"contact": {}}
        made = message_texts.preview(subject=template.subject, body=template.body, facts=facts)
    context = {"template": template, "contact": contact, "contacts": recent, "preview": made, "workflow_key": key}
    return render(request, "workflows/editor/preview.html", context)


def workflow_of(key: str) -> Workflow:
    """Raises Http404."""
    workflow = Workflow.objects.select_related("owner", "target").filter(key=key).first()
    if workflow is None:
        raise Http404(f"workflow {key}")
    return workflow


def draft_of(workflow: Workflow) -> Version | None:
    """The open draft, if there is one."""
    return workflow.versions.filter(frozen_at=None).select_related("parent", "author", "workflow").first()


def _change(request: HttpRequest, workflow: Workflow) -> HttpResponse:
    """One operation, on the revision that the page has seen."""
    user = person(request)
    check_may(user, "workflows.edit", workflow)
    version = draft_of(workflow)
    if version is None:
        return _gone(request, workflow)
    try:
        saved = _done(request, workflow, version, user)
    except drafts.NoDraft:
        return _gone(request, workflow)
    except drafts.ChangedMeanwhile as error:
        return clash_page(request, workflow, error)
    except (CannotEdit, drafts.NothingToTakeBack, reviews.InReview) as error:
        return _answer(request, workflow, version, says=str(error), status=422)
    return _answer(request, workflow, saved.version, saved=saved)


def _done(request: HttpRequest, workflow: Workflow, version: Version, user: User) -> drafts.Saved:
    number = request.POST.get("revision", "")
    revision = int(number) if number.isdecimal() and len(number) < 9 else 0
    page, op = request.POST.get("page", "")[:32], request.POST.get("op", "")
    if op in ("undo", "redo"):
        turn = drafts.undo if op == "undo" else drafts.redo
        return turn(workflow=workflow, revision=revision, by=user, at=clock.now(), page=page)
    prefers: Mapping[str, Side] = {"mine": "mine", "theirs": "theirs"}
    return drafts.edit(
        workflow=workflow,
        change=_edit_sent(request.POST, version),
        revision=revision,
        by=user,
        at=clock.now(),
        page=page,
        prefer=prefers.get(request.POST.get("prefer", "")),
    )


def _edit_sent(data: QueryDict, version: Version) -> Edit:
    fields = _fields_of(version, data.get("step", "")) if data.get("op") == "fill" else {}
    return changes.edit_of(data, version.content, fields=fields)


def _fields_of(version: Version, step: str) -> rules.Fields:
    steps = version.content.get("steps") or []
    found = next((one for one in steps if isinstance(one, dict) and one.get("key") == step), None)
    fields: rules.Fields = rule_fields(Pickers(), version.content, found)
    return fields


def _answer(
    request: HttpRequest,
    workflow: Workflow,
    version: Version,
    *,
    saved: drafts.Saved | None = None,
    says: str = "",
    status: int = 200,
) -> HttpResponse:
    """The parts that changed; the whole page again for those without scripts."""
    panel, went = _panel_after(request, version) if saved else (_panel_of(request), False)
    said = (saved.says if saved else says) or "Nothing to change."
    if not is_part(request):
        if not saved:
            messages.error(request, says)
        return redirect(f"{reverse('workflow-edit', args=[workflow.key])}?{panel}")
    sent = request.POST if request.POST.get("op") == "fill" and not request.POST.get("do") and not went else None
    page = EditorPage(
        workflow, version, panel=panel, page=request.POST.get("page", "")[:32], sent=sent, says=said, went=went
    )
    context = {
        "editor": page,
        "workflow": workflow,
        "merged_with": saved.merged_with if saved else (),
        "failed": not saved,
    }
    return render(request, "workflows/editor/answer.html", context, status=status)


def _panel_of(request: HttpRequest) -> Panel:
    if request.method == "POST":
        return Panel.named(request.POST.get("panel", ""))
    if "add" in request.GET:
        return Panel("add", request.GET["add"])
    return Panel.named(f"step={request.GET['step']}") if request.GET.get("step") else Panel()


def _panel_after(request: HttpRequest, version: Version) -> tuple[Panel, bool]:
    """What is open after a change, and whether the change chose it: a new step, a renamed one, or none any more."""
    panel, op = _panel_of(request), request.POST.get("op")
    keys = [step["key"] for step in version.content.get("steps") or ()]
    if op == "add":
        after = request.POST.get("after", "")
        at = keys.index(after) + 1 if after in keys else 0
        return (Panel("step", keys[at]), True) if at < len(keys) else (Panel(), True)
    renamed = request.POST.get("key", "").strip()
    if op == "fill" and panel.kind == "step" and renamed != panel.step and renamed in keys:
        return Panel("step", renamed), True
    return (Panel(), True) if panel.step and panel.step not in keys else (panel, False)


def _gone(request: HttpRequest, workflow: Workflow) -> HttpResponse:
    """Somebody froze or discarded it: nothing typed is thrown away without a word."""
    says = "This draft is not open any more: somebody has frozen or discarded it."
    if is_part(request):
        return render(request, "workflows/editor/gone.html", {"workflow": workflow, "says": says}, status=410)
    messages.error(request, says)
    return redirect("workflow", key=workflow.key)


def is_part(request: HttpRequest) -> bool:
    """A script asks for parts of the page, not for the page."""
    return request.headers.get("HX-Request") == "true"


def _rule_asked(request: HttpRequest, version: Version) -> Control:
    """The rule that the address names, of the step that the form is about."""
    key = request.POST.get("step")
    step = next((one for one in version.content.get("steps") or () if one.get("key") == key), None)
    map_only = bool(version.content.get("map_only"))
    found = step_form.controls(step, map_only=map_only) if step else workflow_form.controls(version.content)
    for control in found:
        if control.kind == "rule" and rules.root_of(control) == request.GET.get("rule"):
            return control
    raise Http404


def _note_problems(group: builder.Group, fields: rules.Fields) -> None:
    try:
        builder.to_document(group, fields)
    except builder.Unfinished:
        return
