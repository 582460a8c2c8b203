"""What is wrong with definitions as a whole: references to nothing, and what each kind's own checks say."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from workflows.actions import queues, soundness, work_calendar
from workflows.engine import ownership, translation, typing_rules
from workflows.engine.business_time import BadCalendar, parse_calendar
from workflows.engine.conditions import FieldType, check_types
from workflows.engine.personal import BadBlock, compile_block
from workflows.engine.references import Reference, condition, references
from workflows.engine.scenarios import BadScenario
from workflows.engine.scenarios import read as read_scenario
from workflows.engine.typing_rules import Vocabulary, of_schema
from workflows.models import Field, Status
from workflows.queries import documents, segments
from workflows.workspace.kinds import KINDS, Name
from workflows.workspace.problems import Problem
from workflows.workspace.reading import Item, content

#: Documents by their names.
Known = Mapping[Name, Mapping[str, Any]]

#: Kinds of references that name a definition; others (values, properties, channels) are the lint's.
_DEFINED = frozenset(
    {"team", "system", "field", "stage", "event-type", "mapping", "segment", "block", "template", "workflow", "metric"}
)
_ROW_OF = re.compile(r"^[-\w]+, (?=row \d+: )")
_ROW = re.compile(r"row (\d+): ")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that will be there once the files are applied."""

    known: Known
    #: The same as rules see it.
    vocabulary: Vocabulary


def around(known: Known) -> Surroundings:
    """What rules may speak of, read from documents as `queries.vocabulary` reads it from the catalog."""
    there = [(name, document) for name, document in known.items() if document]
    events = [document for name, document in there if name.kind == "event-type"]
    stages = sorted((document for name, document in there if name.kind == "stage"), key=lambda row: row["position"])
    keys = tuple(str(stage["key"]) for stage in stages)
    return Surroundings(
        known,
        Vocabulary(
            fields=dict(_field_types([document for name, document in there if name.kind == "field"], keys)),
            events={row["name"]: of_schema(row["schema"], closed=row["status"] != Status.DRAFT) for row in events},
            segments={name.key: document["when"] for name, document in there if name.kind == "segment"},
            stages=keys,
        ),
    )


def problems(item: Item, surroundings: Surroundings) -> Iterator[Problem]:
    """Everything that is wrong with a readable item."""
    yield from dangling(item, surroundings.known)
    kind = item.name.kind
    if kind in _OWN:
        yield from _OWN[kind](item, surroundings.vocabulary)
    elif kind in documents.KINDS:
        for attribute, says in _unsound(item.document):
            yield item.problem(_where(attribute, says), f"{_attribute_words(kind, attribute)}{says}")


def _field_types(rows: list[Mapping[str, Any]], stages: tuple[str, ...]) -> Iterator[tuple[str, FieldType]]:
    for document in rows:
        row = unsaved(document)
        if isinstance(row, Field):
            yield f"contact.{row.key}", segments.field_type(row, stages)


def unsaved(document: Mapping[str, Any]) -> models.Model:
    """A row as the document says, but for what it refers to."""
    kind = documents.KINDS[document["kind"]]
    plain = {
        attribute: document[name]
        for name, attribute in ({kind.key: kind.key} | dict(kind.parts)).items()
        if name in document and not kind.model._meta.get_field(attribute).is_relation
    }
    return kind.model(**plain)


def dangling(item: Item, known: Known) -> Iterator[Problem]:
    """References to what will not be there."""
    for ref in named(item.document):
        if Name(ref.kind, ref.key) in known or Name(ref.kind, ref.key, draft=True) in known:
            continue
        if ref.kind in ("event-type", "stage") and _is_former(ref, known):
            continue
        yield item.problem(ref.path, missing(ref))


def missing(ref: Reference) -> str:
    """
    >>> missing(Reference("event-type", "Demo Requested", ()))
    'there is no event type Demo Requested'
    """
    return f"there is no {KINDS[ref.kind].label.lower()} {ref.key}"


def named(document: Mapping[str, Any]) -> Iterator[Reference]:
    """Definitions that a document cannot do without. A map of how things are may name what nobody has defined."""
    kind = document["kind"]
    if kind == "ownership":
        yield from (Reference("team", row["team"], ("teams", i, "team")) for i, row in enumerate(document["teams"]))
    if kind in ("queue", "calendar"):
        yield Reference("team", document["owner"], ("owner",))
    for i, area in enumerate(document["territories"] if kind == "queue" else ()):
        when = condition(area["when"], ("territories", i, "when"))
        yield from (ref for ref in when if ref.kind in _DEFINED)
    is_map = kind == "workflow" and document.get("map_only")
    if kind == "workflow" and not is_map:
        yield from _turns(document)
    for ref in references(document):
        if ref.kind not in _DEFINED or (is_map and ref.path not in (("owner",), ("target",))):
            continue
        if kind == "workflow" and ref.path[-1] == "trigger" and ref.path[0] == "steps":
            continue  # what comes before a step, in words
        if ref.kind == "field" and kind == "workflow" and document.get("subject") == "content":
            continue  # fields of content items are no fields of the catalog
        operators = [part for part in ref.path if isinstance(part, str) and part.startswith("$")]
        if ref.kind == "stage" and {"$regex", "$contains", "$startsWith", "$endsWith"} & set(operators):
            continue
        yield ref


