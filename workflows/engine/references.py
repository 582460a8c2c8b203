"""What a definition or a workflow refers to, and where: read by "used by", by renames and by the lint.

>>> segment = {"kind": "segment", "when": {"contact.country": {"$in": ["DE"]}}}
>>> [(r.kind, r.key, words(r.path)) for r in references(segment)]
[('field', 'country', 'when.contact.country'), ('value:country', 'DE', 'when.contact.country.$in[0]')]
"""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from martechops.lib import liquid
from martechops.lib.frozen import dataclass

from . import consents
from .metrics import dimension_of, measures
from .scenarios.scenario import RELATIVE_STAGES

Path = tuple[str | int, ...]

#: A renamed thing by its kind and former name, and what it is called now.
Names = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Reference:
    """One place that names something else.

    Kinds are those of definitions, and besides "team", "event-property" (`<event>/<property>` or `/<property>`),
    "value:<field>" for one value of a picklist, "action" and "channel".
    """

    kind: str
    key: str
    path: Path
    #: The name stands within a message's text, in quotes after this field.
    compared_with: str = ""


def references(document: Mapping[str, Any]) -> Iterator[Reference]:
    """Every place of a document that names something, in its order."""
    reader = _READERS.get(str(document.get("kind")))
    if reader:
        yield from reader(document)


