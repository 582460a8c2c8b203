"""JSON Schema of every kind of file, made from the tables that validate: columns, operators, ways to read a value.

Editors complete by them, and the same schemas say here what a definition's file may hold. What JSON Schema cannot say
(a reference to something that is not there, a regular expression of RE2) `checking` says.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import models

from workflows.actions import work_calendar
from workflows.engine.conditions import OPERATORS
from workflows.engine.conditions.compile import GROUPS
from workflows.models import Alias, Source, StageOwnership, WorkCalendar
from workflows.queries import documents
from workflows.workspace import workflow_schema
from workflows.workspace.column_schemas import COLUMNS, CONDITION, SOME_TEXT, TEXT, Schema, lists, objects
from workflows.workspace.kinds import KINDS, Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"

KEYS: Schema = {"type": "array", "items": SOME_TEXT, "uniqueItems": True}
WINDOW: Schema = {
    "type": "object",
    "description": "When it may be changed; always, if empty.",
    "additionalProperties": False,
    "properties": {"days": TEXT, "from": TEXT, "to": TEXT, "timezone": TEXT},
}


#: Any JSON Schema; it says no more than the order in which its words are written.
_JSON_SCHEMA: Schema = {
    "properties": {
        **dict.fromkeys(["type", "title", "description", "format", "enum", "required"], True),
        "properties": {"additionalProperties": {"$ref": "#/$defs/json_schema"}},
        "items": {"$ref": "#/$defs/json_schema"},
    }
}
_CONDITION: Schema = {
    "type": "object",
    "description": "A rule as a document; see docs/conditions.md.",
    "minProperties": 1,
    "properties": {**{group: lists(CONDITION, minItems=1) for group in GROUPS}, "$not": CONDITION},
    "patternProperties": {r"^[^$]": {"$ref": "#/$defs/wanted"}},
    "additionalProperties": False,
}
_WANTED: Schema = {
    "description": "A value, or operators with theirs.",
    "if": {"type": "object", "propertyNames": {"pattern": r"^\$"}, "minProperties": 1},
    "then": objects(
        {**dict.fromkeys(OPERATORS, True), "$not": {"$ref": "#/$defs/wanted"}},
    ),
    "else": {"not": {"type": "null"}},
}


_DEFINITIONS: Schema = {"condition": _CONDITION, "wanted": _WANTED, "json_schema": _JSON_SCHEMA}


@cache
def of(kind: str) -> Schema:
    """The schema of one kind of file, standing on its own. Raises KeyError. Not to be changed."""
    found = KINDS[kind]
    made = _MAKERS[kind]() if kind in _MAKERS else _definition(documents.KINDS[kind])
    return {
        "$schema": DIALECT,
        "title": found.label,
        **made,
        "properties": {"kind": {"const": kind}, **made["properties"]},
        "required": ["kind", *made["required"]],
        "$defs": {**made.get("$defs", {}), **_DEFINITIONS},
    }


def all_kinds() -> dict[str, Schema]:
    """By kind, in their order."""
    return {kind: of(kind) for kind in KINDS}


@cache
def defaults(kind: str) -> Mapping[str, Any]:
    """What an entry of a document means that the file leaves out."""
    if kind == "workflow":
        return {}
    return {name: schema["default"] for name, schema in of(kind)["properties"].items() if "default" in schema}


def complete(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with everything in it that it leaves out, and in the order that means nothing put right."""
    whole = {**defaults(document["kind"]), **document}
    if isinstance(whole.get("consumers"), list):
        whole["consumers"] = sorted(set(whole["consumers"]), key=str)
    if document["kind"] == "ownership" and isinstance(whole.get("teams"), list):
        whole["teams"] = sorted(map(_duty, whole["teams"]), key=lambda row: str(row.get("team")))
    if document["kind"] == "queue" and isinstance(whole.get("members"), list):
        whole["members"] = [_duty(member) if isinstance(member, Mapping) else member for member in whole["members"]]
    return whole


def _duty(row: Any) -> dict[str, Any]:
    """A team's part in a stage, or a member of a queue, without what it leaves open."""
    return {name: value for name, value in row.items() if value} if isinstance(row, Mapping) else {}


