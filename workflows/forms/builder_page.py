"""The builder's tree as its template shows it: each control with its name, its choices and what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.engine.conditions import OPERATORS, FieldType, relative
from workflows.engine.conditions.types import operators_for

from .condition_builder import GROUPS, MEMBERSHIP, ROOT, Fields, Group, Row, SegmentsThere

Choice = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row of controls."""

    name: str
    label: str
    path: str
    operator: str
    operators: list[Choice]
    #: What the value is given by: none, choice, choices, number, date, datetime, distance, list or text.
    control: str
    value: str
    chosen: list[str]
    choices: list[Choice]
    unit: str
    units: list[Choice]
    problem: str
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """One group with its members."""

    name: str
    label: str
    kind: str
    kinds: list[Choice]
    members: "list[ShownRow | ShownGroup]"
    problem: str
    is_root: bool
    is_group: bool = True


@dataclass(frozen=True, slots=True)
class Builder:
    """Everything that `workflows/condition_builder.html` needs."""

    root: ShownGroup
    fields: list[Choice]
    #: Where scripts send the form to have the element `target` drawn anew; empty: within what is drawn anew already.
    address: str
    #: The name of the control that has the focus first; empty for none.
    focus: str = ""
    #: What it asks about, for readers: "the segment".
    about: str = "the segment"

    @property
    def target(self) -> str:
        """The id of its element."""
        return f"builder-{self.root.name.replace('.', '-')}"


def shown(
    group: Group, fields: Fields, *, address: str = "", focus: str = "", root: str = ROOT, about: str = "the segment"
) -> Builder:
    """The tree for a page that answers its buttons at `address`."""
    listed = sorted(((path, kind.label or path) for path, kind in fields.items()), key=lambda choice: choice[1].lower())
    top = _group(group, fields, root, "Condition", is_root=True)
    return Builder(root=top, fields=listed, address=address, focus=focus, about=about)


def _group(group: Group, fields: Fields, name: str, label: str, *, is_root: bool = False) -> ShownGroup:
    members = [
        _group(member, fields, f"{name}.{number}", f"Group {i}")
        if isinstance(member, Group)
        else _row(member, fields, f"{name}.{number}", f"{label} {i}")
        for i, (number, member) in enumerate(group.numbered(), start=1)
    ]
    return ShownGroup(
        name=name,
        label=label,
        kind=group.kind,
        kinds=[(kind, words) for kind, (_, words) in GROUPS.items()],
        members=members,
        problem=group.problem,
        is_root=is_root,
    )


def _row(row: Row, fields: Fields, name: str, label: str) -> ShownRow:
    kind = fields.get(row.path)
    operators = _operators(kind) if kind else []
    operator = row.operator if row.operator in dict(operators) else (operators[0][0] if operators else "")
    control = _control(operator, kind, row.unit) if kind else "none"
    return ShownRow(
        name=name,
        label=label,
        path=row.path,
        operator=operator,
        operators=operators,
        control=control,
        value=", ".join(row.texts) if control == "list" else (row.texts[0] if row.texts else ""),
        chosen=row.texts,
        choices=_choices(kind, row.texts) if kind else [],
        unit=row.unit,
        units=_units(kind) if kind and control in ("date", "datetime", "distance") and _is_ordered(operator) else [],
        problem=row.problem,
    )


def _operators(kind: FieldType) -> list[Choice]:
    if isinstance(kind, SegmentsThere):
        return list(MEMBERSHIP.items())
    found: list[Choice] = []
    for name in operators_for(kind.type):
        row = OPERATORS[name]
        if row.takes == "yes_no":
            found += [(f"{name}:yes", row.words), (f"{name}:no", row.words_no)]
        elif row.lookup:
            words = row.words_date if kind.type in ("date", "datetime") and row.words_date else row.words
            found.append((name, words.replace("{}", "…").removesuffix(" …")))
    return found


def _is_ordered(operator: str) -> bool:
    return operator in OPERATORS and bool(OPERATORS[operator].words_date)


def _control(operator: str, kind: FieldType, unit: str) -> str:
    if isinstance(kind, SegmentsThere):
        return "choice"
    takes = OPERATORS[operator].takes if operator in OPERATORS else "none"
    if takes in ("yes_no", "none"):
        return "none"
    if kind.allowed or kind.type == "boolean":
        return "choices" if takes == "many" else "choice"
    if takes == "many":
        return "list"
    if kind.type in ("date", "datetime"):
        return "distance" if unit and _is_ordered(operator) else kind.type
    return "number" if kind.type == "number" else "text"


def _choices(kind: FieldType, texts: list[str]) -> list[Choice]:
    """What may stand there, and what stands there though it may not."""
    if kind.type == "boolean":
        return [("true", "yes"), ("false", "no")]
    titles = kind.titles if isinstance(kind, SegmentsThere) else {}
    return [(value, titles.get(value, value)) for value in dict.fromkeys([*kind.allowed, *texts])]


def _units(kind: FieldType) -> list[Choice]:
    words: Mapping[str, str] = {unit: words for unit, (_, _, words) in relative.UNITS.items()}
    offered = [unit for unit in words if kind.type == "datetime" or not unit.startswith("hours")]
    return [("", "on a date"), *((unit, words[unit]) for unit in offered)]