def renamed(document: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The document with new names wherever it refers to old ones; equal to it if it refers to none.

    >>> renamed({"kind": "scoring", "rules": [{"event": "Old"}]}, {("event-type", "Old"): "New"})
    {'kind': 'scoring', 'rules': [{'event': 'New'}]}
    """
    found = [ref for ref in references(document) if (ref.kind, ref.key) in names]
    if not found:
        return dict(document)
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for ref in found:
        _put(changed, ref, names[ref.kind, ref.key])
    return changed


def words(path: Path) -> str:
    """
    >>> words(("steps", 2, "with", "template"))
    'steps[2].with.template'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _put(document: Any, ref: Reference, new: str) -> None:
    *way, last = ref.path
    place = document
    for part in way:
        place = place[part]
    place[last] = _in_text(place[last], ref, new) if ref.compared_with else new


def _in_text(text: str, ref: Reference, new: str) -> str:
    return _compared(ref.compared_with, ref.key).sub(lambda match: match.group(1) + new + match.group(3), text)


def _compared(field: str, value: str) -> re.Pattern[str]:
    return re.compile(rf"""(contact\.{re.escape(field)}\s*(?:==|!=|contains)\s*["'])({re.escape(value)})(["'])""")


_ANY_COMPARED = re.compile(r"""contact\.([\w.]+)\s*(?:==|!=|contains)\s*["']([^"']*)["']""")


def _workflow(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _one(document, "owner", "team", ())
    yield from _trigger(_mapping(document, "trigger"), ("trigger",))
    entry = _mapping(document, "entry")
    yield from _paths(entry, "key", ("entry",))
    yield from condition(entry.get("when"), ("entry", "when"))
    for i, criterion in _items(document, "success"):
        for end in ("from", "to"):
            at: Path = ("success", i, end)
            yield from _one(_mapping(criterion, end), "event", "event-type", at)
            yield from _one(_mapping(criterion, end), "stage", "stage", at)
    for i, step in _items(document, "steps"):
        yield from _step(step, ("steps", i))


def _trigger(trigger: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    for name, kind in (("event", "event-type"), ("stage", "stage")):
        yield from _each(trigger, name, kind, at)
    for name, kind in (("segment", "segment"), ("field", "field"), ("handoff", "team")):
        yield from _one(trigger, name, kind, at)
    where = (*at, "where")
    yield from condition(trigger.get("where"), where)
    if "stage" in trigger or isinstance(trigger.get("field"), str):
        yield from _changed(trigger.get("where"), str(trigger.get("field", "lifecycle_stage")), where)


def _changed(where: Any, field: str, at: Path) -> Iterator[Reference]:
    """`event.properties.from` and `.to` of a change hold values of the field that changes."""
    if isinstance(where, list):
        for i, part in enumerate(where):
            yield from _changed(part, field, (*at, i))
    elif isinstance(where, Mapping):
        for name, wanted in where.items():
            if name in ("event.properties.from", "event.properties.to"):
                yield from _wanted(f"contact.{field}", wanted, (*at, name))
            elif str(name).startswith("$"):
                yield from _changed(wanted, field, (*at, name))


def _step(step: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    yield from _one(step, "trigger", "event-type", at)
    yield from _one(step, "system", "system", at)
    yield from _one(step, "owner", "team", at)
    yield from condition(step.get("when"), (*at, "when"))
    yield from _arguments(_mapping(step, "with"), (*at, "with"))
    yield from _guards(_mapping(step, "guards"), (*at, "guards"))
    wait, until = _mapping(_mapping(step, "wait"), "until"), (*at, "wait", "until")
    yield from _one(wait, "event", "event-type", until)
    yield from condition(wait.get("where"), (*until, "where"))
    if isinstance(wait.get("date"), str):
        yield from _field_path(wait["date"], (*until, "date"))
    for i, branch in _items(step, "choose"):
        yield from condition(branch.get("when"), (*at, "choose", i, "when"))
    yield from _one(_mapping(step, "approve"), "team", "team", (*at, "approve"))
    handoff = _mapping(step, "handoff")
    yield from _one(handoff, "to", "team", (*at, "handoff"))
    yield from _paths(handoff, "payload", (*at, "handoff"))


def _guards(guards: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    yield from _paths(guards, "require", at)
    if isinstance(guards.get("consent"), str):
        yield Reference("field", f"consent.{guards['consent']}", (*at, "consent"))
    elif isinstance(channel := _mapping(guards, "consent").get("channel"), str):
        yield Reference("field", f"consent.{channel}", (*at, "consent", "channel"))
        purpose = _mapping(guards, "consent").get("purpose")
        if isinstance(purpose, str) and purpose != consents.GENERAL:
            yield Reference("field", f"consent.{channel}.{purpose}", (*at, "consent", "purpose"))
    yield from _one(guards, "approval", "team", at)


def _arguments(arguments: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    for kind in ("mapping", "template", "stage", "field", "segment"):
        yield from _one(arguments, kind, kind, at)
    field, value = arguments.get("field"), arguments.get("value")
    if isinstance(field, str) and isinstance(value, str):
        yield from _value(field, value, (*at, "value"))
    elif field is None and isinstance(value, str):
        yield from _field_path(value, (*at, "value"))
    yield from _each(arguments, "fields", "field", at)
    if isinstance(arguments.get("title"), str):
        yield from _text(arguments["title"], (*at, "title"))
    body = _mapping(arguments, "body")
    for name, text in body.items():
        if isinstance(text, str):
            yield from _text(text, (*at, "body", name))


def condition(document: Any, at: Path) -> Iterator[Reference]:
    """Fields, values and segments that a condition asks for."""
    if not isinstance(document, Mapping):
        return
    for name, wanted in document.items():
        here = (*at, name)
        if isinstance(wanted, list) and name in ("$and", "$or", "$nor"):
            for i, part in enumerate(wanted):
                yield from condition(part, (*here, i))
        elif name == "$not":
            yield from condition(wanted, here)
        elif name == "segment":
            yield from _one(document, name, "segment", at)
        else:
            yield from _field_path(str(name), here)
            yield from _wanted(str(name), wanted, here)


def _wanted(path: str, wanted: Any, at: Path) -> Iterator[Reference]:
    if isinstance(wanted, Mapping):
        for operator, inner in wanted.items():
            yield from _wanted(path, inner, (*at, operator))
    elif isinstance(wanted, list):
        for i, inner in enumerate(wanted):
            yield from _wanted(path, inner, (*at, i))
    elif isinstance(wanted, str):
        if path == "event.name":
            yield Reference("event-type", wanted, at)
        elif path.startswith(("contact.", "event.properties.", "event.traits.")):
            yield from _value(
                path.removeprefix("contact.").rpartition("properties.")[2].rpartition("traits.")[2], wanted, at
            )


def _value(field: str, value: str, at: Path) -> Iterator[Reference]:
    if field == "lifecycle_stage":
        yield Reference("stage", value, at)
    else:
        yield Reference(f"value:{field}", value, at)


def _field_path(path: str, at: Path) -> Iterator[Reference]:
    if path.startswith("contact."):
        yield Reference("field", path.removeprefix("contact."), at)
    elif path.startswith("block."):
        yield Reference("block", path.removeprefix("block."), at)
    elif path.startswith("event.properties."):
        yield Reference("event-property", path.removeprefix("event.properties."), at)


def _text(text: str, at: Path) -> Iterator[Reference]:
    """A message's variables, and the values that it compares them with."""
    try:
        variables = liquid.variables(text)
    except liquid.BadTemplate:
        return
    for variable in variables:
        yield from _field_path(variable, at)
    for field, value in dict.fromkeys(_ANY_COMPARED.findall(text)):
        kind = "stage" if field == "lifecycle_stage" else f"value:{field}"
        yield Reference(kind, value, at, compared_with=field)


def _system(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _one(document, "owner", "team", ())


def _field(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _one(document, "owner", "team", ())
    yield from _one(document, "system_of_record", "system", ())


def _event_type(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _one(document, "owner", "team", ())
    for i, team in enumerate(document.get("consumers") or []):
        yield Reference("team", str(team), ("consumers", i))
    yield from _one(document, "stage_effect", "stage", ())
    for channel in _mapping(document, "consent_effect"):
        yield Reference("field", f"consent.{channel}", ("consent_effect", channel))
    properties = _mapping(_mapping(document, "schema"), "properties")
    for name, schema in properties.items():
        at: Path = ("schema", "properties", name)
        for i, value in enumerate(schema.get("enum") or [] if isinstance(schema, Mapping) else []):
            if isinstance(value, str):
                yield from _value(name, value, (*at, "enum", i))


def _map(document: Mapping[str, Any]) -> Iterator[Reference]:
    """A row that reads the contact writes to a far side, whose fields are not ours; any other writes a field."""
    yield from _one(document, "owner", "team", ())
    for i, row in _items(document, "rows"):
        source, target = str(row.get("from", "")), str(row.get("to", ""))
        field = source.removeprefix("contact.") if source.startswith("contact.") else target
        yield from _field_path(source, ("rows", i, "from"))
        if field == target and not source.startswith("contact."):
            yield Reference("field", target, ("rows", i, "to"))
        for j, value in enumerate(row.get("allowed") or []):
            yield from _value(field, str(value), ("rows", i, "allowed", j))
        if isinstance(row.get("default"), str):
            yield from _value(field, row["default"], ("rows", i, "default"))


def _segment(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _one(document, "owner", "team", ())
    yield from condition(document.get("when"), ("when",))


def _template(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _one(document, "owner", "team", ())
    for name in ("subject", "body"):
        yield from _text(str(document.get(name) or ""), (name,))


def _block(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _one(document, "owner", "team", ())
    for i, choice in _items(document, "choices"):
        yield from _one(choice, "segment", "segment", ("choices", i))
        yield from _text(str(choice.get("text") or ""), ("choices", i, "text"))
    yield from _text(str(document.get("fallback") or ""), ("fallback",))


def _scoring(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _one(document, "owner", "team", ())
    for i, rule in _items(document, "rules"):
        yield from _one(rule, "event", "event-type", ("rules", i))
        yield from condition(rule.get("when"), ("rules", i, "when"))


def _scenario(document: Mapping[str, Any]) -> Iterator[Reference]:
    """Stages that are named by their place ("next") are none of the catalog."""
    yield from _one(document, "owner", "team", ())
    yield from _one(document, "workflow", "workflow", ())
    given = _mapping(document, "given")
    yield from _one(given, "stage", "stage", ("given",))
    for name in _mapping(given, "fields"):
        yield Reference("field", name, ("given", "fields", name))
    for i, moment in _items(document, "when"):
        at: Path = ("when", i)
        yield from _one(moment, "event", "event-type", at)
        if moment.get("stage") not in RELATIVE_STAGES:
            yield from _one(moment, "stage", "stage", at)
        for name in _mapping(moment, "sets"):
            yield Reference("field", name, (*at, "sets", name))
    for i, claim in _items(document, "then"):
        yield from _one(claim, "stage", "stage", ("then", i))
        yield from _one(claim, "field", "field", ("then", i))


def _metric(document: Mapping[str, Any]) -> Iterator[Reference]:
    """Other metrics that it is made of, and stages and events that its rows are told apart by."""
    yield from _one(document, "owner", "team", ())
    formula = _mapping(document, "formula")
    at: Path = ("formula",)
    yield from _measured(formula, at)
    for name in ("numerator", "denominator", "of", "base", "to"):
        yield from _one(formula, name, "metric", at)
        yield from _measured(_mapping(formula, name), (*at, name))
    metrics = _mapping(formula, "metrics")
    for name, part in metrics.items():
        yield from _one(metrics, name, "metric", (*at, "metrics"))
        yield from _measured(part if isinstance(part, Mapping) else {}, (*at, "metrics", name))


def _measured(part: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    """Stages and events among the values that a measure lets through."""
    measured = measures().get(str(part.get("measure")))
    for name, wanted in _mapping(part, "where").items() if measured else ():
        dimension = dimension_of(measured[0], str(name)) if measured else None
        if dimension is None or dimension.of not in ("stage", "event-type"):
            continue
        inside = (*at, "where", name)
        if isinstance(wanted, str) and wanted:
            yield Reference(dimension.of, wanted, inside)
        for operator in ("$in", "$nin"):
            for i, value in enumerate(_list(wanted, operator) if isinstance(wanted, Mapping) else []):
                if isinstance(value, str) and value:
                    yield Reference(dimension.of, value, (*inside, operator, i))


def _source(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from _one(document, "system", "system", ())
    yield from _one(document, "mapping", "mapping", ())


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Reference]]] = {
    "workflow": _workflow,
    "system": _system,
    "field": _field,
    "stage": _system,
    "event-type": _event_type,
    "mapping": _map,
    "segment": _segment,
    "block": _block,
    "template": _template,
    "convention": _system,
    "scoring": _scoring,
    "scenario": _scenario,
    "metric": _metric,
    "source": _source,
}


def _one(document: Mapping[str, Any], name: str, kind: str, at: Path) -> Iterator[Reference]:
    if isinstance(document.get(name), str) and document[name]:
        yield Reference(kind, document[name], (*at, name))


def _each(document: Mapping[str, Any], name: str, kind: str, at: Path) -> Iterator[Reference]:
    """One name, or a list of names."""
    yield from _one(document, name, kind, at)
    for i, key in enumerate(_list(document, name)):
        if isinstance(key, str):
            yield Reference(kind, key, (*at, name, i))


def _paths(document: Mapping[str, Any], name: str, at: Path) -> Iterator[Reference]:
    """A list of dotted paths."""
    for i, path in enumerate(_list(document, name)):
        yield from _field_path(str(path), (*at, name, i))


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    found = document.get(name)
    return found if isinstance(found, list) else []


def _mapping(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def _items(document: Mapping[str, Any], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for i, item in enumerate(_list(document, name)):
        if isinstance(item, Mapping):
            yield i, item
