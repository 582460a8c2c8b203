"""Two contacts that may be one person: compared, merged, made two again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from martechops.lib import clock, windows
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person
from workflows.actions import merges
from workflows.models import Contact, DuplicateFinding, Merge
from workflows.queries import contacts, names
from workflows.queries import merges as reading


def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs that were found and nobody has decided; a POST says that two are two people."""
    if request.method == "POST":
        finding = get_object_or_404(DuplicateFinding, pk=windows.row_id(request.POST.get("finding", "")))
        try:
            merges.dismiss(finding, by=person(request), at=clock.now())
        except merges.CannotMerge as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "Noted: they are two people, and will not be found again.")
        return redirect("duplicates")
    context = {"pairs": reading.open_pairs(), "may_merge": may(request.user, "contacts.merge")}
    return render(request, "workflows/duplicates.html", context)


def show(request: HttpRequest, contact_id: int) -> HttpResponse:
    """With `other`, what merging it into this contact would do; without, whom to look for. A POST does it."""
    kept = get_object_or_404(Contact, pk=contact_id)
    if request.method == "POST":
        return _merge(request, kept, windows.row_id(request.POST.get("other", "")))
    search = request.GET.get("other", "").strip()
    found = _found(search, kept) if search else []
    context = {"contact": kept, "search": search, "found": found, "may_merge": may(request.user, "contacts.merge")}
    if len(found) == 1:
        context |= {"plan": _plan(request, kept, found[0]), "labels": names.of_fields()}
    return render(request, "workflows/merge.html", context)


def _plan(request: HttpRequest, kept: Contact, gone: Contact) -> merges.Plan | None:
    try:
        return merges.plan(kept_id=kept.pk, gone_id=gone.pk)
    except merges.CannotMerge as error:
        messages.error(request, str(error))
        return None


def _found(search: str, kept: Contact) -> list[Contact]:
    """By number, or as the contacts page searches."""
    rows = Contact.objects.filter(pk=int(search)) if search.isdecimal() and len(search) < 19 else Contact.objects.none()
    window = list(rows) or contacts.window(at=clock.now(), search=search).rows
    return [row for row in window if row.pk != kept.pk][:20]


def _merge(request: HttpRequest, kept: Contact, gone_id: int | None) -> HttpResponse:
    """The very contact that was previewed: whoever presses twice finds it gone, and nobody else in its place."""
    from_gone = {name.removeprefix("take-") for name, value in request.POST.items() if value == "gone"}
    try:
        merges.merge(kept_id=kept.pk, gone_id=gone_id or 0, by=person(request), at=clock.now(), from_gone=from_gone)
    except merges.CannotMerge as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "They are one contact now. It can be undone on this page.")
    return redirect("contact", contact_id=kept.pk)


@require_POST
def undo(request: HttpRequest, merge_id: int) -> HttpResponse:
    """Two contacts again."""
    check_may(request.user, "contacts.merge")
    done = get_object_or_404(Merge, pk=merge_id)
    try:
        back = merges.undo(done, by=person(request), at=clock.now())
    except merges.CannotMerge as error:
        messages.error(request, str(error))
        return redirect("contact", contact_id=done.kept_id)
    messages.success(request, "They are two contacts again; what came since the merge stayed with the other one.")
    return redirect("contact", contact_id=back.pk)
