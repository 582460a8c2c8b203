"""Effects: the list with its filters, one with what is known of it, and what a person decides about it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from martechops.lib import clock, windows
from martechops.lib.tabs import Tab
from martechops.people.permissions import may
from martechops.people.visitors import person
from workflows.actions import effects as actions
from workflows.forms import connection as forms
from workflows.models import Effect, System
from workflows.queries import attention, effects, names

#: What is said when it is done, by verb.
_SAID = {
    "happened": "{} settled: it happened.",
    "send-again": "{} will be tried again in a moment, if their guards still allow it.",
    "skip": "{} let go.",
    "release": "{} may go on.",
    "ask": "The far side will be asked about {}. Where it cannot tell, nothing changes.",
}


def listing(request: HttpRequest) -> HttpResponse:
    """Effects, newest first, filtered by the address bar."""
    asked = request.GET
    wanted = effects.EffectFilter(
        state=asked.get("state", ""),
        system=asked.get("system", ""),
        kind=asked.get("kind", ""),
        contact_id=windows.row_id(asked.get("contact", "")),
    )
    window = effects.window(wanted, before=asked.get("before", ""))
    counts = attention.effects_by_state()
    return render(
        request,
        "workflows/effect_list.html",
        {
            "window": window,
            "wanted": wanted,
            "people": names.of_contacts(effect.contact_id for effect in window.rows if effect.contact_id),
            "systems": names.of_systems(),
            "states": Effect.State.choices,
            "kinds": forms.kinds(),
            "tabs": _tabs(wanted, counts),
            "may_resolve": wanted.state in effects.OPEN and may(request.user, "effects.resolve"),
        },
    )


def _tabs(wanted: effects.EffectFilter, counts: dict[str, int]) -> list[Tab]:
    rest = {"system": wanted.system} if wanted.system else {}
    tabs = [Tab("All", f"?{urlencode(rest)}", current=not wanted.state)]
    for state in effects.OPEN:
        address = "?" + urlencode({"state": state.value, **rest})
        tabs.append(Tab(state.label, address, current=wanted.state == state, count=counts.get(state, 0)))
    return tabs


def detail(request: HttpRequest, effect_id: int) -> HttpResponse:
    """What was sent, what is known, and what can be done about it."""
    effect = Effect.objects.filter(pk=effect_id).first()
    if effect is None:
        raise Http404(f"effect {effect_id}")
    system = System.objects.filter(key=effect.system).select_related("owner").first()
    outcome = effect.outcome or {}
    return render(
        request,
        "workflows/effect_detail.html",
        {
            "effect": effect,
            "system": system,
            "effect_class": forms.effect_class(system) if system else "",
            "person": names.of_contacts([effect.contact_id])[effect.contact_id] if effect.contact_id else "",
            "workflow": names.of_workflows().get(effect.workflow_id),
            "content": outcome.get("content"),
            "receipt": outcome.get("receipt"),
            "may_resolve": effect.state in effects.OPEN and may(request.user, "effects.resolve"),
        },
    )


@require_POST
def resolve(request: HttpRequest) -> HttpResponse:
    """What a person says of one effect or of many."""
    verb = request.POST.get("verb", "")
    if verb not in actions.VERBS:
        raise Http404(verb)
    ids = [key for key in map(windows.row_id, request.POST.getlist("effect")) if key is not None]
    try:
        count = actions.VERBS[verb](
            effects=ids, by=person(request), at=clock.now(), note=request.POST.get("note", "").strip()
        )
    except (actions.WrongState, ValueError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _SAID[verb].format(f"{count} effect{'' if count == 1 else 's'}"))
    back = request.POST.get("back", "")
    return redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "effects")
