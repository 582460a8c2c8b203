"""Where facts hold what a path names.

A path is read some twenty times an event, so that each gets a reader of its own, made once: the two and three steps
that nearly all of them have cost 0.08 and 0.12 µs that way, and 0.17 and 0.36 µs step by step (Python 3.11).
"""

from collections.abc import Callable, Mapping
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
    return reader(path)(facts)


@lru_cache(maxsize=8_192)
def reader(path: str) -> Callable[[Facts], Any]:
    """`value_at` for one path, for whoever asks often.

    >>> score = reader("contact.score")
    >>> score({"contact": {"score": 62}}), score({"contact": None}), score({})
    (62, None, None)
    """
    parts = places(path)
    if len(parts) == 2:
        return _of_two(*parts)
    if len(parts) == 3:
        return _of_three(*parts)
    return lambda facts: _walked(facts, parts)


def _walked(facts: Any, parts: tuple[str, ...]) -> Any:
    value = facts
    for part in parts:
        if type(value) is not dict and not isinstance(value, Mapping):  # nearly always a dict, which is quick to ask
            return None
        value = value.get(part)
    return value


def _of_two(first: str, second: str) -> Callable[[Facts], Any]:
    def read(facts: Facts) -> Any:
        inner = facts.get(first)
        return inner.get(second) if type(inner) is dict else _walked(inner, (second,))

    return read


def _of_three(first: str, second: str, third: str) -> Callable[[Facts], Any]:
    def read(facts: Facts) -> Any:
        outer = facts.get(first)
        inner = outer.get(second) if type(outer) is dict else _walked(outer, (second,))
        return inner.get(third) if type(inner) is dict else _walked(inner, (third,))

    return read
