"""Drafts from outside the editor: begun, given up, frozen, made from a former version; new workflows and copies."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from martechops.lib import clock
from martechops.people.permissions import check_may
from martechops.people.visitors import person
from workflows.actions import drafts, reviews, versions, workflows
from workflows.engine import required_parts
from workflows.engine.parse import BadSpec
from workflows.engine.workflow_difference import compare
from workflows.forms.new_workflow import CopyForm, NewForm
from workflows.models import Version, Workflow
from workflows.queries import files, specs

from .editor import draft_of, workflow_of


def new(request: HttpRequest) -> HttpResponse:
    """Make a workflow of one of the five types, or a map of how things are."""
    user = person(request)
    target = Workflow.objects.filter(key=request.GET.get("target", "")).first()
    initial = {"begins": "map", "target": target, "type": target.type} if target else {"begins": "steps"}
    form = NewForm(request.POST if request.method == "POST" else None, user=user, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        is_map = said["begins"] == "map"
        made = _made(
            form,
            lambda: workflows.create(
                key=said["key"],
                name=said["name"],
                type=said["type"],
                owner=said["owner"],
                by=user,
                at=clock.now(),
                map_only=is_map,
                target=said["target"] if is_map else None,
                empty=said["begins"] == "empty",
            ),
        )
        if made:
            return redirect("workflow-edit", key=made.workflow.key)
    return render(
        request, "workflows/workflow_new.html", {"form": form}, status=422 if request.method == "POST" else 200
    )


def copy(request: HttpRequest, key: str) -> HttpResponse:
    """Make another workflow that says the same."""
    workflow, user = workflow_of(key), person(request)
    version = _asked(workflow, request.GET.get("version", "")) or workflow.versions.first()
    if version is None:
        raise Http404
    initial = {"name": f"{workflow.name} (copy)", "key": f"{workflow.key}-copy"[:50], "owner": workflow.owner_id}
    form = CopyForm(request.POST if request.method == "POST" else None, user=user, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        made = _made(
            form,
            lambda: workflows.copy(
                version=version, key=said["key"], name=said["name"], owner=said["owner"], by=user, at=clock.now()
            ),
        )
        if made:
            return redirect("workflow-edit", key=made.workflow.key)
    context = {"form": form, "original": workflow, "version": version}
    return render(request, "workflows/workflow_new.html", context, status=422 if request.method == "POST" else 200)


def _made(form: Form, make: Any) -> Version | None:
    """None with what is wrong at the form's fields."""
    try:
        made: Version = make()
    except ValidationError as error:
        for name, said in error.message_dict.items():
            form.add_error(name if name in form.fields else None, said)
        return None
    return made


@require_POST
def begin(request: HttpRequest, key: str) -> HttpResponse:
    """Open the draft, a new one where there is none."""
    workflow = workflow_of(key)
    drafts.begin(workflow=workflow, by=person(request), at=clock.now())
    return redirect("workflow-edit", key=key)


@require_POST
def restore(request: HttpRequest, key: str) -> HttpResponse:
    """Say again what a former version said, in the draft."""
    workflow = workflow_of(key)
    version = _asked(workflow, request.POST.get("number", ""))
    if version is None:
        raise Http404
    drafts.restore(version=version, by=person(request), at=clock.now())
    messages.success(request, f"The draft says what version {version.number} says. Undo takes it back.")
    return redirect("workflow-edit", key=key)


def discard(request: HttpRequest, key: str) -> HttpResponse:
    """Give the draft up, after it was said how much that is."""
    workflow, user = workflow_of(key), person(request)
    check_may(user, "workflows.edit", workflow)
    version = draft_of(workflow)
    if version is None:
        return redirect("workflow", key=key)
    if request.method == "POST":
        try:
            stays = drafts.discard(workflow=workflow, revision=_seen(request), by=user, at=clock.now())
        except drafts.NoDraft:
            return redirect("workflow", key=key)
        except drafts.ChangedMeanwhile as error:
            messages.error(request, f"{error} Look at it once more before it is discarded.")
            return redirect("draft-discard", key=key)
        messages.success(request, f"The draft of version {version.number} is discarded.")
        return redirect("workflow", key=key) if stays else redirect("workflows")
    return render(request, "workflows/draft_discard.html", _context(workflow, version))


def freeze(request: HttpRequest, key: str) -> HttpResponse:
    """Make a version of the draft that never changes again, with a note; what stands against it is said first."""
    workflow, user = workflow_of(key), person(request)
    check_may(user, "workflows.edit", workflow)
    version = draft_of(workflow)
    if version is None:
        return redirect("workflow", key=key)
    problem = ""
    if request.method == "POST":
        problem = _freeze(request, version)
        if not problem:
            messages.success(request, f"Version {version.number} is frozen. A rollout can make it live.")
            return redirect("workflow-versions", key=key)
    context = _context(workflow, version) | {"problem": problem, "note": request.POST.get("note", "")}
    return render(request, "workflows/draft_freeze.html", context, status=422 if problem else 200)


def _freeze(request: HttpRequest, version: Version) -> str:
    """What stands against it; empty if it is done."""
    note = request.POST.get("note", "").strip()[:2000]
    if not note:
        return "Say what changes, and why: people read it in the list of versions."
    try:
        versions.freeze(version=version, by=person(request), at=clock.now(), note=note, revision=_seen(request))
    except BadSpec:
        return "Some things are still to be mended."
    except (versions.NothingChanged, versions.AlreadyFrozen, drafts.ChangedMeanwhile, reviews.InReview) as error:
        return str(error)
    return ""


def file(request: HttpRequest, key: str) -> HttpResponse:
    """The text of the draft's file, or of a version's; `download` gives it as a file."""
    workflow = workflow_of(key)
    version = _asked(workflow, request.GET.get("version", "")) or draft_of(workflow) or workflow.versions.first()
    if version is None:
        raise Http404
    text = files.text_of(version.content)
    if "download" in request.GET:
        answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{workflow.key}.yaml"'
        return answer
    context = {"workflow": workflow, "version": version, "text": text}
    return render(request, "workflows/workflow_file.html", context)


def _asked(workflow: Workflow, number: str) -> Version | None:
    if not number.isdecimal() or len(number) > 8:
        return None
    return workflow.versions.filter(number=int(number)).select_related("workflow").first()


def _seen(request: HttpRequest) -> int:
    number = request.POST.get("revision", "")
    return int(number) if number.isdecimal() and len(number) < 9 else 0


def _context(workflow: Workflow, version: Version) -> dict[str, Any]:
    """What is about to be frozen or given up, in numbers."""
    read = specs.of(version)
    before: Mapping[str, Any] = version.parent.content if version.parent else {}
    made = version.revisions.select_related("author").exclude(number=1)
    return {
        "workflow": workflow,
        "version": version,
        "difference": compare(before, version.content),
        "problems": [*read.problems, *((part.path, part.says) for part in required_parts.missing(read.spec))],
        "changes": made.count(),
        "authors": sorted({row.author.get_full_name() or row.author.username for row in made if row.author}),
        "risk": read.spec.risk,
    }
