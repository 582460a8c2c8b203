"""Definitions as the documents that a workspace file holds: what is versioned, compared, restored and pinned."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from martechops.people.models import Team
from workflows.models import (
    Block,
    DefinitionVersion,
    EventType,
    Field,
    LifecycleStage,
    MessageTemplate,
    Metric,
    NamingConvention,
    Scenario,
    Scoring,
    Segment,
    System,
)
from workflows.models import (
    Mapping as MappingRow,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of definition: its table, what names a row, and what its document holds besides kind and that name."""

    name: str
    label: str
    plural: str
    model: type[models.Model]
    #: Document key → attribute. References stand as the key of what they point to.
    parts: Mapping[str, str]
    #: The attribute that names it; "name" for event types, which people know by their name.
    key: str = "key"


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "system",
            "System",
            "Systems",
            System,
            {"name": "name", "type": "kind"} | _same("connector", "owner", "sandbox"),
        ),
        Kind(
            "field",
            "Field",
            "Fields",
            Field,
            _same("label", "type", "allowed_values", "personal", "system_of_record", "owner", "written_in", "status"),
        ),
        Kind(
            "stage",
            "Lifecycle stage",
            "Lifecycle stages",
            LifecycleStage,
            _same("name", "position", "crm_statuses", "owner", "status"),
        ),
        Kind(
            "event-type",
            "Event type",
            "Event types",
            EventType,
            _same(
                "meaning", "owner", "consumers", "schema", "stage_effect", "score_effect", "consent_effect", "status"
            ),
            key="name",
        ),
        Kind("mapping", "Mapping", "Mappings", MappingRow, _same("name", "owner", "rows", "status")),
        Kind("segment", "Segment", "Segments", Segment, _same("name", "meaning", "owner", "when", "status")),
        Kind(
            "block", "Content block", "Content blocks", Block, _same("name", "owner", "choices", "fallback", "status")
        ),
        Kind(
            "template",
            "Message template",
            "Message templates",
            MessageTemplate,
            _same("name", "channel", "owner", "subject", "body", "status"),
        ),
        Kind(
            "convention",
            "Naming convention",
            "Naming conventions",
            NamingConvention,
            _same("name", "subject", "owner", "separator", "parts", "status"),
        ),
        Kind("scoring", "Scoring", "Scoring", Scoring, _same("name", "owner", "half_life_days", "rules", "status")),
        Kind(
            "metric",
            "Metric",
            "Metrics",
            Metric,
            _same("name", "meaning", "owner", "type", "formula", "unit", "better", "target", "status"),
        ),
        Kind(
            "scenario",
            "Scenario",
            "Scenarios",
            Scenario,
            _same("name", "owner", "says", "workflow", "types", "given", "when", "then", "status"),
        ),
    )
}
_BY_MODEL = {kind.model: kind for kind in KINDS.values()}


def kind_of(row: models.Model) -> Kind | None:
    """None for what is no definition with versions, such as a workflow."""
    return _BY_MODEL.get(type(row))


def key_of(row: models.Model) -> str:
    """What names the row in files and in other definitions."""
    kind = kind_of(row)
    return str(getattr(row, kind.key if kind else "key"))


def document_of(row: models.Model, *, consumers: Iterable[Team] | None = None) -> dict[str, Any]:
    """The row as plain JSON data; `consumers` stand for those of an event type that are not written yet.

    Raises KeyError for a row that is no definition.
    """
    kind = _BY_MODEL[type(row)]
    document = {"kind": kind.name, kind.key: getattr(row, kind.key)}
    for name, attribute in kind.parts.items():
        if name == "consumers":
            document[name] = _team_keys(row, consumers)
        else:
            document[name] = _plain(getattr(row, attribute))
    return document


def fill(row: models.Model, document: Mapping[str, Any]) -> list[Team] | None:
    """Give the row, unsaved, what a document says; what it does not say stays. Returns consumers, if it names them.

    Raises LookupError for a reference to something that is not there.
    """
    kind = _BY_MODEL[type(row)]
    consumers = None
    for name, attribute in ({kind.key: kind.key} | dict(kind.parts)).items():
        if name not in document:
            continue
        if name == "consumers":
            consumers = [_find(Team, key) for key in document[name]]
        else:
            setattr(row, attribute, _value(kind.model, attribute, document[name]))
    return consumers


def versions_of(row: models.Model) -> models.QuerySet[DefinitionVersion]:
    """Newest first."""
    kind = _BY_MODEL[type(row)]
    return DefinitionVersion.objects.filter(kind=kind.name, object_id=row.pk).order_by("-number")


def latest_number(row: models.Model) -> int:
    """The number of its newest version; 0 if it was never saved."""
    return versions_of(row).values_list("number", flat=True).first() or 0


def row_of(version: DefinitionVersion) -> models.Model:
    """The row that the version is one of. Raises DoesNotExist."""
    return KINDS[version.kind].model._default_manager.get(pk=version.object_id)


def _plain(value: Any) -> Any:
    return key_of(value) if isinstance(value, models.Model) else value


def _team_keys(row: models.Model, consumers: Iterable[Team] | None) -> list[str]:
    if consumers is not None:
        return sorted(team.key for team in consumers)
    return sorted(row.consumers.values_list("key", flat=True)) if row.pk else []  # type: ignore[attr-defined]


def _value(model: type[models.Model], attribute: str, value: Any) -> Any:
    field = model._meta.get_field(attribute)
    if isinstance(field, models.ForeignKey) and value is not None:
        return _find(field.remote_field.model, value)
    return value


def _find(model: type[models.Model], key: str) -> Any:
    found = model._default_manager.filter(key=key).first()
    if found is None:
        raise LookupError(f"there is no {model._meta.verbose_name} {key}")
    return found
