"""Short addresses: made for a tagged one, and followed."""

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import F

from campaigns.models import Campaign, ShortLink
from martechops.audit import entries
from martechops.lib import digest
from martechops.people.models import User
from martechops.people.permissions import check_may

#: Without what people take for one another when they read it out: 0 and o, 1 and l and i.
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
#: 31⁸ are 850,000 million: nobody finds one by trying.
_LENGTH = 8


@transaction.atomic
def make(*, campaign: Campaign, address: str, by: User, at: datetime) -> ShortLink:
    """The short address of this one in this campaign; the same each time it is asked for. Raises NotAllowed."""
    check_may(by, "campaigns.edit", campaign)
    code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    made, is_new = ShortLink.objects.get_or_create(
        campaign=campaign,
        digest=digest.of(address),
        defaults={"code": code, "address": address, "made_by": by, "made_at": at},
    )
    if is_new:
        detail = {"code": code, "address": address}
        entries.record(
            action="short_link.make", object_kind="campaign", object_key=campaign.key, by=by, at=at, detail=detail
        )
    return made


def follow(code: str, *, at: datetime, count: bool = True) -> str | None:
    """Where it leads, and one more who followed it; None where there is no such code."""
    row = ShortLink.objects.filter(code=code)
    if count:
        row.update(followed=F("followed") + 1, followed_at=at)
    return row.values_list("address", flat=True).first()
