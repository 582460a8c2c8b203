"""Keeping the numbers of archived campaigns, once facts hold all that happened until then."""

from datetime import datetime
from typing import Any

from django.db import transaction

from campaigns.models import CampaignArchive
from martechops.audit import entries
from martechops.lib import digest
from martechops.people.models import User
from reporting.actions import projection
from reporting.models import ArchivedNumbers, CountedRows
from reporting.queries import archived, metrics

#: Turns of facts that are waited for; what happened before it was archived is older than the newest notes.
_TURNS = 200


def keep_due(*, at: datetime) -> int:
    """Keep the numbers of campaigns that were archived; how many there were."""
    due = list(CampaignArchive.objects.filter(numbers=None).select_related("campaign").order_by("pk")[:20])
    if not due:
        return 0
    for _ in range(_TURNS):
        if not projection.turn(at=at):
            break
    return sum(keep(archive, at=at) for archive in due)


@transaction.atomic
def keep(archive: CampaignArchive, *, at: datetime) -> bool:
    """Keep the numbers of one; False if somebody else does, or rows came while it was counted: then it is for later."""
    locked = CampaignArchive.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=archive.pk)
    if locked.first() is None or ArchivedNumbers.objects.filter(archive=archive).exists():
        return False
    zone, known, name = metrics.zone(), metrics.catalog(), archived.present_name(archive.campaign.name)
    planned = archive.campaign.created_at
    period = archived.period_of(name, planned=planned, archived=archive.made_at, zone=zone)
    before = archived.rows(name, period, zone=zone)
    figures = sorted(archived.figures(name, period, known=known, zone=zone), key=lambda one: one[0])
    rows = archived.rows(name, period, zone=zone)
    if rows != before:
        return False
    content: dict[str, Any] = {
        "campaign": name,
        "since": str(period.since),
        "until": str(period.until),
        "zone": zone,
        "definitions": archived.definitions(known),
        "numbers": [[*place, value] for place, value, _ in figures],
        "currencies": [[*place, currency] for place, _, currency in figures if currency],
    }
    kept = ArchivedNumbers.objects.create(archive=archive, content=content, digest=digest.of(content), made_at=at)
    CountedRows.objects.bulk_create(
        CountedRows(
            numbers=kept,
            view=view,
            rows=[list(row) for row in found],
            count=len(found),
            digest=digest.of([list(row) for row in found]),
        )
        for view, found in rows.items()
    )
    entries.record(
        action="campaign.keep-numbers",
        object_kind="campaign",
        object_key=archive.campaign.key,
        by="reporting",
        at=at,
        detail={"digest": kept.digest, "numbers": len(figures), "since": content["since"], "until": content["until"]},
    )
    return True


@transaction.atomic
def take_along(kept: ArchivedNumbers, *, by: User, at: datetime) -> None:
    """Say in the audit log who took facts and numbers of it out of here."""
    entries.record(
        action="campaign.take-numbers",
        object_kind="campaign",
        object_key=kept.archive.campaign.key,
        by=by,
        at=at,
        detail={"digest": kept.digest, "rows": {one.view: one.count for one in kept.counted.defer("rows")}},
    )
