"""Campaigns go live and end by themselves: checked anew for what they are at that moment, then started, or held."""

from datetime import datetime

from campaigns.actions import campaign_chores
from campaigns.runtime import checking


def keep(*, at: datetime) -> int:
    """Start and end what is due; how many did. A tick that comes twice finds nothing to do."""
    started = 0
    for campaign in campaign_chores.due(at=at):
        checking.check("campaign", campaign.key, at=at)
        started += campaign_chores.start(campaign, at=at)
    return started + campaign_chores.end_due(at=at)
