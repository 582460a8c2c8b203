"""What a change of a schema breaks, as SchemaVer counts it: model-revision-addition.

A *model* change fits no earlier event, a *revision* may not fit some, an *addition* fits all of them
(https://docs.snowplow.io/docs/fundamentals/schemas/versioning/). Judged by what the schemas say, without looking at
events; what is not understood counts as a revision.

>>> kind_of_change({"properties": {"plan": {}}}, {"properties": {"plan": {}, "seats": {}}})
'addition'
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from martechops.lib.frozen import dataclass

Schema = Mapping[str, Any]

KINDS = ("addition", "revision", "model")

#: They say nothing about values.
_ANNOTATIONS = frozenset({"title", "description", "$comment", "examples", "default", "deprecated", "$id", "$schema"})
_LOWER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_UPPER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_HANDLED = frozenset({"properties", "required", "type", "enum", "additionalProperties", "items"})


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference and how far it goes."""

    #: One of KINDS.
    kind: str
    #: Dotted path of the property; empty for the whole.
    path: str
    says: str


def changes(old: Schema, new: Schema) -> list[SchemaChange]:
    """Every difference, in the order of the schema."""
    return list(_object(old, new, "", always=True))


def kind_of_change(old: Schema, new: Schema) -> str | None:
    """The furthest-going difference: "model", "revision" or "addition"; None where nothing changed."""
    found = {change.kind for change in changes(old, new)}
    if not found and old != new:
        return "addition"
    return max(found, key=KINDS.index, default=None)


def versions(schemas: Sequence[Schema]) -> list[str]:
    """The SchemaVer of each, oldest first.

    >>> versions([{}, {"properties": {"plan": {}}}, {"properties": {"plan": {}}, "required": ["plan"]}])
    ['1-0-0', '1-0-1', '1-1-0']
    """
    model, revision, addition = 1, 0, 0
    made = []
    for at, schema in enumerate(schemas):
        match kind_of_change(schemas[at - 1], schema) if at else None:
            case "model":
                model, revision, addition = model + 1, 0, 0
            case "revision":
                revision, addition = revision + 1, 0
            case "addition":
                addition += 1
        made.append(f"{model}-{revision}-{addition}")
    return made


def _object(old: Schema, new: Schema, path: str, *, always: bool) -> Iterator[SchemaChange]:
    """`always`: every event carries this value, so a clash here is a clash with all of them."""
    was, now = old.get("properties", {}), new.get("properties", {})
    needed, needs = set(old.get("required", ())), set(new.get("required", ()))
    for name in [*was, *(name for name in now if name not in was)]:
        here = f"{path}.{name}" if path else str(name)
        everywhere = always and name in needed
        if name not in now:
            yield SchemaChange("model" if everywhere else "revision", here, "is taken out")
        elif name not in was:
            yield SchemaChange("addition", here, "is new")
        elif isinstance(was[name], Mapping) and isinstance(now[name], Mapping):
            yield from _value(was[name], now[name], here, always=everywhere)
    for name in sorted(needs - needed):
        # Before, nobody could send what the schema did not list.
        kind = "model" if always and name not in was else "revision"
        yield SchemaChange(kind, f"{path}.{name}" if path else name, "is required now")
    for name in sorted((needed - needs) & set(now)):
        yield SchemaChange("addition", f"{path}.{name}" if path else name, "is not required any more")
    yield from _openness(old, new, path)
    yield from _limits(old, new, path)


def _value(old: Schema, new: Schema, path: str, *, always: bool) -> Iterator[SchemaChange]:
    yield from _types(old, new, path, always=always)
    yield from _enums(old, new, path, always=always)
    if isinstance(old.get("items"), Mapping) and isinstance(new.get("items"), Mapping):
        yield from _value(old["items"], new["items"], f"{path}[]", always=False)
    elif old.get("items") != new.get("items"):
        yield SchemaChange("revision", path, "lists something else")
    yield from _object(old, new, path, always=always)


def _types(old: Schema, new: Schema, path: str, *, always: bool) -> Iterator[SchemaChange]:
    was, now = _type_set(old), _type_set(new)
    if was == now:
        return
    says = f"is {_words(now)}, was {_words(was)}"
    if not now or (was and was <= now):
        yield SchemaChange("addition", path, says)
    elif always and was and not was & now:
        yield SchemaChange("model", path, says)
    else:
        yield SchemaChange("revision", path, says)


def _type_set(schema: Schema) -> set[str]:
    """Types that a value may have, empty for any; an integer is a number too."""
    kinds = schema.get("type", ())
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    return found | {"integer"} if "number" in found else found


def _words(kinds: set[str]) -> str:
    shown = kinds - {"integer"} if "number" in kinds else kinds
    return " or ".join(sorted(shown)) or "of any type"


def _enums(old: Schema, new: Schema, path: str, *, always: bool) -> Iterator[SchemaChange]:
    was, now = old.get("enum"), new.get("enum")
    if was == now:
        return
    if now is None:
        yield SchemaChange("addition", path, "may have any value now")
    elif was is None:
        yield SchemaChange("revision", path, "may have listed values only")
    else:
        gone, come = [v for v in was if v not in now], [v for v in now if v not in was]
        if gone:
            clash = always and len(gone) == len(was)
            yield SchemaChange("model" if clash else "revision", path, f"may not be {_listed(gone)} any more")
        if come:
            yield SchemaChange("addition", path, f"may be {_listed(come)} now")


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values))


def _openness(old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
    was, now = old.get("additionalProperties", False), new.get("additionalProperties", False)
    if was == now:
        return
    if was is False:
        yield SchemaChange("addition", path, "takes properties that are not listed")
    else:
        yield SchemaChange("revision", path, "takes fewer properties that are not listed")


def _limits(old: Schema, new: Schema, path: str) -> Iterator[SchemaChange]:
    for word in sorted((set(old) | set(new)) - _HANDLED - _ANNOTATIONS):
        was, now = old.get(word), new.get(word)
        if was == now:
            continue
        says = f"{word} is {_shown(now)}, was {_shown(was)}"
        yield SchemaChange("addition" if _looser(word, was, now) else "revision", path, says)


def _looser(word: str, was: Any, now: Any) -> bool:
    if now is None:
        return True
    if was is None or not (isinstance(was, int | float) and isinstance(now, int | float)):
        return False
    return now <= was if word in _LOWER else now >= was if word in _UPPER else False


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)