def _turns(document: Mapping[str, Any]) -> Iterator[Reference]:
    """Queues whose turns a workflow takes; the queue of a task is the far side's."""
    for i, step in enumerate(document.get("steps") or ()):
        arguments = step.get("with") if isinstance(step, Mapping) and step.get("action") == "assign_owner" else None
        for name in ("queue", "table"):
            if isinstance(arguments, Mapping) and isinstance(key := arguments.get(name), str):
                yield Reference("queue", key, ("steps", i, "with", name))


def _is_former(ref: Reference, known: Known) -> bool:
    names = known.get(Name("aliases", ref.kind), {}).get("names", {})
    return ref.key in names


def _unsound(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(attribute, what is wrong), by the checks that saving asks too."""
    row = unsaved(document)
    for find in soundness.CHECKS.get(document["kind"], ()):
        for attribute, messages in find(row).items():
            for message in messages:
                yield from ((attribute, part) for part in _parts(message))


def _parts(message: str) -> list[str]:
    """A mapping says all that is wrong in one text, row by row."""
    return [_ROW_OF.sub("", part) for part in re.split(r"; (?=[-\w]+, row \d+: )", message)]


def _where(attribute: str, says: str) -> str:
    """The place in words that a message is about, as near as it says."""
    if row := _ROW.search(says):
        return f"{attribute}[{int(row[1]) - 1}]"
    first = says.split(" ", 1)[0].rstrip(":")
    return first if first.startswith(attribute) else f"{attribute}.{first}"


def _attribute_words(kind: str, attribute: str) -> str:
    """The entry's name before a message that does not begin with it."""
    names = {column: name for name, column in documents.KINDS[kind].parts.items()}
    return f"{names.get(attribute, attribute)}: "


def _segment(item: Item, vocabulary: Vocabulary) -> Iterator[Problem]:
    for path, says in check_types(item.document["when"], vocabulary.fields, segments=vocabulary.segments):
        yield item.problem(f"when.{path}", f"when: {path}: {says}")


def _workflow(item: Item, vocabulary: Vocabulary) -> Iterator[Problem]:
    """As freezing asks; a map of how things are may say what it likes."""
    if not item.document.get("map_only"):
        for path, says in typing_rules.problems(content(item.document), vocabulary):
            yield item.problem(path, f"{path} {says}")


def _windows(item: Item, _vocabulary: Vocabulary) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, row in enumerate(item.document["teams"]):
        if row["team"] in seen:
            yield item.problem(("teams", i, "team"), f"{row['team']} stands here twice")
        seen.add(row["team"])
        try:
            ownership.check(row.get("window") or {})
        except ownership.BadWindow as error:
            yield item.problem(("teams", i, "window"), f"window: {error}")


def _reading(item: Item, _vocabulary: Vocabulary) -> Iterator[Problem]:
    try:
        translation.reading_of(item.document["reading"])
    except translation.BadReading as error:
        yield item.problem(("reading",), f"reading: {error}")


def _block(item: Item, vocabulary: Vocabulary) -> Iterator[Problem]:
    """By the segments that will be there, not by those that are."""
    document = item.document
    choices, fallback = document.get("choices", []), document.get("fallback", "")
    try:
        compile_block(item.name.key, choices=choices, fallback=fallback, segments=vocabulary.segments)
    except BadBlock as error:
        for place, says in error.problems:
            if "there is no segment" not in says:  # `dangling` says it, at its place
                yield item.problem(place, says)


def _scenario(item: Item, _vocabulary: Vocabulary) -> Iterator[Problem]:
    try:
        read_scenario(item.document)
    except BadScenario as error:
        for place, says in error.problems:
            yield item.problem(place, f"{place}: {says}")


def _queue(item: Item, vocabulary: Vocabulary) -> Iterator[Problem]:
    document = item.document
    members, territories = document["members"], document["territories"]
    for place, says in queues.faults(members=members, territories=territories, segments=vocabulary.segments):
        if "there is no segment" not in says:  # `dangling` says it, at its place
            yield item.problem(place, f"{place}: {says}")
    for i, area in enumerate(territories):
        for path, says in check_types(area["when"], vocabulary.fields, segments=vocabulary.segments):
            yield item.problem(f"territories[{i}].when.{path}", f"territories[{i}].when: {path}: {says}")


def _calendar(item: Item, _vocabulary: Vocabulary) -> Iterator[Problem]:
    try:
        parse_calendar({part: item.document[part] for part in work_calendar.PARTS})
    except BadCalendar as error:
        for place, says in error.problems:
            yield item.problem(place, f"{place}: {says}")


#: Kinds with checks of their own.
_OWN: Mapping[str, Callable[[Item, Vocabulary], Iterator[Problem]]] = {
    "ownership": _windows,
    "source": _reading,
    "queue": _queue,
    "calendar": _calendar,
    "segment": _segment,
    "block": _block,
    "scenario": _scenario,
    "workflow": _workflow,
}
