"""Links: the registry of what launches send people to, the builder that tags an address, and short addresses."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns import lifecycle, naming
from campaigns.actions import checklists
from campaigns.actions import short_links as actions
from campaigns.models import Campaign
from campaigns.pattern import Parameter
from campaigns.pattern.parameters import BadValue
from campaigns.queries import campaigns, links, short_links
from martechops.lib import clock
from martechops.people.permissions import check_may, may
from martechops.people.visitors import person


def listing(request: HttpRequest) -> HttpResponse:
    """Every link of launches that are not over; a POST has them visited anew, or makes a short address of one."""
    if request.method == "POST" and request.POST.get("do") == "shorten":
        return _shorten(request)
    found = links.registered()
    if request.method == "POST":
        addresses = links.to_visit(found)
        checklists.ask_for_visits(addresses, at=clock.now())
        messages.success(request, f"{len(addresses)} addresses are visited, one after the other for each host.")
        return redirect("links")
    asked, problem, built = request.GET, "", ""
    rows = Campaign.objects.exclude(state=lifecycle.State.ARCHIVED).order_by("-pk")[:200]
    campaign = next((row for row in rows if row.key == asked.get("campaign")), None)
    if campaign and asked.get("address"):
        try:
            built = _tagged(campaign, {name: str(text) for name, text in asked.items()})
        except BadValue as error:
            problem = f"It must be {error}."
    context = {
        "links": found,
        "astray": sum(bool(one.astray) for one in found),
        "broken": sum(bool(one.visit and one.visit.problem) for one in found),
        "campaigns": rows,
        "campaign": campaign,
        "asked": asked,
        "built": built,
        "short": short_links.of(campaign, built) if campaign and built else None,
        "problem": problem,
        "may_shorten": campaign is not None and may(request.user, "campaigns.edit", campaign),
    }
    return render(request, "campaigns/links.html", context)


def _shorten(request: HttpRequest) -> HttpResponse:
    """The short address of what the builder has tagged, and back to it."""
    asked = {name: request.POST.get(name, "") for name in ("campaign", "address", "source", "medium", "content")}
    campaign, back = campaigns.found(asked["campaign"]), f"{reverse('links')}?{urlencode(asked)}"
    try:
        built = _tagged(campaign, asked) if campaign else ""
    except BadValue:  # the builder says what is wrong
        built = ""
    if campaign and built:
        check_may(request.user, "campaigns.edit", campaign)
        actions.make(campaign=campaign, address=built, by=person(request), at=clock.now())
    return redirect(back)


def _tagged(campaign: Campaign, asked: Mapping[str, str]) -> str:
    """Raises BadValue for what is no address."""
    address = Parameter("address", "Address", "url").read(asked["address"])
    extra = {name: asked.get(name, "").strip() for name in ("source", "medium", "content")}
    utm = {"campaign": campaign.name, **campaign.utm, **{name: text for name, text in extra.items() if text}}
    return naming.tag(address, utm)


@never_cache
@require_safe
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """On to where a short address leads; looking at it without going there is not counted."""
    address = actions.follow(code, at=clock.now(), count=request.method == "GET")
    if address is None:
        raise Http404(f"short address {code}")
    return HttpResponseRedirect(address)
