"""A contact's history kept as a scenario, with made-up values in place of what is personal."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from martechops.lib import clock
from martechops.people.permissions import NotAllowed
from martechops.people.visitors import person
from workflows.actions import scenarios
from workflows.engine.parse import BadSpec
from workflows.engine.scenarios import write
from workflows.models import Contact, Workflow
from workflows.rehearsal import ground, histories, versions


@require_POST
def keep(request: HttpRequest, contact_id: int) -> HttpResponse:
    """A draft scenario of what came in from this contact, as the workflow's version handles it now."""
    contact = Contact.objects.filter(pk=contact_id).first()
    workflow = Workflow.objects.filter(key=request.POST.get("workflow", ""), map_only=False).first()
    version = versions.newest(workflow) if workflow else None
    if contact is None or workflow is None or version is None:
        raise Http404
    try:
        name = f"A recorded story on {workflow.name}"[:120]
        key = f"recorded-{workflow.key}"
        document = write(histories.of(contact, ground.of(version), key=key, name=name))
        note = "A recorded story, made anonymous"
        row = scenarios.keep(workflow=workflow, document=document, by=person(request), at=clock.now(), note=note)
    except (histories.NoHistory, BadSpec, NotAllowed, ValidationError) as error:
        messages.error(request, f"It was not kept: {error}")
        return redirect("contact", contact_id=contact_id)
    messages.success(request, f"Kept as scenario {row.key}. Read it once before you rely on it.")
    return redirect("definition", kind="scenario", row_id=row.pk)
