"""Making teams and saying who belongs to them."""

from datetime import datetime

from django.db import transaction

from martechops.audit import entries
from martechops.lib import history
from martechops.people.models import Team, User
from martechops.people.permissions import check_may


def add(*, key: str, name: str, duty: str, by: User | str, at: datetime) -> Team:
    """A new team. Its key is used in workflow files and never changes."""
    _check(by)
    with transaction.atomic():
        team = Team(key=key, name=name, duty=duty)
        history.sign(team, by=by)
        team.save()
        entries.record(
            action="team.add", object_kind="team", object_key=key, by=by, at=at, detail={"name": name, "duty": duty}
        )
    return team


def change(*, team: Team, name: str, duty: str, by: User | str, at: datetime) -> Team:
    """Another name or duty; the key stays."""
    _check(by)
    with transaction.atomic():
        team = _locked(team)
        before = {"name": team.name, "duty": team.duty}
        team.name, team.duty = name, duty
        history.sign(team, by=by)
        team.full_clean()
        team.save()
        detail = {"before": before, "after": {"name": name, "duty": duty}}
        entries.record(action="team.change", object_kind="team", object_key=team.key, by=by, at=at, detail=detail)
    return team


def remove(*, team: Team, by: User | str, at: datetime) -> None:
    """A team that owns nothing goes. Raises ProtectedError for one that does."""
    _check(by)
    with transaction.atomic():
        team = _locked(team)
        history.sign(team, by=by)
        team.delete()
        entries.record(action="team.remove", object_kind="team", object_key=team.key, by=by, at=at, detail={})


def join(*, team: Team, user: User, by: User | str, at: datetime) -> None:
    """Put a person into a team; one who is in it already stays."""
    _check(by)
    with transaction.atomic():
        if not _locked(team).people.filter(pk=user.pk).exists():
            team.people.add(user)
            _record("team.join", team, user, by=by, at=at)


def leave(*, team: Team, user: User, by: User | str, at: datetime) -> None:
    """Take a person out of a team."""
    _check(by)
    with transaction.atomic():
        if _locked(team).people.filter(pk=user.pk).exists():
            team.people.remove(user)
            _record("team.leave", team, user, by=by, at=at)


def _check(by: User | str) -> None:
    if isinstance(by, User):
        check_may(by, "teams.manage")


def _locked(team: Team) -> Team:
    return Team.objects.select_for_update().get(pk=team.pk)


def _record(action: str, team: Team, user: User, *, by: User | str, at: datetime) -> None:
    detail = {"user": user.get_username()}
    entries.record(action=action, object_kind="team", object_key=team.key, by=by, at=at, detail=detail)
