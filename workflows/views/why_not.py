"""Why not: asked of one contact, answered with the values and the smallest change that would have turned it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from martechops.lib import clock
from martechops.lib.path_words import humane
from workflows.models import Activation, Contact, Workflow
from workflows.queries import specs, why_not


def show(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The question as two choices, and its answer under them."""
    contact = get_object_or_404(Contact, pk=contact_id)
    key, step = request.GET.get("workflow", ""), request.GET.get("step", "")
    live = Activation.objects.filter(until=None).select_related("workflow", "version").order_by("workflow__name")
    workflow = Workflow.objects.filter(key=key, map_only=False).first()
    steps = _steps(workflow, {one.workflow_id: one for one in live})
    context: dict[str, Any] = {
        "contact": contact,
        "workflows": [one.workflow for one in live],
        "workflow": workflow,
        "steps": steps,
        "step": step,
    }
    if workflow and step in dict(steps):
        found = why_not.of_contact(contact, workflow=workflow, step=step, at=clock.now())
        context |= {"found": found, "name": dict(steps)[step]}
        if found:
            context |= {
                "says": humane(found.answer.says),
                "decided_at": dict(steps).get(found.answer.step, found.answer.step),
            }
    return render(request, "workflows/why_not.html", context)


def _steps(workflow: Workflow | None, live: dict[int, Activation]) -> list[tuple[str, str]]:
    """Key and name of what the workflow does; the version that is live, or the newest."""
    if workflow is None:
        return []
    activation = live.get(workflow.pk)
    version = activation.version if activation else workflow.versions.order_by("-number").first()
    return [(step.key, step.name) for step in specs.of(version).spec.steps] if version else []
