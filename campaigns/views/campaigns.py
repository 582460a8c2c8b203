"""Campaigns: the list, one with everything that hangs on it, and its form."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from campaigns import lifecycle, pattern
from campaigns.actions import campaigns as actions
from campaigns.forms.campaign import CampaignForm
from campaigns.models import ApprovalRequest, Campaign
from campaigns.queries import approvals, audiences, calendars, checklists, conventions, links, playbooks
from campaigns.queries import campaigns as reading
from martechops.lib import clock
from martechops.people.models import Team
from martechops.people.permissions import NotAllowed, check_may, may
from martechops.people.visitors import person
from workflows.engine.conditions import BadCondition


def listing(request: HttpRequest) -> HttpResponse:
    """Every campaign that is not archived, newest first, filtered by the address bar."""
    asked = request.GET
    wanted = reading.CampaignFilter(
        state=asked.get("state", ""), owner=asked.get("owner", ""), q=asked.get("q", "").strip()
    )
    counts = reading.counts()
    context = {
        "window": reading.window(wanted, before=asked.get("before", "")),
        "wanted": wanted,
        "states": [(state.value, name, counts.get(state, 0)) for state, name in lifecycle.LABELS.items()],
        "teams": Team.objects.order_by("name"),
        "may_add": may(request.user, "campaigns.edit"),
    }
    return render(request, "campaigns/list.html", context)


def detail(request: HttpRequest, key: str) -> HttpResponse:
    """One campaign: what it is, where it stands, and what can be done with it."""
    campaign = found(key)
    convention = conventions.in_force("campaign")
    asked = approvals.newest_of("campaign", campaign.key)
    has_run_out = campaign.state == lifecycle.State.PAUSED and asked is not None and _has_run_out(asked)
    context = {
        "campaign": campaign,
        "has_run_out": has_run_out,
        "naming": convention.explain(campaign.name) if convention else (),
        "verbs": [step for step in verbs(request, campaign) if step.verb != ("resume" if has_run_out else "renew")],
        "asked": asked,
        "made_with": _made_with(campaign),
        "parts": reading.parts(campaign),
        "checks": checklists.shown_now("campaign", campaign.key),
        "pieces": reading.pieces(campaign),
        "past": campaign.history.select_related("history_user").order_by("-history_id")[:30],
        "links": links.registered(campaign),
        "update": playbooks.update_for(campaign),
        "may_edit": campaign.state in lifecycle.EDITABLE and may(request.user, "campaigns.edit", campaign),
    }
    return render(request, "campaigns/detail.html", context)


def _made_with(campaign: Campaign) -> list[tuple[str, Any]]:
    """What was said to its playbook, by the words and in the order of the playbook."""
    if campaign.playbook is None:
        return []
    asked = {one.key: one for one in pattern.read(campaign.playbook.content).parameters}
    said = campaign.parameters
    return [
        (one.label, datetime.fromisoformat(said[key]) if one.type == "datetime" and said[key] else said[key])
        for key, one in asked.items()
        if key in said
    ]


def _has_run_out(asked: ApprovalRequest) -> bool:
    """Does nothing that was agreed to hold any more? Where nobody had to agree, nothing runs out."""
    holds = asked.state == ApprovalRequest.State.APPROVED and (asked.expires_at > clock.now() or not asked.needs)
    return not holds and asked.state != ApprovalRequest.State.OPEN


def reach(request: HttpRequest, key: str) -> HttpResponse:
    """How many its audience has, and how many of them can be written to; a part of its page that comes by itself."""
    campaign = found(key)
    try:
        counted = audiences.reach(campaign.audience.when, at=clock.now()) if campaign.audience else None
    except BadCondition:
        counted = None
    return render(request, "campaigns/reach.html", {"reach": counted})


def month(request: HttpRequest) -> HttpResponse:
    """What runs when: a month, by the clock of who looks."""
    zone = timezone.get_current_timezone()
    first = calendars.month_of(request.GET.get("month", ""), today=clock.now().astimezone(zone).date())
    return render(request, "campaigns/calendar.html", {"month": calendars.month(first, zone=zone)})


def new(request: HttpRequest) -> HttpResponse:
    """A campaign without a playbook."""
    return _form(request, Campaign())


def edit(request: HttpRequest, key: str) -> HttpResponse:
    """Change a draft; what is no draft leads back to its page."""
    campaign = found(key)
    check_may(request.user, "campaigns.edit", campaign)
    if campaign.state not in lifecycle.EDITABLE:
        messages.error(request, f"It is {lifecycle.label(campaign.state)}: take it back to draft to change it.")
        return redirect("campaign", key=key)
    return _form(request, campaign)


@require_POST
def move(request: HttpRequest, key: str) -> HttpResponse:
    """One step further."""
    campaign, said = found(key), request.POST
    try:
        campaign = actions.move(
            campaign=campaign,
            verb=said.get("verb", ""),
            by=person(request),
            at=clock.now(),
            note=said.get("note", "")[:400],
        )
    except (lifecycle.WrongState, actions.NotReady, NotAllowed) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{campaign.name} is {lifecycle.label(campaign.state)}.")
    return redirect("campaign", key=key)


def found(key: str) -> Campaign:
    """Raises Http404."""
    campaign = reading.found(key)
    if campaign is None:
        raise Http404(f"campaign {key}")
    return campaign


def verbs(request: HttpRequest, campaign: Campaign) -> list[lifecycle.Step[lifecycle.State]]:
    """The steps that this person can take it from here."""
    steps = list(lifecycle.possible(campaign.state))
    allowed = {action for action in {step.action for step in steps} if action and may(request.user, action, campaign)}
    return [step for step in steps if step.action in allowed]


def _form(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    user = person(request)
    if request.method != "POST":
        return _page(request, campaign, CampaignForm(user=user, campaign=campaign))
    form = CampaignForm(request.POST, user=user, campaign=campaign)
    if not form.is_valid():
        return _page(request, campaign, form, status=422)
    before = campaign.name
    form.fill(campaign)
    try:
        _save(request, campaign, form)
    except ValidationError as error:
        for name, said in error.message_dict.items() if hasattr(error, "error_dict") else [("", error.messages)]:
            form.add_error(name if name in form.fields else None, said)
    except actions.ChangedMeanwhile:
        form.add_error(None, "Somebody changed it while you wrote. What you wrote stands here still; save to keep it.")
        campaign.name = before
        return _page(request, campaign, form, status=409)
    except (NotAllowed, actions.NotADraft) as error:
        form.add_error(None, str(error))
    else:
        messages.success(request, f"{campaign.name} is saved.")
        return redirect("campaign", key=campaign.key)
    campaign.name = before
    return _page(request, campaign, form, status=422)


@transaction.atomic
def _save(request: HttpRequest, campaign: Campaign, form: CampaignForm) -> None:
    """The row and what hangs on it, or nothing."""
    by, at, said = person(request), clock.now(), form.cleaned_data
    saved = actions.save(campaign, by=by, at=at, expected=request.POST.get("seen") or None)
    actions.set_workflows(campaign=saved, workflows=list(said["workflows"]), by=by, at=at)
    actions.set_content(campaign=saved, items=list(said["content"]), by=by, at=at)


def _seen(request: HttpRequest, campaign: Campaign, status: int) -> str:
    """What the next save is held against: as it was read first, until what others wrote was shown."""
    if status == 422:
        return request.POST.get("seen", "")
    return "" if campaign._state.adding else actions.state_of(campaign)


def _page(request: HttpRequest, campaign: Campaign, form: Any, *, status: int = 200) -> HttpResponse:
    convention = conventions.in_force("campaign")
    context = {
        "campaign": campaign,
        "form": form,
        "seen": _seen(request, campaign, status),
        "theirs": found(campaign.key) if status == 409 else None,
        "pattern": convention.example() if convention else "",
    }
    return render(request, "campaigns/edit.html", context, status=status)
