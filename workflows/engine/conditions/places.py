"""Where facts hold what a path names."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from .. import consents

Facts = Mapping[str, Any]


@lru_cache(maxsize=8_192)
def places(path: str) -> tuple[str, ...]:
    """Step by step; consent for a purpose stands beside that of its channel.

    >>> places("contact.score"), places("contact.consent.email.news")
    (('contact', 'score'), ('contact', 'purposes', 'email', 'news'))
    """
    parts = tuple(path.split("."))
    return ("contact", *consents.place(parts[2:])) if parts[:2] == ("contact", "consent") else parts


def value_at(facts: Facts, path: str) -> Any:
    """The value at a dotted path, or None.

    >>> value_at({"contact": {"consent": {"email": "granted"}}}, "contact.consent.email")
    'granted'
    """
    value: Any = facts
    for part in places(path):
        if type(value) is not dict and not isinstance(value, Mapping):  # nearly always a dict, which is quick to ask
            return None
        value = value.get(part)
    return value
