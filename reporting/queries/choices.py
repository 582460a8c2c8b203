"""What can be chosen in the filters of a dashboard."""

from campaigns.models import Campaign
from martechops.people.models import Team
from reporting.models import DailyDeals, DailyFigure
from workflows.models import Workflow


def campaigns() -> list[str]:
    """Names that contacts carry, for the choice of a campaign; the newest two hundred."""
    rows = DailyFigure.objects.filter(figure="leads").exclude(campaign="").values_list("campaign", flat=True).distinct()
    return sorted(rows[:200])


def channels() -> list[str]:
    """Channels that contacts came by."""
    rows = DailyFigure.objects.filter(figure="leads").exclude(channel="").values_list("channel", flat=True).distinct()
    return sorted(rows[:60])


def currencies() -> list[str]:
    """What amounts of deals and budgets are said in."""
    deals = DailyDeals.objects.exclude(currency="").values_list("currency", flat=True).distinct().order_by()
    budgets = Campaign.objects.exclude(budget=None).values_list("currency", flat=True).distinct().order_by()
    return sorted(deals.union(budgets))


def offered(name: str) -> dict[str, str]:
    """What can be chosen of a filter of the address: what stands there → what people call it."""
    match name:
        case "campaign":
            return {one: one for one in campaigns()}
        case "channel":
            return {one: one for one in channels()}
        case "currency":
            return {one: one for one in currencies()}
        case "workflow":
            return dict(Workflow.objects.filter(map_only=False).order_by("name").values_list("key", "name"))
        case _:
            return dict(Team.objects.order_by("name").values_list("key", "name"))
