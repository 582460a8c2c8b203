"""Who is told of a request: teams by notices in their inbox."""

from collections.abc import Iterable
from datetime import datetime

from campaigns.models import ApprovalRequest, BreakGlass
from martechops.people.models import Team, User
from workflows.models import Notice

#: State → what became of it, for whoever owns the thing.
_SAYS = {
    "approved": "is approved",
    "changes": "is to be changed before it can be approved",
    "refused": "was refused",
    "stale": "is not what was approved any more",
    "expired": "was not answered in time",
    "withdrawn": "is not asked for any more",
}


def ask(request: ApprovalRequest, *, at: datetime, again: bool = False) -> None:
    """Tell the teams that have to answer."""
    keys = {team for need in request.needs for team in need["teams"]}
    says = "still waits for your approval" if again else "waits for your approval"
    _notice(Team.objects.filter(key__in=keys), request, says, by=request.requested_by, at=at)


def tell(request: ApprovalRequest, *, by: User | str, at: datetime) -> None:
    """Tell the team that owns the thing where the request stands now."""
    says = _SAYS[request.state] + (f": {request.because}" if request.because else "")
    _notice([request.owner], request, says, by=by, at=at)


def went(request: ApprovalRequest, *, refused: str, at: datetime) -> None:
    """Tell the owners what became of the time that was named."""
    says = f"did not go live at its time: {refused}." if refused else "went live at its time"
    _notice([request.owner], request, says, by="approvals", at=at)


def glass_was_broken(broken: BreakGlass, *, at: datetime) -> None:
    """Tell every team."""
    version = broken.release.version
    Notice.objects.bulk_create(
        Notice(
            owner=team,
            label=f"{version.workflow.name}, version {version.number}",
            address=f"/workflows/{version.workflow.key}/versions/",
            says=f"went live without its approvals: {broken.reason}",
            by=broken.by,
            at=at,
        )
        for team in Team.objects.order_by("key")
    )


def _notice(teams: Iterable[Team], request: ApprovalRequest, says: str, *, by: User | str, at: datetime) -> None:
    person = by if isinstance(by, User) else None
    Notice.objects.bulk_create(
        Notice(owner=team, label=request.label, address=f"/approvals/{request.pk}/", says=says, by=person, at=at)
        for team in teams
    )
