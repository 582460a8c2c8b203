"""Change requests, with what a person needs to decide them."""

from django.db.models import Count, QuerySet, Window

from martechops.lib import windows
from martechops.people.models import Team
from workflows.models import ChangeRequest


def window(*, state: str, team: str = "", before: str = "") -> windows.Window[ChangeRequest]:
    """Requests of a state, newest first; of one team, if it is named by its key."""
    rows = ChangeRequest.objects.filter(state=state).select_related("owner", "decided_by")
    return windows.by_id(rows.filter(owner__key=team) if team else rows, before=before)


def open_by_team() -> list[tuple[Team, int, ChangeRequest]]:
    """For Today: each team with requests to decide, how many, and the newest."""
    counted = _open().annotate(of_team=Window(Count("pk"), partition_by="owner_id"))
    newest = counted.select_related("owner").order_by("owner_id", "-pk").distinct("owner_id")
    return [(request.owner, request.of_team, request) for request in newest]


def _open() -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(state=ChangeRequest.State.REQUESTED)
