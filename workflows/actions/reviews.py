"""What is in review is read-only: held by the approvals, asked by every action that edits (requirement D2).

Whoever edits has locked the row of the thing before asking here, and so has whoever holds it: one comes first.
"""

from datetime import datetime

from martechops.lib.states import WrongState
from martechops.people.models import User
from workflows.models import ReviewHold


class InReview(WrongState):
    """It is read-only while others look at it; withdraw the request, or wait for what they say."""


def check_free(kind: str, key: str) -> None:
    """Return if the thing, whose row is locked, may be edited. Raises InReview."""
    hold = ReviewHold.objects.filter(kind=kind, key=key).first()
    if hold is not None:
        since = f"{hold.since:%Y-%m-%d %H:%M} UTC"
        raise InReview(f"{hold.says} is in review since {since}: withdraw the request first ({hold.address}).")


def hold(*, kind: str, key: str, says: str, address: str, digest: str, by: User | str, at: datetime) -> ReviewHold:
    """Make the thing, whose row is locked, read-only. Raises InReview if it is so already."""
    check_free(kind, key)
    person = by if isinstance(by, User) else None
    return ReviewHold.objects.create(kind=kind, key=key, says=says, address=address, digest=digest, by=person, since=at)


def free(*, kind: str, key: str) -> None:
    """Let it be edited again."""
    ReviewHold.objects.filter(kind=kind, key=key).delete()
