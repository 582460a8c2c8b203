"""Connections: how each far side is reached, whether it is well, and the switches that stop it."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from martechops.lib import clock
from martechops.people.models import User
from martechops.people.permissions import NotAllowed, may
from martechops.people.visitors import person
from workflows.actions import connections as actions
from workflows.actions import polls
from workflows.forms import connection as forms
from workflows.models import Effect, System
from workflows.queries import connections, effects
from workflows.queries import polls as asked


def listing(request: HttpRequest) -> HttpResponse:
    """All of them, with what holds them."""
    found = connections.overviews(at=clock.now())
    return render(
        request,
        "workflows/connection_list.html",
        {
            "lines": [(one, forms.connector_name(one.system), forms.is_local(one.system)) for one in found],
            "outbound": connections.outbound(),
            "may_stop": may(request.user, "outbound.stop"),
        },
    )


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """One connection; a POST writes what is set about it."""
    system = _system(key)
    now = clock.now()
    found = connections.overview(system, at=now)
    posted = request.POST if request.method == "POST" else None
    form = forms.ConnectionForm(posted, system=system, terms=found.terms)
    if posted is not None and form.is_valid():
        actions.save(system=system, terms=form.terms, by=person(request), at=now)
        messages.success(request, "Saved. It counts from the next effect on.")
        return redirect("connection", key=key)
    return render(
        request,
        "workflows/connection_detail.html",
        {
            "one": found,
            "form": form,
            "connector": forms.connector_name(system),
            "effect_class": forms.effect_class(system),
            "is_local": forms.is_local(system),
            "may_manage": may(request.user, "connections.manage", system),
            "may_pause": may(request.user, "systems.pause"),
            "asked": asked.of(system) if forms.tells_changes(system) else None,
            "latest": effects.window(effects.EffectFilter(system=key)).rows[:8],
            "uncertain": found.counts.get(Effect.State.UNCERTAIN, 0),
            "failed": found.counts.get(Effect.State.FAILED, 0),
        },
        status=400 if posted is not None else 200,
    )


@require_POST
def ask(request: HttpRequest, key: str) -> HttpResponse:
    """Ask now what changed there."""
    system = _system(key)
    polls.ask_now(system=system, by=person(request), at=clock.now())
    messages.success(request, f"{system.name} is asked now what changed there.")
    return redirect("connection", key=key)


@require_POST
def switch(request: HttpRequest, key: str) -> HttpResponse:
    """Pause, resume, try again, sandbox mode on or off."""
    system = _system(key)
    try:
        said = _switched(system, request.POST.get("to", ""), by=person(request), at=clock.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("connection", key=key)


def _switched(system: System, wanted: str, *, by: User, at: datetime) -> str:
    if wanted == "pause":
        actions.pause(system=system, by=by, at=at)
        return f"{system.name} is stopped. What is to be done there waits."
    if wanted == "resume":
        actions.resume(system=system, by=by, at=at)
        return f"{system.name} goes on."
    if wanted == "enable":
        actions.enable(system=system, by=by, at=at)
        return f"{system.name} is tried again with the next effect."
    if wanted in ("sandbox", "earnest"):
        actions.set_sandbox(system=system, on=wanted == "sandbox", by=by, at=at)
        return "Nothing leaves any more: it is captured." if wanted == "sandbox" else "From now on it sends in earnest."
    raise Http404(wanted)


@require_POST
def outbound(request: HttpRequest) -> HttpResponse:
    """The switch of the workspace."""
    by, at = person(request), clock.now()
    if request.POST.get("to") == "start":
        actions.start_everything(by=by, at=at)
        messages.success(request, "Outbound is on. What has waited goes on.")
        return redirect("connections")
    try:
        actions.stop_everything(because=request.POST.get("because", ""), by=by, at=at)
    except ValueError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Nothing leaves this installation until somebody turns it on again.")
    return redirect("connections")


def _system(key: str) -> System:
    system = System.objects.filter(key=key).exclude(connector="").select_related("owner").first()
    if system is None:
        raise Http404(f"connection {key}")
    return system
