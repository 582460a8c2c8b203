"""Contacts: the list, and one with everything that changed and why."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from martechops.lib import clock
from martechops.people.permissions import may
from workflows.models import Contact
from workflows.queries import contacts, merges, names, runs, scores, timeline

from .stories import chapters, step_name

CONSENTS = (("granted", "Granted"), ("denied", "Denied"), ("missing", "Not on record"))


def listing(request: HttpRequest) -> HttpResponse:
    """Contacts, last changed first; a search that finds exactly one goes straight to it."""
    search = request.GET.get("q", "").strip()
    stage, consent = request.GET.get("stage", ""), request.GET.get("consent", "")
    before = request.GET.get("before", "")
    window = contacts.window(at=clock.now(), search=search, stage=stage, consent=consent, before=before)
    if search and "@" in search and len(window.rows) == 1 and not (stage or consent):
        return redirect("contact", contact_id=window.rows[0].pk)
    return render(
        request,
        "workflows/contact_list.html",
        {
            "window": window,
            "search": search,
            "stage": stage,
            "consent": consent,
            "stages": names.of_stages(),
            "consents": CONSENTS,
            "is_filtered": bool(search or stage or consent),
        },
    )


def detail(request: HttpRequest, contact_id: int) -> HttpResponse:
    """One contact: what is known, and the story of how it came to be."""
    contact = Contact.objects.filter(pk=contact_id).first()
    if contact is None:
        if kept_id := merges.kept_instead_of(contact_id):
            messages.info(request, f"Contact {contact_id} was merged into this one.")
            return redirect("contact", contact_id=kept_id)
        raise Http404(f"contact {contact_id}")
    told = timeline.of_contact(contact.pk, before=request.GET.get("before", ""))
    entered = runs.of_contact(contact.pk, limit=20)
    versions = {version.pk: version for version in told.versions.values()}
    return render(
        request,
        "workflows/contact_detail.html",
        {
            "contact": contact,
            "may_keep": may(request.user, "definitions.edit"),
            "may_write": may(request.user, "contacts.write"),
            "may_merge": may(request.user, "contacts.merge"),
            "merged": merges.done_to(contact.pk),
            "pairs": merges.others_of(contact.pk),
            "score": scores.explained(contact, at=clock.now()),
            "told": told,
            "story": chapters(told),
            "fields": sorted((told.fields.get(key, key), value) for key, value in contact.fields.items()),
            "stages": names.of_stages(),
            "keys": contacts.keys(contact.pk),
            "ledger": contacts.consent_ledger(contact.pk),
            "conversions": contacts.conversions(contact.pk),
            "runs": [(run, step_name(run.step, versions.get(run.version_id))) for run in entered],
            "workflows": {workflow.pk: workflow for workflow in told.workflows.values()},
        },
    )
