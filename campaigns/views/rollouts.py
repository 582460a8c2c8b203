"""Rollouts: which run, one with its gates and its buttons, and the form that begins one."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from campaigns import rollout_states
from campaigns.actions import rollouts as actions
from campaigns.forms.rollout import StartForm
from campaigns.models import Rollout
from campaigns.queries import rollout_counts, rollout_monitor
from campaigns.queries import rollouts as reading
from martechops.lib import clock
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person
from workflows.actions.moves import InFlight
from workflows.engine.in_flight import MIGRATE, PIN
from workflows.models import Activation, LifecycleStage, Version
from workflows.views import in_flight
from workflows.views.in_flight import Choice

_MOST_SHOWN = 50


def listing(request: HttpRequest) -> HttpResponse:
    """Those that are under way, and the newest that are over."""
    found = list(reading.with_state()[:_MOST_SHOWN])
    running = [row for row in found if row.state in rollout_states.OPEN]  # type: ignore[attr-defined]
    context = {
        "running": _lines(running),
        "over": [row for row in found if row not in running],
    }
    return render(request, "campaigns/rollouts.html", context)


def running(request: HttpRequest) -> HttpResponse:
    """A block for Today: what is being let out, and what its gates say."""
    return render(request, "campaigns/rollouts_running.html", {"lines": _lines(list(reading.open_ones()))})


def _lines(rows: list[Rollout]) -> list[dict[str, object]]:
    alarms = rollout_monitor.alarms(rows) if rows else {}
    return [
        {
            "rollout": row,
            "stage": reading.ramp_of(row).stages[row.stage_now].words,  # type: ignore[attr-defined]
            "alarms": alarms.get(row.pk, []),
        }
        for row in rows
    ]


def detail(request: HttpRequest, rollout_id: int) -> HttpResponse:
    """Stages, both arms gate by gate, people, log, and buttons that say what they come to."""
    rollout = _found(rollout_id)
    shown = rollout_monitor.of(rollout)
    context = {
        "shown": shown,
        "rollout": rollout,
        "workflow": rollout.version.workflow,
        "choices": [choice for choice in shown.choices if _may(request, rollout, choice.step.verb)],
    }
    return render(request, "campaigns/rollout.html", context)


def _may(request: HttpRequest, rollout: Rollout, verb: str) -> bool:
    return may(request.user, actions.rule_of(verb), rollout.version.workflow)


@require_POST
def move(request: HttpRequest, rollout_id: int) -> HttpResponse:
    """A step by hand."""
    rollout = _found(rollout_id)
    verb, because = request.POST.get("verb", ""), request.POST.get("because", "").strip()[:2000]
    seen = request.POST.get("seen", "")
    try:
        actions.move(
            rollout=rollout,
            verb=verb,
            by=person(request),
            at=clock.now(),
            because=because,
            seen=int(seen) if seen.isdecimal() and len(seen) < 9 else None,
        )
    except (rollout_states.WrongState, actions.CannotActivate) as error:
        messages.error(request, f"{str(error).rstrip('.')}.")
    else:
        messages.success(request, f"Done: {rollout_states.words(verb)}.")
    return redirect("rollout", rollout_id=rollout_id)


def start(request: HttpRequest, version_id: int) -> HttpResponse:
    """Let a frozen version out stage by stage."""
    version = get_object_or_404(Version.objects.select_related("workflow__owner"), pk=version_id)
    check_may(person(request), "rollouts.start", version.workflow)
    live = Activation.objects.filter(workflow=version.workflow, until=None).select_related("version__workflow").first()
    said = request.POST if request.method == "POST" else request.GET
    chosen = in_flight.choice(said, old=live.version, new=version) if live and live.version != version else None
    looks = "look" in request.POST
    form = StartForm(
        request.POST if request.method == "POST" else None,
        initial={"note": version.note, "expected_stages": _stages(version, live)},
    )
    if chosen and chosen.policy == MIGRATE and not chosen.steps and not looks and form.is_valid():
        form.add_error(None, "Say for one step at least where those who wait there go, or let them finish.")
    if request.method == "POST" and not looks and form.is_valid():
        given = form.cleaned_data
        try:
            begun = actions.start(
                version=version,
                ramp=given["ramp"],
                by=person(request),
                at=clock.now(),
                note=given["note"],
                starts_at=given["starts_at"],
                in_flight=_in_flight(chosen, seen=said.get("seen", "")),
            )
        except actions.CannotActivate as error:
            form.add_error(None, f"{str(error).rstrip('.')}.")
        else:
            return redirect("rollout", rollout_id=begun.pk)
    context = {
        "version": version,
        "workflow": version.workflow,
        "live": live.version if live else None,
        "form": form,
        "chosen": chosen,
    }
    refused = request.method == "POST" and not looks
    return render(request, "campaigns/rollout_start.html", context, status=422 if refused else 200)


def _in_flight(chosen: Choice | None, *, seen: str) -> InFlight:
    """What is to become of those on their way, once it is for everybody."""
    return InFlight(chosen.policy or PIN, chosen.steps, seen) if chosen else actions.FINISH


def _stages(version: Version, live: Activation | None) -> list[LifecycleStage]:
    """What both set: what is new in it is for the person to agree to."""
    keys = rollout_counts.stages_set_by(live.version if live else version)
    return list(LifecycleStage.objects.filter(key__in=keys))


def _found(rollout_id: int) -> Rollout:
    found = reading.with_state().filter(pk=rollout_id).first()
    if found is None:
        raise Http404(f"rollout {rollout_id}")
    return found
