"""What each kind of definition refers to."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from workflows.engine.metrics import dimension_of, measures
from workflows.engine.scenarios.scenario import RELATIVE_STAGES

from .places import Path, Reference, items, listed, mapping, one
from .rules import condition, in_path, in_text, in_value
from .workflow import in_workflow


def _system(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from one(document, "owner", "team", ())


def _field(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from one(document, "owner", "team", ())
    yield from one(document, "system_of_record", "system", ())


def _event_type(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from one(document, "owner", "team", ())
    for i, team in enumerate(document.get("consumers") or []):
        yield Reference("team", str(team), ("consumers", i))
    yield from one(document, "stage_effect", "stage", ())
    for channel in mapping(document, "consent_effect"):
        yield Reference("field", f"consent.{channel}", ("consent_effect", channel))
    properties = mapping(mapping(document, "schema"), "properties")
    for name, schema in properties.items():
        at: Path = ("schema", "properties", name)
        for i, value in enumerate(schema.get("enum") or [] if isinstance(schema, Mapping) else []):
            if isinstance(value, str):
                yield from in_value(name, value, (*at, "enum", i))


def _map(document: Mapping[str, Any]) -> Iterator[Reference]:
    """A row that reads the contact writes to a far side, whose fields are not ours; any other writes a field."""
    yield from one(document, "owner", "team", ())
    for i, row in items(document, "rows"):
        source, target = str(row.get("from", "")), str(row.get("to", ""))
        field = source.removeprefix("contact.") if source.startswith("contact.") else target
        yield from in_path(source, ("rows", i, "from"))
        if field == target and not source.startswith("contact."):
            yield Reference("field", target, ("rows", i, "to"))
        for j, value in enumerate(row.get("allowed") or []):
            yield from in_value(field, str(value), ("rows", i, "allowed", j))
        if isinstance(row.get("default"), str):
            yield from in_value(field, row["default"], ("rows", i, "default"))


def _segment(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from one(document, "owner", "team", ())
    yield from condition(document.get("when"), ("when",))


def _template(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from one(document, "owner", "team", ())
    for name in ("subject", "body"):
        yield from in_text(str(document.get(name) or ""), (name,))


def _block(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from one(document, "owner", "team", ())
    for i, choice in items(document, "choices"):
        yield from one(choice, "segment", "segment", ("choices", i))
        yield from in_text(str(choice.get("text") or ""), ("choices", i, "text"))
    yield from in_text(str(document.get("fallback") or ""), ("fallback",))


def _scoring(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from one(document, "owner", "team", ())
    for i, rule in items(document, "rules"):
        yield from one(rule, "event", "event-type", ("rules", i))
        yield from condition(rule.get("when"), ("rules", i, "when"))


def _scenario(document: Mapping[str, Any]) -> Iterator[Reference]:
    """Stages that are named by their place ("next") are none of the catalog."""
    yield from one(document, "owner", "team", ())
    yield from one(document, "workflow", "workflow", ())
    given = mapping(document, "given")
    yield from one(given, "stage", "stage", ("given",))
    for name in mapping(given, "fields"):
        yield Reference("field", name, ("given", "fields", name))
    for i, moment in items(document, "when"):
        at: Path = ("when", i)
        yield from one(moment, "event", "event-type", at)
        if moment.get("stage") not in RELATIVE_STAGES:
            yield from one(moment, "stage", "stage", at)
        for name in mapping(moment, "sets"):
            yield Reference("field", name, (*at, "sets", name))
    for i, claim in items(document, "then"):
        yield from one(claim, "stage", "stage", ("then", i))
        yield from one(claim, "field", "field", ("then", i))


def _metric(document: Mapping[str, Any]) -> Iterator[Reference]:
    """Other metrics that it is made of, and stages and events that its rows are told apart by."""
    yield from one(document, "owner", "team", ())
    formula = mapping(document, "formula")
    at: Path = ("formula",)
    yield from _measured(formula, at)
    for name in ("numerator", "denominator", "of", "base", "to"):
        yield from one(formula, name, "metric", at)
        yield from _measured(mapping(formula, name), (*at, name))
    metrics = mapping(formula, "metrics")
    for name, part in metrics.items():
        yield from one(metrics, name, "metric", (*at, "metrics"))
        yield from _measured(part if isinstance(part, Mapping) else {}, (*at, "metrics", name))


def _measured(part: Mapping[str, Any], at: Path) -> Iterator[Reference]:
    """Stages and events among the values that a measure lets through."""
    measured = measures().get(str(part.get("measure")))
    for name, wanted in mapping(part, "where").items() if measured else ():
        dimension = dimension_of(measured[0], str(name)) if measured else None
        if dimension is None or dimension.of not in ("stage", "event-type"):
            continue
        inside = (*at, "where", name)
        if isinstance(wanted, str) and wanted:
            yield Reference(dimension.of, wanted, inside)
        for operator in ("$in", "$nin"):
            for i, value in enumerate(listed(wanted, operator) if isinstance(wanted, Mapping) else []):
                if isinstance(value, str) and value:
                    yield Reference(dimension.of, value, (*inside, operator, i))


def _source(document: Mapping[str, Any]) -> Iterator[Reference]:
    yield from one(document, "system", "system", ())
    yield from one(document, "mapping", "mapping", ())


READERS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Reference]]] = {
    "workflow": in_workflow,
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
