"""Who speaks for whom, and when."""

from datetime import datetime

from django.db.models import QuerySet

from campaigns.models import Delegation
from martechops.people.models import User


def is_given(*, giver: User, taker: User, at: datetime) -> bool:
    """May `taker` give the word of `giver` at that instant?"""
    return _standing(at).filter(giver=giver, taker=taker).exists()


def taken(*, by: User, at: datetime) -> list[User]:
    """Whose word this person may give, besides their own."""
    return list(User.objects.filter(delegations_given__in=_standing(at).filter(taker=by)).distinct())


def given(*, by: User, at: datetime) -> list[Delegation]:
    """What this person has given away, now or later."""
    return list(Delegation.objects.filter(giver=by, until__gt=at).select_related("taker"))


def _standing(at: datetime) -> QuerySet[Delegation]:
    return Delegation.objects.filter(since__lte=at, until__gt=at, giver__is_active=True)
