"""Playbooks: the list, one with its versions and launches, and one's own from a workflow."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify

from campaigns import pattern
from campaigns.actions import playbooks
from campaigns.models import PlaybookVersion
from campaigns.pattern import BadPattern
from campaigns.queries import playbooks as reading
from martechops.lib import clock, yaml_text
from martechops.people.permissions import NotAllowed, check_may, may
from martechops.people.visitors import person
from workflows.models import Segment, Version, Workflow
from workflows.workspace import exporting, schemas


def listing(request: HttpRequest) -> HttpResponse:
    """Every playbook by name, with how often launches were made from it."""
    lines = [(version, pattern.read(version.content)) for version in reading.newest_versions()]
    return render(request, "campaigns/playbook_list.html", {"lines": lines, "may_add": _may(request)})


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """What it asks for, what it makes, what must be there, and what was made from it."""
    version = _found(key)
    rows = reading.versions(version.playbook)
    older = [*rows[1:], None]
    history = [
        (row, reading.changes(before.content, row.content) if before else [])
        for row, before in zip(rows, older, strict=True)
    ]
    context = {
        "version": version,
        "playbook": version.playbook,
        "pattern": pattern.read(version.content),
        "history": history,
        "campaigns": reading.campaigns_of(version.playbook),
        "may_launch": may(request.user, "campaigns.edit"),
    }
    return render(request, "campaigns/playbook_detail.html", context)


def file(request: HttpRequest, key: str) -> HttpResponse:
    """Its newest version as a file."""
    del request
    version = _found(key)
    document = exporting.in_order(version.content, pattern.SCHEMA, pattern.SCHEMA)
    for part in ("shared", "creates"):
        found = [(one, schemas.of(one["kind"])) for one in document.get(part, ())]
        document[part] = [exporting.in_order(one, schema, schema) for one, schema in found]
    answer = HttpResponse(yaml_text.dump(document), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{version.playbook.key}.yaml"'
    return answer


class FromWorkflowForm(forms.Form):
    """What a playbook of one's own needs besides its workflow."""

    workflow = forms.ModelChoiceField(Workflow.objects.none(), empty_label="Choose a workflow")
    name = forms.CharField(max_length=160, help_text="As people say it: Partner webinar.")
    summary = forms.CharField(max_length=400, help_text="What it does for whom, in a sentence.")
    channel = forms.SlugField(max_length=40, initial="email", help_text="As campaign names have it.")
    audience = forms.ModelChoiceField(Segment.objects.order_by("name"), empty_label="Choose a segment")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        frozen = Version.objects.exclude(frozen_at=None).values("workflow")
        rows = Workflow.objects.filter(pk__in=frozen, map_only=False).order_by("name")
        self.fields["workflow"].queryset = rows  # type: ignore[attr-defined]
        for name, field in self.fields.items():
            field.widget.attrs["autocomplete"] = "off"
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_help"


def new(request: HttpRequest) -> HttpResponse:
    """A playbook of one's own from a workflow: its templates and segments come along."""
    form = FromWorkflowForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return _make(request, form.cleaned_data)
        except BadPattern as error:
            for place, says in error.problems[:5]:
                form.add_error(None, f"{place}: {says}")
        except NotAllowed as error:
            form.add_error("workflow", str(error))
    status = 422 if form.errors else 200
    return render(request, "campaigns/playbook_new.html", {"form": form}, status=status)


def _make(request: HttpRequest, said: dict[str, Any]) -> HttpResponse:
    workflow: Workflow = said["workflow"]
    check_may(request.user, "playbooks.edit", workflow)
    version = workflow.versions.exclude(frozen_at=None).select_related("workflow__owner").order_by("-number").first()
    assert version is not None
    made = playbooks.make_from(
        version=version,
        key=slugify(said["name"])[:80],
        name=said["name"],
        summary=said["summary"],
        channel=said["channel"],
        audience=said["audience"].key,
        by=person(request),
        at=clock.now(),
    )
    messages.success(request, f"{made.playbook.name} is there: version {made.number}.")
    return redirect("playbook", key=made.playbook.key)


def _found(key: str) -> PlaybookVersion:
    version = reading.newest(key)
    if version is None:
        raise Http404(f"playbook {key}")
    return version


def _may(request: HttpRequest) -> bool:
    return may(request.user, "playbooks.edit")
