"""A condition as rows and groups that people fill in, and back: what it cannot show without loss it leaves alone.

A node of the tree has a name such as `rule.1.0`, which its controls' names begin with: `rule.1.0.field`,
`rule.1.0.operator`, `rule.1.0.value`, `rule.1.0.unit`; a group has `rule.1.group`. A node keeps its name for as long
as it is on the page, so that an answer on its way and what is typed meanwhile speak of the same node; members stand in
the order in which the form sends them. A page with several builders gives each a
`root` of its own, such as `steps.2.when`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from workflows.engine.conditions import OPERATORS, SEGMENT, FieldType, check_types, operations, relative
from workflows.engine.conditions.types import operators_for

ROOT = "rule"
#: What a group asks of its members, by the word in the form.
GROUPS: Mapping[str, tuple[str, str]] = {
    "all": ("$and", "All of these hold"),
    "any": ("$or", "At least one of these holds"),
    "none": ("$nor", "None of these holds"),
}
#: How a row asks for a segment, by the word in the form; it stands in a rule as `{segment: key}`, not as an operator.
MEMBERSHIP: Mapping[str, str] = {"in": "is in", "out": "is not in"}
_GROUP_OF = {operator: kind for kind, (operator, _) in GROUPS.items()}
_DEEPEST = 6
_MOST_NODES = 200


class Submitted(Protocol):
    """What a form sends, such as Django's QueryDict."""

    def __iter__(self) -> Iterator[str]: ...
    def getlist(self, key: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class SegmentsThere(FieldType):
    """Stands among the fields under `segment`: the segments that a rule may ask for, by key, with their names."""

    titles: Mapping[str, str] = field(default_factory=dict)


def with_segments(fields: "Fields", titles: Mapping[str, str]) -> "Fields":
    """The fields, and a row of its own for segments where there are any."""
    if not titles:
        return fields
    there = SegmentsThere(type=SEGMENT, allowed=tuple(titles), label="Segment", titles=titles)
    return {**fields, SEGMENT: there}


class CannotBeShown(Exception):
    """The rule says more than rows and groups can hold."""


class Unfinished(Exception):
    """A row lacks something; the message says what."""


@dataclass(slots=True)
class Row:
    """One comparison, as its controls hold it."""

    path: str = ""
    operator: str = ""
    texts: list[str] = field(default_factory=list)
    #: A unit of `relative.UNITS`, or empty for a date that stays.
    unit: str = ""
    problem: str = ""
    #: What it is called within its group; given when it is shown.
    number: int | None = field(default=None, compare=False)


@dataclass(slots=True)
class Group:
    """Members that hold together: "all", "any" or "none"."""

    kind: str = "all"
    members: "list[Row | Group]" = field(default_factory=list)
    problem: str = ""
    number: int | None = field(default=None, compare=False)

    def numbered(self) -> "list[tuple[int, Row | Group]]":
        """Its members with what each is called, new ones given a number that none had."""
        highest = max((member.number for member in self.members if member.number is not None), default=-1)
        for member in self.members:
            if member.number is None:
                highest += 1
                member.number = highest
        return [(member.number or 0, member) for member in self.members]


Fields = Mapping[str, FieldType]


def from_document(document: Mapping[str, Any], fields: Fields) -> Group:
    """The rows of a rule. Raises `CannotBeShown` unless they give the very same rule back."""
    try:
        group = _group(document)
        if document and to_document(group, fields) != document:
            raise CannotBeShown
    except Unfinished:
        raise CannotBeShown from None
    return group


def to_document(group: Group, fields: Fields) -> dict[str, Any]:
    """The rule that the rows say. Raises `Unfinished`, with the problem noted at each row that has one."""
    document = _written(group, fields)
    if any(_problems(group)):
        raise Unfinished("; ".join(_problems(group)))
    return document


def from_form(data: Submitted, *, root: str = ROOT) -> Group:
    """The tree that a form sent. Raises `CannotBeShown` for more than the builder takes."""
    named = re.compile(rf"({re.escape(root)}(?:\.[0-9]{{1,4}})*)\.([0-9]{{1,4}})\.(?:field|group)")
    numbers: dict[str, dict[int, None]] = {}
    for name in data:
        if match := named.fullmatch(name):
            numbers.setdefault(match[1], {})[int(match[2])] = None
    depth = _DEEPEST + root.count(".")
    if sum(map(len, numbers.values())) > _MOST_NODES or any(name.count(".") > depth for name in numbers):
        raise CannotBeShown
    return _group_sent(data, root, numbers)


def changed(group: Group, do: str, *, root: str = ROOT) -> str:
    """Do what a button says: `row:NAME`, `group:NAME` or `remove:NAME`; the name of what has the focus next.

    Empty for a button of something else, or one whose node is gone.
    """
    what, _, name = do.partition(":")
    if name != root and not name.startswith(f"{root}."):
        return ""
    at = [int(part) for part in name.removeprefix(root).split(".")[1:] if part.isdecimal()]
    if what == "remove" and at:
        parent = _found(group, at[:-1])
        if parent:
            parent.members = [member for number, member in parent.numbered() if number != at[-1]]
        return ".".join([root, *map(str, at[:-1])]) + ".add"
    target = _found(group, at)
    if target is None or what not in ("row", "group"):
        return ""
    target.members.append(Row() if what == "row" else Group(kind="any", members=[Row()]))
    number, _ = target.numbered()[-1]
    return f"{name}.{number}.{'field' if what == 'row' else 'group'}"


def _found(group: Group, at: Sequence[int]) -> Group | None:
    here: Row | Group | None = group
    for number in at:
        here = dict(here.numbered()).get(number) if isinstance(here, Group) else None
    return here if isinstance(here, Group) else None


def _group_sent(data: Submitted, name: str, numbers: Mapping[str, Mapping[int, None]]) -> Group:
    kind = _first(data, f"{name}.group")
    members: list[Row | Group] = []
    for number in numbers.get(name, ()):
        inner = f"{name}.{number}"
        is_group = bool(data.getlist(f"{inner}.group"))
        member = _group_sent(data, inner, numbers) if is_group else _row_sent(data, inner)
        member.number = number
        members.append(member)
    return Group(kind=kind if kind in GROUPS else "all", members=members)


def _row_sent(data: Submitted, name: str) -> Row:
    return Row(
        path=_first(data, f"{name}.field"),
        operator=_first(data, f"{name}.operator"),
        texts=[text.strip() for text in data.getlist(f"{name}.value") if text.strip()],
        unit=_first(data, f"{name}.unit"),
    )


def _first(data: Submitted, name: str) -> str:
    return next(iter(data.getlist(name)), "")


def _group(document: Mapping[str, Any]) -> Group:
    if len(document) == 1:
        name, wanted = next(iter(document.items()))
        if name in _GROUP_OF and isinstance(wanted, list):
            return Group(kind=_GROUP_OF[name], members=[_member(part) for part in wanted])
    members: list[Row | Group] = []
    for name, wanted in document.items():
        if asked := _segment_row(name, wanted):
            members.append(asked)
            continue
        if name.startswith("$") and (name not in _GROUP_OF or not isinstance(wanted, list)):
            raise CannotBeShown
        if name.startswith("$"):
            members.append(_group({name: wanted}))
        else:
            members.extend(_row(name, operator, value) for operator, value in operations(wanted))
    return Group(members=members)


def _segment_row(name: str, wanted: Any) -> Row | None:
    """The row of `{segment: key}`, or of its contrary."""
    if name == "$not" and isinstance(wanted, Mapping) and list(wanted) == [SEGMENT]:
        asked = _segment_row(SEGMENT, wanted[SEGMENT])
        return Row(path=SEGMENT, operator="out", texts=asked.texts) if asked else None
    if name == SEGMENT and isinstance(wanted, str):
        return Row(path=SEGMENT, operator="in", texts=[wanted])
    return None


def _member(part: Any) -> Row | Group:
    if not isinstance(part, Mapping):
        raise CannotBeShown
    group = _group(part)
    return group.members[0] if group.kind == "all" and len(group.members) == 1 else group


def _row(path: str, operator: str, wanted: Any) -> Row:
    row = OPERATORS.get(operator)
    if row is None or row.takes in ("rule", "count"):
        raise CannotBeShown
    away = relative.distance(wanted)
    if away:
        return Row(path=path, operator=operator, texts=[str(away.count)], unit=away.unit)
    if row.takes == "yes_no":
        return Row(path=path, operator=f"{operator}:{'yes' if wanted else 'no'}")
    texts = [_text(value) for value in _listed(wanted)]
    has_room = row.takes == "many" or len(texts) == 1
    if isinstance(wanted, Mapping) or not has_room or not all(map(_fits_a_line, texts)):
        raise CannotBeShown
    return Row(path=path, operator=operator, texts=texts)


def _listed(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fits_a_line(text: str) -> bool:
    """Would a control give it back as it is?"""
    return text.strip() == text and len(text.splitlines()) == 1


def _problems(group: Group) -> Iterator[str]:
    if group.problem:
        yield group.problem
    for member in group.members:
        if isinstance(member, Group):
            yield from _problems(member)
        elif member.problem:
            yield member.problem


def _written(group: Group, fields: Fields) -> dict[str, Any]:
    """With problems noted at their rows instead of raised, so that all are seen at once."""
    group.problem = "" if group.members else "Add a condition, or remove this group."
    parts = []
    for member in group.members:
        if isinstance(member, Group):
            parts.append(_written(member, fields))
            continue
        try:
            member.problem = ""
            parts.append(_row_written(member, fields))
        except Unfinished as error:
            member.problem = str(error)
    if group.kind != "all":
        return {GROUPS[group.kind][0]: parts}
    return _merged(parts)


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Side by side where no two say something of one path that would hide the other; else as a list."""
    merged: dict[str, Any] = {}
    for part in parts:
        for name, wanted in part.items():
            if name not in merged:
                merged[name] = wanted
                continue
            both = [*operations(merged[name]), *operations(wanted)]
            if name.startswith("$") or len({operator for operator, _ in both}) < len(both):
                return {"$and": parts}
            merged[name] = dict(both)
    return merged


def _row_written(row: Row, fields: Fields) -> dict[str, Any]:
    kind = fields.get(row.path)
    if kind is None:
        raise Unfinished(f"{row.path} is no field." if row.path else "Choose a field.")
    if isinstance(kind, SegmentsThere):
        return _membership(row, kind)
    operator, _, answer = row.operator.partition(":")
    if operator not in operators_for(kind.type):
        raise Unfinished("Choose how to compare it.")
    wanted = _wanted(row, operator, answer, kind)
    document = {row.path: wanted if operator == "$eq" else {operator: wanted}}
    if problems := check_types(document, fields):
        says = problems[0][1]
        raise Unfinished(f"{says[:1].upper()}{says[1:].removesuffix('.')}{'' if says.endswith('?') else '.'}")
    return document


def _membership(row: Row, there: SegmentsThere) -> dict[str, Any]:
    key = next(iter(row.texts), "")
    if row.operator not in MEMBERSHIP:
        raise Unfinished("Choose how to compare it.")
    if key not in there.allowed:
        raise Unfinished(f"There is no segment {key}." if key else "Choose a segment.")
    return {SEGMENT: key} if row.operator == "in" else {"$not": {SEGMENT: key}}


def _wanted(row: Row, operator: str, answer: str, kind: FieldType) -> Any:
    takes = OPERATORS[operator].takes
    if takes == "yes_no":
        return answer == "yes"
    texts = _split(row.texts) if takes == "many" and not kind.allowed else row.texts
    if not texts:
        raise Unfinished("Fill in a value.")
    if row.unit and OPERATORS[operator].words_date and kind.type in ("date", "datetime"):
        return _distance(row.unit, texts[0])
    values = [_value(text, kind) for text in texts]
    return values if takes == "many" else values[0]


def _split(texts: list[str]) -> list[str]:
    """Several values in one control stand one after the other with commas; in several controls each stands alone."""
    if len(texts) > 1:
        return texts
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _distance(unit: str, text: str) -> dict[str, int]:
    if unit not in relative.UNITS or not text.isdecimal() or len(text) > 6:
        raise Unfinished("Say how many days or hours, as a whole number.")
    return {unit: int(text)}


def _value(text: str, kind: FieldType) -> Any:
    if kind.type == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind.type != "number":
        return text
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    raise Unfinished(f'"{text}" is not a number.')
