"""Campaigns that start and end at their hour, by whoever scheduled them and with all that is asked of a person then."""

from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.actions import campaigns, letters
from campaigns.lifecycle import State, WrongState
from campaigns.models import Campaign
from martechops.people.models import User
from martechops.people.permissions import NotAllowed

BY = "schedule"


def due(*, at: datetime) -> list[Campaign]:
    """Scheduled ones whose hour has come."""
    return list(Campaign.objects.filter(state=State.SCHEDULED, starts_at__lte=at).order_by("starts_at", "pk"))


@transaction.atomic
def start(campaign: Campaign, *, at: datetime) -> bool:
    """Take it live, once; what cannot start now is held, and its owners are told why. Did it start?"""
    campaign = _locked(campaign)
    if campaign.state != State.SCHEDULED or campaign.starts_at is None or campaign.starts_at > at:
        return False
    who = _scheduled_by(campaign)
    try:
        with transaction.atomic():
            _check_end(campaign, at)
            campaigns.check_agreed(campaign, at=at)
            campaigns.move(campaign=campaign, verb="start", by=who or BY, at=at, note="At the time that was named")
    except (campaigns.NotReady, WrongState, NotAllowed) as error:
        campaigns.move(campaign=campaign, verb="hold", by=BY, at=at, note=str(error))
        letters.campaign_held(campaign, because=str(error), to=who, at=at)
        return False
    letters.campaign_moved(campaign, says="went live at its time", at=at)
    return True


def end_due(*, at: datetime) -> int:
    """End those whose last day is over; how many."""
    rows = Campaign.objects.filter(state__in=(State.LIVE, State.PAUSED), ends_at__lte=at)
    return sum(_end(row, at) for row in rows.order_by("ends_at", "pk"))


@transaction.atomic
def _end(campaign: Campaign, at: datetime) -> int:
    campaign = _locked(campaign)
    if campaign.state not in (State.LIVE, State.PAUSED) or campaign.ends_at is None or campaign.ends_at > at:
        return 0
    campaigns.move(campaign=campaign, verb="end", by=BY, at=at, note="Its end has come")
    letters.campaign_moved(campaign, says="is over: its end has come, and nobody enters it any more", at=at)
    return 1


def _locked(campaign: Campaign) -> Campaign:
    return Campaign.objects.select_for_update(of=("self",)).select_related("owner").get(pk=campaign.pk)


def _check_end(campaign: Campaign, at: datetime) -> None:
    if campaign.ends_at is not None and campaign.ends_at <= at:
        raise campaigns.NotReady("Its end has passed already: give it another, or cancel it.")


def _scheduled_by(campaign: Campaign) -> User | None:
    past: Any = Campaign.history
    row = past.filter(id=campaign.pk, state=State.SCHEDULED).select_related("history_user").order_by("-history_id")
    found = row.first()
    return found.history_user if found else None
