"""Change requests, with what a person needs to decide them."""

from django.db.models import Count, QuerySet

from martechops.lib.windows import Window, by_id
from martechops.people.models import Team
from workflows.models import ChangeRequest


def window(*, state: str, team: str = "", before: str = "") -> Window[ChangeRequest]:
    """Requests of a state, newest first; of one team, if it is named by its key."""
    rows = ChangeRequest.objects.filter(state=state).select_related("owner", "decided_by")
    return by_id(rows.filter(owner__key=team) if team else rows, before=before)


def open_by_team() -> list[tuple[Team, int, ChangeRequest]]:
    """For Today: each team with requests to decide, how many, and the newest."""
    counts = dict(_open().values_list("owner_id").annotate(Count("pk")).order_by())
    newest = _open().select_related("owner").order_by("owner_id", "-pk").distinct("owner_id")
    return [(request.owner, counts.get(request.owner_id, 1), request) for request in newest]


def _open() -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(state=ChangeRequest.State.REQUESTED)
