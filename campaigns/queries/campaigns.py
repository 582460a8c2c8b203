"""Campaigns as their list and their pages show them."""

from dataclasses import dataclass

from django.db.models import Count, Prefetch, QuerySet

from campaigns.models import Campaign, CampaignContent, CampaignWorkflow
from martechops.lib import windows
from martechops.lib.windows import Window
from workflows.models import Activation, ContentItem, Version, Workflow


@dataclass(frozen=True, slots=True)
class CampaignFilter:
    """What a list is narrowed to; empty for everything that is not archived."""

    state: str = ""
    owner: str = ""
    q: str = ""

    def __bool__(self) -> bool:
        return bool(self.state or self.owner or self.q)


@dataclass(frozen=True, slots=True)
class Part:
    """One workflow of a campaign and where its versions stand."""

    workflow: Workflow
    #: It starts and stops with the campaign.
    is_own: bool
    live: Version | None
    #: What would go live.
    frozen: Version | None


def window(wanted: CampaignFilter, *, before: str = "") -> Window[Campaign]:
    """A page of the list, newest first."""
    rows: QuerySet[Campaign] = Campaign.objects.select_related("owner", "audience")
    rows = rows.filter(state=wanted.state) if wanted.state else rows.exclude(state="archived")
    if wanted.owner:
        rows = rows.filter(owner__key=wanted.owner)
    if wanted.q:
        rows = rows.filter(name__icontains=wanted.q)
    return windows.by_id(rows, before=before)


def counts() -> dict[str, int]:
    """How many there are in each state."""
    return dict(Campaign.objects.order_by("state").values_list("state").annotate(Count("pk")))


def found(key: str) -> Campaign | None:
    """One campaign with what its page names."""
    return Campaign.objects.filter(key=key).select_related("owner", "audience", "playbook__playbook").first()


def parts(campaign: Campaign) -> list[Part]:
    """Its workflows, its own first, in three queries."""
    live = Activation.objects.filter(until=None).select_related("version")
    frozen = Version.objects.exclude(frozen_at=None).order_by("-number")
    rows = (
        CampaignWorkflow.objects.filter(campaign=campaign)
        .select_related("workflow__owner")
        .prefetch_related(
            Prefetch("workflow__activations", queryset=live, to_attr="live_now"),
            Prefetch("workflow__versions", queryset=frozen, to_attr="frozen_versions"),
        )
    )
    return [_part(row) for row in rows]


def _part(row: CampaignWorkflow) -> Part:
    live: list[Activation] = row.workflow.live_now  # type: ignore[attr-defined]  # prefetched above
    frozen: list[Version] = row.workflow.frozen_versions  # type: ignore[attr-defined]
    return Part(
        workflow=row.workflow,
        is_own=row.is_own,
        live=live[0].version if live else None,
        frozen=frozen[0] if frozen else None,
    )


def publishing(item: ContentItem) -> list[Campaign]:
    """Campaigns that publish it, newest first."""
    return list(Campaign.objects.filter(pieces__item=item).exclude(state="archived").order_by("-pk")[:20])


def pieces(campaign: Campaign) -> list[CampaignContent]:
    """What it publishes."""
    return list(campaign.pieces.select_related("item__owner"))
