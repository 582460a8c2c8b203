"""JSON Schema of a playbook's file: editors complete by it, and reading refuses what it does not allow."""

from typing import Any

from .parameters import TYPES

_TEXT = {"type": "string", "minLength": 1, "maxLength": 20_000}
_KEY = {"type": "string", "pattern": "^[a-z0-9]+(?:[-_][a-z0-9]+)*$", "maxLength": 80}
_TEXTS = {"type": "array", "items": _TEXT, "maxItems": 50}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


_PARAMETER = _object(
    {
        "key": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 40},
        "label": _TEXT,
        "type": {"enum": list(TYPES)},
        "help": _TEXT,
        "required": {"type": "boolean"},
        "default": {"type": ["string", "number"], "description": "May hold tokens of the parameters before it."},
        "choices": _TEXTS,
        "at_least": {"type": "number"},
        "at_most": {"type": "number"},
    },
    *("key", "label", "type"),
)
_CAMPAIGN = _object(
    {
        "name": {
            "type": "object",
            "description": "Parts of the naming convention for campaigns, each with its value.",
            "additionalProperties": _TEXT,
        },
        "brief": _TEXT,
        "channels": _TEXTS,
        "audience": {**_TEXT, "description": "Key of the segment."},
        "utm": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    *("name", "brief", "channels", "audience"),
)
_CONTENT = _object(
    {
        "key": _TEXT,
        "name": _TEXT,
        "kind": {"enum": ["article", "email", "landing-page", "post", "video", "webinar"]},
        "channels": _TEXTS,
        "body": _TEXT,
        "link": {**_TEXT, "description": "Where it can be read. The form of a landing page is fetched from there."},
        "owner": _TEXT,
    },
    *("key", "name", "kind", "owner"),
)
_CHECK = _object(
    {"says": _TEXT, "team": _TEXT, "blocking": {"type": "boolean"}},
    *("says", "team"),
)

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Playbook",
    **_object(
        {
            "kind": {"const": "playbook"},
            "key": _KEY,
            "name": _TEXT,
            "summary": {**_TEXT, "description": "What it does for whom, in a sentence or two."},
            "icon": _TEXT,
            "parameters": {"type": "array", "items": _PARAMETER, "maxItems": 40},
            "prefix": {**_TEXT, "description": "What [[key]] begins with: the key of everything that is made."},
            "requires": {
                "type": "array",
                "maxItems": 50,
                "items": _object({"field": _TEXT, "why": _TEXT}, "field", "why"),
                "description": "Fields that must be there, with values, before it goes live (requirement E3).",
            },
            "approvers": {**_TEXTS, "description": "Teams who approve, in the order of their sections."},
            "checks": {"type": "array", "items": _CHECK, "maxItems": 50},
            "campaign": _CAMPAIGN,
            "content": {"type": "array", "items": _CONTENT, "maxItems": 50},
            "shared": {
                "type": "array",
                "maxItems": 50,
                "items": {"type": "object", "required": ["kind"]},
                "description": "Definitions that launches share: made where there is none, else used as they are.",
            },
            "creates": {
                "type": "array",
                "minItems": 1,
                "maxItems": 50,
                "items": {"type": "object", "required": ["kind", "key"]},
                "description": "Definitions and workflows that are this launch's own, as workspace files hold them.",
            },
        },
        *("kind", "key", "name", "summary", "prefix", "parameters", "approvers", "campaign", "creates"),
    ),
}
