"""What campaigns came to, by one set of definitions (requirements F7, F9)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max
from django.db.models.fields.json import KeyTextTransform

from workflows.models import Contact, Conversion, Effect, LifecycleStage

#: The stage from which a lead counts as qualified.
QUALIFIED_FROM = "mql"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number on this page means."""

    name: str
    meaning: str


DEFINITIONS = (
    Definition(
        "Leads", "Contacts whose utm_campaign is this campaign now. A contact counts once, however often it came."
    ),
    Definition("Qualified", f"Leads whose lifecycle stage is {QUALIFIED_FROM} or further."),
    Definition("Messages", "Messages that were sent to these leads, not those withheld."),
    Definition("Conversions", "Goals that a workflow recorded for the campaign of the contact; each run counts once."),
    Definition("Rate", "Conversions for each hundred leads."),
)


@dataclass(frozen=True, slots=True)
class CampaignResult:
    """One campaign's line; an empty name stands for leads that carried none."""

    campaign: str
    leads: int
    qualified: int
    messages: int
    conversions: int
    last_conversion_at: datetime | None

    @property
    def rate_percent(self) -> float | None:
        return 100 * self.conversions / self.leads if self.leads else None


def by_campaign() -> list[CampaignResult]:
    """Every campaign that brought a lead or a conversion, the most conversions first."""
    leads, qualified = _leads(), _leads(stages=_qualified_stages())
    messages, conversions = _messages(), _conversions()
    results = [
        CampaignResult(
            campaign=campaign,
            leads=leads.get(campaign, 0),
            qualified=qualified.get(campaign, 0),
            messages=messages.get(campaign, 0),
            conversions=conversions.get(campaign, (0, None))[0],
            last_conversion_at=conversions.get(campaign, (0, None))[1],
        )
        for campaign in leads.keys() | conversions.keys()
    ]
    return sorted(
        results, key=lambda result: (not result.campaign, -result.conversions, -result.leads, result.campaign)
    )


def conversions_by_goal() -> list[tuple[str, int, datetime]]:
    """Each goal, how often it was reached, and when last."""
    rows = Conversion.objects.values_list("name").annotate(Count("pk"), Max("at")).order_by()
    return sorted(((name, count, last) for name, count, last in rows), key=lambda row: (-row[1], row[0]))


def by_stage() -> list[tuple[str, int]]:
    """How many contacts stand at each lifecycle stage, in order; those at none come first."""
    counts = dict(Contact.objects.values_list("lifecycle_stage").annotate(Count("pk")).order_by())
    stages = LifecycleStage.objects.order_by("position").values_list("key", "name")
    return [("No stage yet", counts.get(None, 0)), *((name, counts.get(key, 0)) for key, name in stages)]


def _qualified_stages() -> list[str]:
    first = LifecycleStage.objects.filter(key=QUALIFIED_FROM).values_list("position", flat=True).first()
    if first is None:
        return []
    return list(LifecycleStage.objects.filter(position__gte=first).values_list("key", flat=True))


def _leads(*, stages: list[str] | None = None) -> dict[str, int]:
    rows = Contact.objects.all() if stages is None else Contact.objects.filter(lifecycle_stage__in=stages)
    counted = rows.annotate(campaign=KeyTextTransform("utm_campaign", "fields")).values_list("campaign")
    return _summed(counted.annotate(Count("pk")).order_by())


def _messages() -> dict[str, int]:
    sent = Effect.objects.filter(kind="send_message", state=Effect.State.DONE)
    by_contact = dict(sent.values_list("contact_id").annotate(Count("pk")).order_by())
    campaigns = Contact.objects.filter(pk__in=by_contact).annotate(campaign=KeyTextTransform("utm_campaign", "fields"))
    return _summed((campaign, by_contact[pk]) for pk, campaign in campaigns.values_list("pk", "campaign"))


def _conversions() -> dict[str, tuple[int, datetime]]:
    rows = Conversion.objects.values_list("campaign").annotate(Count("pk"), Max("at")).order_by()
    return {campaign: (count, last) for campaign, count, last in rows}


def _summed(rows: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    """Counts by campaign; a missing one and an empty one are the same."""
    total: dict[str, int] = {}
    for campaign, count in rows:
        total[campaign or ""] = total.get(campaign or "", 0) + count
    return total
