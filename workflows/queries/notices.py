"""What teams are told of changes made on their behalf."""

from collections.abc import Collection

from django.db.models import Count, QuerySet, Window

from martechops.people.models import Team
from workflows.models import Notice, Rename


def unseen(*, teams: Collection[int] | None = None, limit: int = 100) -> list[Notice]:
    """The newest that nobody of the team has seen; of all teams, or of these."""
    rows = _unseen().select_related("owner", "by").order_by("-pk")
    return list((rows if teams is None else rows.filter(owner_id__in=teams))[:limit])


def unseen_by_team() -> list[tuple[Team, int, Notice]]:
    """For Today: each team with notices, how many, and the newest."""
    counted = _unseen().annotate(of_team=Window(Count("pk"), partition_by="owner_id"))
    newest = counted.select_related("owner").order_by("owner_id", "-pk").distinct("owner_id")
    return [(notice.owner, notice.of_team, notice) for notice in newest]


def renames_under_way(kind: str) -> list[Rename]:
    """Renames whose contacts follow yet, or followed just now."""
    return list(Rename.objects.filter(kind=kind, finished_at=None))


def _unseen() -> QuerySet[Notice]:
    return Notice.objects.filter(seen_at=None)
