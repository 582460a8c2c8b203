"""Keeping what a campaign was and what came of it, once, when nothing more will come."""

from datetime import datetime

from django.db import transaction

from campaigns.models import ArchivedCount, Campaign, CampaignArchive
from campaigns.queries import archives
from martechops.audit import entries
from martechops.lib import digest
from martechops.people.models import User


class StillUnderWay(Exception):
    """More will come of it; the message says what."""


def keep(campaign: Campaign, *, by: User | str, at: datetime) -> CampaignArchive:
    """Its archive, of a campaign whose row is locked. Raises StillUnderWay: what is kept is never written again."""
    waiting, coming = archives.under_way(campaign)
    if waiting:
        raise StillUnderWay(f"{waiting} are still on their way in its workflows: archive it when they are through.")
    if coming:
        raise StillUnderWay(f"{coming} of its effects are still to come: archive it when they are through.")
    content = archives.document(campaign)
    archive = CampaignArchive.objects.create(
        campaign=campaign,
        content=content,
        digest=digest.of(content),
        people=archives.people(campaign),
        made_by=by if isinstance(by, User) else None,
        made_at=at,
    )
    rows = list(archives.counts(campaign))
    for row in rows:
        row.archive = archive
    ArchivedCount.objects.bulk_create(rows)
    return archive


@transaction.atomic
def take_along(archive: CampaignArchive, *, by: User, at: datetime) -> None:
    """Say in the audit log who took it out of here."""
    entries.record(
        action="campaign.take-archive",
        object_kind="campaign",
        object_key=archive.campaign.key,
        by=by,
        at=at,
        detail={"digest": archive.digest},
    )
