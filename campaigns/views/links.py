"""Links: the registry of what launches send people to, and the builder that tags an address by a campaign."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaigns import lifecycle, naming
from campaigns.actions import checklists
from campaigns.models import Campaign
from campaigns.pattern import Parameter
from campaigns.pattern.parameters import BadValue
from campaigns.queries import links
from martechops.lib import clock


def listing(request: HttpRequest) -> HttpResponse:
    """Every link of launches that are not over; a POST has them visited anew."""
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
            address = Parameter("address", "Address", "url").read(asked["address"])
            extra = {name: asked.get(name, "").strip() for name in ("source", "medium", "content")}
            utm = {"campaign": campaign.name, **campaign.utm, **{name: text for name, text in extra.items() if text}}
            built = naming.tag(address, utm)
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
        "problem": problem,
    }
    return render(request, "campaigns/links.html", context)
