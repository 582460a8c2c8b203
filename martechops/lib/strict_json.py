"""JSON from outside, read so that nothing in it can surprise what comes after.

orjson parses and already refuses NaN, Infinity, numbers past a double, lone surrogates, invalid UTF-8, a byte-order
mark and all that RFC 8259 does not know. On top of that this module refuses

- a key twice in one object (which one counts differs from parser to parser),
- more than `DEEPEST` levels (recursion further in),
- `\\u0000` (PostgreSQL's text and jsonb cannot hold it).

These are limits of ours: RFC 8259 allows the three. A whole number past 64 bits becomes a double, as in browsers.
"""

import json
import math
from collections import Counter
from typing import Any

import orjson

#: Levels of objects and lists, the outermost included.
DEEPEST = 32

_CONTAINERS = frozenset({dict, list})
_TOO_DEEP = f"nested deeper than {DEEPEST} levels"


class BadJson(ValueError):
    """The text is not JSON as it is accepted here; the message says what and where, without repeating values."""


def loads(raw: bytes) -> Any:
    """The value that `raw` spells. Raises BadJson for everything else, and nothing but BadJson.

    >>> loads(b'{"plan": "pro"}')
    {'plan': 'pro'}
    >>> loads(b'{"plan": "pro", "plan": "free"}')
    Traceback (most recent call last):
    martechops.lib.strict_json.BadJson: the key "plan" twice in one object
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadJson(_said(error, raw)) from None
    _check_depth(value)
    if b"\\u0000" in raw or b"\\u003a" in raw or b"\\u003A" in raw or _dropped_a_key(raw, value):
        _check_slowly(raw)
    return value


def loads_items(raw: bytes, *, member: str) -> tuple[dict[str, Any], list[Any]]:
    """An object and the list under its `member`, the list's items judged one by one.

    An item that `loads` would refuse is a BadJson in its place, so that one NaN (Python's own json writes it) does not
    cost its 99 neighbours. Raises BadJson where the text cannot be taken apart, is no object, or has no such list.
    """
    try:
        document = loads(raw)
    except BadJson as error:
        document = _taken_apart(raw, because=error)
        if isinstance(document, _Flaw):
            raise BadJson(document.says) from None
        items = _list_of(document, member)
        judged = _judged(document | {member: []})
        if isinstance(judged, BadJson):
            raise judged from None
        return judged, [_judged(item) for item in items]
    return document, _list_of(document, member)


def _list_of(document: Any, member: str) -> list[Any]:
    if not isinstance(document, dict):
        raise BadJson("the body must be a JSON object")
    if not isinstance(document.get(member), list):
        raise BadJson(f'the body must have a list "{member}"')
    return document[member]  # type: ignore[no-any-return]


def _said(error: orjson.JSONDecodeError, raw: bytes) -> str:
    if not raw.strip():
        return "the body is empty"
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        return "a byte-order mark; the body must be plain UTF-8"
    return str(error)


def _check_depth(value: Any) -> None:
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(DEEPEST):
        if not level:
            return
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) in _CONTAINERS
        ]
    if level:
        raise BadJson(_TOO_DEEP)


def _dropped_a_key(raw: bytes, value: Any) -> bool:
    """Written out again, a value whose parser dropped a key has fewer colons (no colon of `raw` is escaped here)."""
    return raw.count(b":") != orjson.dumps(value).count(b":")


def _check_slowly(raw: bytes) -> None:
    """What orjson cannot say, said by the standard library's parser: ten times slower, seldom needed."""
    try:
        json.loads(raw, object_pairs_hook=_unique, parse_int=len, parse_float=len)
    except RecursionError:
        raise BadJson(_TOO_DEEP) from None
    if b"\\u0000" in raw and _has_nul(orjson.loads(raw)):
        raise BadJson("the character U+0000, which cannot be stored")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson(_twice(pairs))
    return found


def _twice(pairs: list[tuple[str, Any]]) -> str:
    (key, _) = Counter(key for key, _ in pairs).most_common(1)[0]
    return f"the key {json.dumps(key[:40])} twice in one object"


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(_has_nul(inner) for inner in value)


class _Flaw:
    """Stands where a value was that strict JSON does not have; orjson cannot write it, which is how it is found."""

    def __init__(self, says: str) -> None:
        self.says = says


def _taken_apart(raw: bytes, *, because: BadJson) -> Any:
    """The document with a _Flaw at each value that is at fault by itself; raises `because` if it has no structure."""
    try:
        # surrogateescape: a byte that is no UTF-8 becomes a lone surrogate, and that is the flaw of its own item only
        text = raw.decode(errors="surrogateescape")
        return json.loads(
            text, object_pairs_hook=_flawed_if_twice, parse_int=_whole, parse_float=_finite, parse_constant=_constant
        )
    except (ValueError, RecursionError):
        raise because from None


def _flawed_if_twice(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Flaw(_twice(pairs))


def _whole(spelling: str) -> Any:
    return int(spelling) if len(spelling) < 19 else _finite(spelling)


def _finite(spelling: str) -> Any:
    number = float(spelling)
    return number if math.isfinite(number) else _Flaw("a number too large for a double")


def _constant(spelling: str) -> Any:
    return _Flaw(f"{spelling}, which JSON does not have")


def _judged(item: Any) -> Any:
    try:
        return loads(orjson.dumps(item, default=_refuse))
    except BadJson as error:
        return error
    except orjson.JSONEncodeError as error:
        return _flaw_of(error)


def _refuse(value: object) -> Any:
    raise BadJson(value.says if isinstance(value, _Flaw) else "a value that JSON does not have")


def _flaw_of(error: orjson.JSONEncodeError) -> BadJson:
    if isinstance(error.__cause__, BadJson):
        return error.__cause__
    text = str(error)
    return BadJson(_TOO_DEEP if "ecursion" in text else "text that is not valid Unicode" if "UTF-8" in text else text)
