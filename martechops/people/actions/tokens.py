"""Making, using and ending API tokens (FAULTS S2)."""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from martechops.audit import entries
from martechops.people import scopes as known_scopes
from martechops.people.models import ApiToken, User
from martechops.people.permissions import check_may

#: How long a token lives unless another expiry is asked for.
LIFETIME = timedelta(days=90)
#: Two: the one in use and the one that is to take its place.
LIVE_AT_MOST = 2
_PREFIX = "mops"
_USE_NOTED_EVERY = timedelta(minutes=1)


class UnknownScope(ValueError):
    """A scope was asked for that does not exist."""


class TooManyLive(ValueError):
    """Two tokens of this name are live already; revoke one first."""


class BadToken(ValueError):
    """The token is not one of ours, is expired or revoked, or its person may not sign in."""


def create(
    *,
    user: User,
    scopes: Collection[str],
    by: User | str,
    at: datetime,
    expires_at: datetime | None = None,
    name: str = "default",
    system: str = "",
) -> tuple[ApiToken, str]:
    """A new token and its text, which exists only here: it is shown once and cannot be found out again.

    Raises UnknownScope, TooManyLive, and NotAllowed if `user` may not do what a scope allows, or if `by` may not make
    tokens for `user`. Locks the user's row.
    """
    _check_scopes(user, scopes)
    if isinstance(by, User):
        check_may(by, "tokens.own" if by == user and not system else "tokens.manage")
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        _check_room(user, name, at)
        token = ApiToken.objects.create(
            public_id=secrets.token_hex(6),
            user=user,
            name=name,
            system=system,
            secret_digest=_digest(secret),
            scopes=sorted(set(scopes)),
            created_at=at,
            expires_at=expires_at or at + LIFETIME,
        )
        _record(
            "token.create",
            token,
            by=by,
            at=at,
            scopes=token.scopes,
            system=system,
            expires_at=token.expires_at.isoformat(),
        )
    return token, f"{_PREFIX}_{token.public_id}_{secret}"


def revoke(*, token: ApiToken, by: User | str, at: datetime) -> None:
    """End a token now. Ending an ended one changes nothing."""
    if isinstance(by, User):
        check_may(by, "tokens.own" if by == token.user else "tokens.manage")
    with transaction.atomic():
        locked = ApiToken.objects.select_for_update().get(pk=token.pk)
        if locked.revoked_at is None:
            locked.revoked_at = at
            locked.save(update_fields=["revoked_at"])
            _record("token.revoke", locked, by=by, at=at)


def use(text: str, *, at: datetime) -> ApiToken:
    """The live token that `text` is, with its user; raises BadToken, always with the same words."""
    if not (text.isascii() and text.isprintable()):
        raise BadToken("This token is not valid.")
    prefix, _, rest = text.partition("_")
    public_id, _, secret = rest.partition("_")
    token = ApiToken.objects.select_related("user").filter(public_id=public_id).first() if prefix == _PREFIX else None
    # Compared even when there is no such token, so that the time taken does not tell which part was wrong.
    same = hmac.compare_digest(token.secret_digest if token else _digest(""), _digest(secret))
    if token is None or not same or not token.is_live(at=at) or not token.user.is_active:
        raise BadToken("This token is not valid.")
    if token.last_used_at is None or at - token.last_used_at >= _USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)
    return token


def _check_scopes(user: User, scopes: Collection[str]) -> None:
    if unknown := known_scopes.unknown(scopes):
        raise UnknownScope(f"Unknown scope {', '.join(unknown)}; there are {', '.join(known_scopes.SCOPES)}.")
    if not scopes:
        raise UnknownScope("A token needs at least one scope.")
    for scope in scopes:
        check_may(user, known_scopes.SCOPES[scope])


def _check_room(user: User, name: str, at: datetime) -> None:
    User.objects.select_for_update().get(pk=user.pk)
    live = ApiToken.objects.filter(user=user, name=name, revoked_at=None, expires_at__gt=at).count()
    if live >= LIVE_AT_MOST:
        raise TooManyLive(f"{user} already has {live} live tokens named {name!r}; revoke one first.")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(action: str, token: ApiToken, *, by: User | str, at: datetime, **detail: object) -> None:
    entries.record(
        action=action,
        object_kind="token",
        object_key=token.public_id,
        by=by,
        at=at,
        detail={"user": token.user.get_username(), "name": token.name, **detail},
    )
