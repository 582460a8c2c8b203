"""How long things are kept: what there is, how large it is, and what a shorter time would remove."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from martechops.lib import clock
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import retention as actions
from workflows.forms.retention import KeepForm
from workflows.models import RetentionPolicy
from workflows.queries import retention


def listing(request: HttpRequest) -> HttpResponse:
    """Every kind of row with its policy, size and age; what no policy shortens; the last run and the next."""
    at = clock.now()
    context = {
        "lines": retention.lines(),
        "fixed": retention.fixed(),
        "last": retention.last_run(),
        "next": retention.next_run(at=at),
        "may_manage": may(request.user, "retention.manage"),
    }
    return render(request, "workflows/retention.html", context)


def keep(request: HttpRequest, key: str) -> HttpResponse:
    """What a policy would remove; only with that on the screen is it saved, and a longer one at once."""
    kind = retention.KINDS.get(key)
    if kind is None:
        raise Http404(f"kind of row {key}")
    policy = RetentionPolicy.objects.filter(pk=key).first()
    now_days = policy.keep_days if policy else None
    form = KeepForm(request.POST) if request.method == "POST" else KeepForm.of(now_days)
    preview = None
    if form.is_bound and form.is_valid():
        days, at = form.days, clock.now()
        if days is None or (now_days is not None and days >= now_days) or "confirmed" in request.POST:
            actions.keep(kind=key, days=days, by=person(request), at=at)
            messages.success(request, f"{kind.label} are kept {'for ever' if days is None else f'for {days} days'}.")
            return redirect("retention")
        preview = retention.preview(kind, keep_days=days, at=at)
    context = {"kind": kind, "form": form, "preview": preview, "days": now_days}
    return render(request, "workflows/retention_keep.html", context, status=400 if form.errors else 200)