def brief(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without what goes without saying."""
    known = defaults(document["kind"])
    return {
        name: value
        for name, value in document.items()
        if name not in known or value != known[name] or isinstance(value, bool) != isinstance(known[name], bool)
    }


def _definition(kind: documents.Kind) -> Schema:
    """From its columns."""
    parts = {kind.key: kind.key, **kind.parts}
    properties = {name: _column(kind, name, attribute) for name, attribute in parts.items()}
    return objects(
        properties,
        *(name for name, schema in properties.items() if "default" not in schema),
        description=(kind.model.__doc__ or "").splitlines()[0],
    )


def _column(kind: documents.Kind, name: str, attribute: str) -> Schema:
    column: Any = kind.model._meta.get_field(attribute)
    if isinstance(column, models.ManyToManyField):
        return KEYS | {"default": []}
    made = dict(COLUMNS.get((kind.name, name), {})) if isinstance(column, models.JSONField) else _plain(column)
    if column.help_text:
        made["description"] = str(column.help_text)
    if attribute == kind.key:
        return made
    if column.null:
        made |= {"type": [made["type"], "null"], "default": None}
    elif column.has_default() and (column.blank or column.get_default() not in ([], {}, "")):
        made["default"] = column.get_default()
    elif column.has_default():  # there has to be something, and the default is nothing
        made |= {"minItems": 1, "minProperties": 1}
    elif column.blank and isinstance(column, models.CharField | models.TextField):
        made["default"] = ""
    return made


def _plain(column: Any) -> Schema:
    """What a column of a single value takes."""
    if isinstance(column, models.ForeignKey):
        return dict(SOME_TEXT)
    if isinstance(column, models.BooleanField):
        return {"type": "boolean"}
    if isinstance(column, models.IntegerField):
        least, most = _range(column)
        return {"type": "integer", "minimum": least, "maximum": most}
    made: Schema = {"type": "string"} if column.blank else dict(SOME_TEXT)
    if column.choices:
        return {"type": "string", "enum": [value for value, _ in column.flatchoices]}
    if column.max_length:
        made["maxLength"] = column.max_length
    if isinstance(column, models.SlugField):
        made["pattern"] = "^[-a-zA-Z0-9_]+$"
    return made


def _range(column: Any) -> tuple[int, int]:
    if isinstance(column, models.PositiveSmallIntegerField):
        return 0, 32_767
    return (-32_768, 32_767) if isinstance(column, models.SmallIntegerField) else (0, 2**31 - 1)


def _team() -> Schema:
    key = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 50}
    properties = {"key": key, "name": SOME_TEXT | {"maxLength": 80}, "duty": TEXT | {"default": ""}}
    return objects(
        properties, "key", "name", description="Owns systems, fields and steps, and is called when they fail."
    )


def _ownership() -> Schema:
    team = objects({"team": SOME_TEXT, "duty": TEXT, "window": WINDOW}, "team")
    stages = {"enum": list(StageOwnership.Stage.values)}
    return objects(
        {"stage": stages, "teams": lists(team)},
        "stage",
        "teams",
        description="Which teams answer for a stage, and when.",
    )


def _queue() -> Schema:
    key = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 50}
    capacity = {"type": ["integer", "null"], "minimum": 0, "maximum": 1_000_000}
    member = objects({"key": SOME_TEXT, "crm_id": TEXT, "capacity": capacity}, "key")
    territory = objects({"key": SOME_TEXT, "when": CONDITION, "members": KEYS}, "key", "when", "members")
    return objects(
        {
            "key": key,
            "name": SOME_TEXT | {"maxLength": 80},
            "owner": SOME_TEXT,
            "members": lists(member, minItems=1),
            "territories": lists(territory, default=[]),
        },
        *("key", "name", "owner", "members"),
        description="People that leads are given to, in the order of their turns. Who is away is in no file.",
    )


def _calendar() -> Schema:
    days = lists(SOME_TEXT, default=[], description="Dates, such as 2026-12-24.")
    hours = {"type": ["string", "array"], "items": SOME_TEXT}
    usual = WorkCalendar()
    return objects(
        {
            "key": {"const": work_calendar.KEY},
            "timezone": SOME_TEXT | {"default": usual.timezone},
            "hours": {"type": "object", "minProperties": 1, "additionalProperties": hours, "default": usual.hours},
            "country": TEXT | {"default": ""},
            "subdivision": TEXT | {"default": ""},
            "closed": days,
            "open": days,
            "owner": SOME_TEXT,
        },
        *("key", "owner"),
        description="When the workspace works: what spans in business time are counted by. There is one at most.",
    )


def _source() -> Schema:
    name = {"type": "string", "minLength": 1, "maxLength": Source._meta.get_field("name").max_length}
    key = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 50}
    known = {"type": ["string", "null"], "default": None}
    return objects(
        {"key": key, "name": name, "system": known, "mapping": known, "reading": {"type": "object", "default": {}}},
        *("key", "name"),
        description="Where events come from. Its write key is each installation's own and in no file.",
    )


def _aliases() -> Schema:
    longest = Alias._meta.get_field("old").max_length
    names = {"type": "object", "propertyNames": {"maxLength": longest}, "additionalProperties": SOME_TEXT}
    of_kind = {"type": "string", "pattern": "^(event-type|stage|field|value:.+)$"}
    return objects({"of": of_kind, "names": names}, "of", "names", description="Former names, and what they mean now.")


_MAKERS = {
    "team": _team,
    "ownership": _ownership,
    "queue": _queue,
    "calendar": _calendar,
    "source": _source,
    "aliases": _aliases,
    "workflow": workflow_schema.make,
}

__all__ = ["Kind", "all_kinds", "brief", "complete", "defaults", "of"]
