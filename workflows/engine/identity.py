"""How a person is recognised in what comes in (requirement D6)."""

import functools
import unicodedata
from collections.abc import Mapping
from typing import Any

#: Of an address, a little more than RFC 5321 allows; an index of PostgreSQL takes no key of some kilobytes.
LONGEST_EMAIL = 320
#: What would make one address two, or another one, in a header.
_NEVER_IN_EMAIL = frozenset('"(),:;<>@[\\]')


def normal_email(value: object) -> str | None:
    """The one spelling of an address that contacts are found by, or None where the value is none.

    White space is dropped at both ends and the whole is in lower case. Dots and +tags stay: only Gmail ignores them,
    and two people must never become one.

    >>> normal_email("  Ana.Lopez@Example.COM ")
    'ana.lopez@example.com'
    >>> normal_email("no address") is None
    True
    """
    return _normal(value) if isinstance(value, str) else None


@functools.lru_cache(maxsize=4_096)
def _normal(value: str) -> str | None:
    """Asked several times for each message: where it is taken in, where it is recognised, what it teaches."""
    text = unicodedata.normalize("NFC", value).strip().lower()
    name, _, domain = text.rpartition("@")
    if not (name and domain) or len(text) > LONGEST_EMAIL or not text.isprintable():
        return None
    return None if _NEVER_IN_EMAIL & {*name, *domain} or " " in text else text


def keys(message: Mapping[str, Any]) -> tuple[str, ...]:
    """What a Segment-style message says about who it is, strongest first: e-mail, user id, anonymous id.

    >>> keys({"userId": 7, "anonymousId": "a-1", "traits": {"email": "Ana@example.com"}})
    ('email:ana@example.com', 'user:7', 'anonymous:a-1')
    """
    found: list[str] = []
    email = _email(message)
    if email:
        found.append(f"email:{email}")
    for kind, name in (("user", "userId"), ("anonymous", "anonymousId")):
        value = message.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            found.append(f"{kind}:{str(value).strip()}")
    return tuple(found)


def _email(message: Mapping[str, Any]) -> str | None:
    context = message.get("context")
    places = (
        message.get("traits"),
        message.get("properties"),
        context.get("traits") if isinstance(context, Mapping) else None,
    )
    for place in places:
        if isinstance(place, Mapping) and (email := normal_email(place.get("email"))):
            return email
    return None
