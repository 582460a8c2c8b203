"""A workspace made of documents, each as a workspace file holds it: what is in the database, in a folder, or in a test.

Nothing here refuses anything: what a document does not say is empty, and the checks speak of it.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from martechops.lib import liquid
from workflows.engine.authority import Authority
from workflows.engine.conditions import FieldType, Segments
from workflows.engine.metrics import BadMetric
from workflows.engine.metrics import read as read_metric
from workflows.engine.ownership import Duty
from workflows.engine.parse import attempt
from workflows.engine.references import references

from . import suppressions
from .workspace import (
    Convention,
    EventType,
    Field,
    FieldMap,
    Metric,
    Segment,
    Stage,
    System,
    Template,
    Workflow,
    Workspace,
)

Document = Mapping[str, Any]


def workspace_of(
    definitions: Iterable[Document],
    *,
    teams: Mapping[str, str],
    duties: Iterable[Duty] = (),
    workflows: Iterable[Workflow] = (),
    aliases: Mapping[tuple[str, str], str] | None = None,
) -> Workspace:
    """`teams` are names by key, `aliases` present names by kind and former name."""
    found: dict[str, dict[str, Document]] = {}
    for document in definitions:
        found.setdefault(str(document.get("kind")), {})[_key(document)] = document
    former = _former_names(aliases or {})
    stages = {key: _stage(document) for key, document in found.get("stage", {}).items()}
    return Workspace(
        systems={key: _system(document) for key, document in found.get("system", {}).items()},
        fields={key: _field(document, tuple(stages)) for key, document in found.get("field", {}).items()},
        stages=stages,
        events={
            key: _event_type(document, former.get(key, ())) for key, document in found.get("event-type", {}).items()
        },
        segments={key: _segment(document) for key, document in found.get("segment", {}).items()},
        mappings={key: _mapping(document) for key, document in found.get("mapping", {}).items()},
        templates={key: _template(document) for key, document in found.get("template", {}).items()},
        blocks=frozenset(found.get("block", {})),
        conventions={key: _convention(document) for key, document in found.get("convention", {}).items()},
        metrics={key: _metric(document) for key, document in found.get("metric", {}).items()},
        teams=dict(teams),
        duties=tuple(duties),
        workflows=tuple(workflows),
    )


def workflow_of(content: Document, *, state: str, version: int = 0, segments: Segments | None = None) -> Workflow:
    """One version, as far as it can be read; with `segments`, rules that name one know what it asks for."""
    found = attempt(content, segments=segments)
    return Workflow(
        key=found.spec.key,
        name=found.spec.name or found.spec.key,
        owner=found.spec.owner,
        state="map" if found.spec.map_only else state,
        spec=found.spec,
        document=content,
        references=tuple(references({**content, "kind": "workflow"})),
        problems=found.problems,
        version=version,
        ignored=suppressions.read(content),
    )


def _key(document: Document) -> str:
    """Event types are known by their name."""
    return _text(document, "key") or _text(document, "name")


def _text(document: Document, name: str, default: str = "") -> str:
    value = document.get(name)
    return default if value is None else str(value)


def _former_names(aliases: Mapping[tuple[str, str], str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for (kind, old), new in aliases.items():
        if kind == "event-type":
            found[new] = (*found.get(new, ()), old)
    return found


def _common(document: Document) -> dict[str, str]:
    return {"owner": _text(document, "owner"), "status": _text(document, "status", "draft")}


def _system(document: Document) -> System:
    return System(
        key=_key(document),
        name=_text(document, "name"),
        kind=_text(document, "type"),
        owner=_text(document, "owner"),
        connector=_text(document, "connector"),
    )


def _field(document: Document, stages: tuple[str, ...]) -> Field:
    key, kind = _key(document), _text(document, "type", "text")
    allowed = tuple(map(str, document.get("allowed_values") or ()))
    if key == "lifecycle_stage":
        allowed = stages
    authority = Authority(
        field=key,
        system=_text(document, "system_of_record"),
        owner=_text(document, "owner"),
        written_in=tuple(document.get("written_in") or ()),
        frozen=document.get("status") == "frozen",
    )
    label = _text(document, "label")
    return Field(
        key=key,
        type=FieldType(kind, allowed=allowed, label=label),
        authority=authority,
        status=_text(document, "status", "draft"),
    )


def _stage(document: Document) -> Stage:
    return Stage(key=_key(document), position=int(document.get("position") or 0), **_common(document))


def _event_type(document: Document, former: tuple[str, ...]) -> EventType:
    return EventType(
        name=_key(document),
        schema=document.get("schema") or {},
        stage_effect=_text(document, "stage_effect"),
        aliases=former,
        **_common(document),
    )


def _segment(document: Document) -> Segment:
    return Segment(key=_key(document), when=document.get("when") or {}, **_common(document))


def _mapping(document: Document) -> FieldMap:
    rows = tuple(row for row in document.get("rows") or () if isinstance(row, Mapping))
    return FieldMap(key=_key(document), rows=rows, **_common(document))


def _template(document: Document) -> Template:
    texts = (_text(document, "subject"), _text(document, "body"))
    return Template(
        key=_key(document),
        channel=_text(document, "channel", "email"),
        used=tuple(dict.fromkeys(path for text in texts for path in _paths(liquid.variables, text))),
        needed=tuple(dict.fromkeys(path for text in texts for path in _paths(liquid.needed, text))),
        **_common(document),
    )


@lru_cache(maxsize=4096)
def _paths(read: Callable[[str], tuple[str, ...]], text: str) -> tuple[str, ...]:
    try:
        return read(text)
    except liquid.BadTemplate:
        return ()


def _convention(document: Document) -> Convention:
    return Convention(
        key=_key(document),
        subject=_text(document, "subject"),
        parts=tuple(document.get("parts") or ()),
        separator=_text(document, "separator", "_"),
        **_common(document),
    )


def _metric(document: Document) -> Metric:
    try:
        definition = read_metric(_text(document, "type"), document.get("formula"))
    except BadMetric:
        definition = None
    return Metric(key=_key(document), definition=definition, **_common(document))
