"""Making accounts and saying what they may do."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from martechops.audit import entries
from martechops.people.models import Role, Team, User
from martechops.people.permissions import check_may


def add(
    *,
    username: str,
    password: str | None,
    roles: Collection[Role],
    by: User | str,
    at: datetime,
    teams: Collection[Team] = (),
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    timezone: str = "UTC",
) -> User:
    """A new account; without a password nobody can sign in with it."""
    _check(by)
    with transaction.atomic():
        user = User.objects.create_user(
            username,
            email=email,
            password=password,
            first_name=first_name,
            last_name=last_name,
            roles=_spelled(roles),
            timezone=timezone,
        )
        user.teams.set(teams)
        _record("user.add", user, by=by, at=at, roles=user.roles, teams=sorted(team.key for team in teams))
    return user


def grant(*, user: User, roles: Collection[Role], by: User | str, at: datetime) -> None:
    """Give a person exactly these roles."""
    _check(by)
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        before, locked.roles = locked.roles, _spelled(roles)
        locked.save(update_fields=["roles"])
        _record("user.grant", locked, by=by, at=at, old=before, new=locked.roles)
    user.roles = locked.roles


def _check(by: User | str) -> None:
    if isinstance(by, User):
        check_may(by, "people.manage")


def _spelled(roles: Collection[Role]) -> list[str]:
    return [role.value for role in Role if role in roles]


def _record(action: str, user: User, *, by: User | str, at: datetime, **detail: object) -> None:
    entries.record(action=action, object_kind="user", object_key=user.get_username(), by=by, at=at, detail=detail)
