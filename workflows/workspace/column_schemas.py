"""What the JSON columns of definitions may hold, made from the tables that validate them."""

from collections.abc import Mapping
from typing import Any

from workflows.engine import metrics
from workflows.engine.coercions import COERCIONS, WAYS
from workflows.engine.naming import MOST_PARTS
from workflows.engine.personal import MOST_CHOICES
from workflows.engine.scenarios import scenario as scenarios
from workflows.engine.scenarios.reading import EVERYTHING, INVARIANTS, MOST_CLAIMS, MOST_MOMENTS
from workflows.engine.scoring import MOST_POINTS
from workflows.engine.spec import STAGES, TYPES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
SOME_TEXT: Schema = {"type": "string", "minLength": 1}
CONDITION: Schema = {"$ref": "#/$defs/condition"}


def objects(properties: Schema, *required: str, **more: Any) -> Schema:
    """An object of these properties and no others."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
        **more,
    }


def lists(items: Schema, **more: Any) -> Schema:
    """A list of these."""
    return {"type": "array", "items": items, **more}


_SPAN: Schema = {"type": ["string", "integer"], "description": "As `30 minutes` or `2 days`, since the story began."}
_CONSENT: Schema = {"type": "object", "additionalProperties": {"enum": ["granted", "denied"]}}
_VALUES: Schema = {"type": "object", "description": "Names with their values."}
_GIVEN: Schema = objects(
    {
        "lead": {"enum": list(scenarios.LEADS)},
        "email": {"type": ["string", "null"]},
        "stage": {"type": ["string", "null"]},
        "score": {"type": "number"},
        "consent": _CONSENT,
        "fields": _VALUES,
        "known_as": _VALUES,
        "known": {"type": "boolean"},
        "people": {"enum": ["silent", "agree"]},
        "starts": {"type": "string"},
    }
)
_MOMENT: Schema = objects(
    {
        "after": _SPAN,
        "event": SOME_TEXT,
        "begins": {"const": True, "description": "Whatever begins the workflow."},
        "consent": _CONSENT,
        "unsubscribes": SOME_TEXT,
        "sets": _VALUES,
        "stage": SOME_TEXT,
        "answers": {"enum": list(scenarios.ANSWERS)},
        "properties": _VALUES,
        "without": {"type": ["string", "array"], "items": SOME_TEXT},
        "late": _SPAN,
        "again": {"type": "boolean"},
        "source": SOME_TEXT,
        "step": SOME_TEXT,
    }
)
_TIMES: Schema = {"type": ["integer", "object"], "minimum": 0}
_CLAIM: Schema = objects(
    {
        "done": {**SOME_TEXT, "description": "A step, a template or a kind of effect."},
        "withheld": SOME_TEXT,
        "field": SOME_TEXT,
        "stage": {"type": ["string", "null"]},
        "enters": _TIMES,
        "ends": {"enum": ["done", "waiting", "stopped", "failed"]},
        "holds": {"enum": [EVERYTHING, *INVARIANTS]},
        "nothing_else": {"const": True},
        "times": _TIMES,
        "is": True,
        "because": TEXT,
        "after": _SPAN,
        "within": _SPAN,
        "step": SOME_TEXT,
    }
)

_CHOSEN: Schema = {
    "type": "object",
    "description": "Dimensions with the values that count: a value, {$in: [...]} or {$nin: [...]}.",
    "additionalProperties": {"type": ["string", "boolean", "object"]},
}
_MEASURED: Schema = objects({"measure": {"enum": sorted(metrics.measures())}, "where": _CHOSEN}, "measure")
_PART: Schema = {"type": ["string", "object"], "description": "The key of a metric, or a measure with its filters."}
_FORMULA: Schema = objects(
    {
        **_MEASURED["properties"],
        "numerator": _PART,
        "denominator": _PART,
        "expression": {**SOME_TEXT, "description": "Arithmetic over the names in `metrics`."},
        "metrics": {"type": "object", "additionalProperties": _PART},
        "of": _PART,
        "window": {**SOME_TEXT, "description": "As `30 days`."},
        "since": {"enum": list(metrics.CALENDAR)},
        "entity": {"enum": ["contact"]},
        "base": _MEASURED,
        "to": _MEASURED,
        "gives": {"enum": list(metrics.GIVES)},
    },
    description="What it is made of, by its type; see docs/reporting.md.",
    minProperties=1,
)

#: By kind and name in the file.
COLUMNS: Mapping[tuple[str, str], Schema] = {
    ("field", "allowed_values"): lists({"type": ["string", "number", "boolean"]}, uniqueItems=True),
    ("field", "written_in"): lists({"enum": list(STAGES)}, uniqueItems=True),
    ("stage", "crm_statuses"): lists(TEXT),
    ("event-type", "schema"): {
        "type": "object",
        "description": "JSON Schema of the event's properties.",
        "$ref": "#/$defs/json_schema",
    },
    ("event-type", "consent_effect"): {"type": "object", "additionalProperties": {"enum": ["granted", "denied"]}},
    ("mapping", "rows"): lists(
        objects(
            {
                "from": SOME_TEXT,
                "to": SOME_TEXT,
                "type": {"enum": list(WAYS)},
                "as": {"enum": [*COERCIONS, "", None]},
                "timezone": {"type": ["string", "null"]},
                "default": True,
                "required": {"type": "boolean"},
                "allowed": {"type": ["array", "null"], "items": TEXT},
            },
            *("from", "to"),
        )
    ),
    ("segment", "when"): CONDITION,
    ("block", "choices"): lists(
        objects({"segment": SOME_TEXT, "text": SOME_TEXT}, "segment", "text"), maxItems=MOST_CHOICES
    ),
    ("scenario", "types"): lists({"enum": list(TYPES)}, uniqueItems=True),
    ("scenario", "given"): _GIVEN,
    ("scenario", "when"): lists(_MOMENT, maxItems=MOST_MOMENTS),
    ("scenario", "then"): lists(_CLAIM, maxItems=MOST_CLAIMS),
    ("metric", "formula"): _FORMULA,
    ("metric", "target"): objects({"value": {"type": "number"}, "per": {"enum": ["", "day", "week", "month"]}}),
    ("convention", "parts"): lists(
        objects(
            {"part": SOME_TEXT, "pattern": TEXT, "values": lists(SOME_TEXT), "optional": {"type": "boolean"}}, "part"
        ),
        minItems=1,
        maxItems=MOST_PARTS,
    ),
    ("scoring", "rules"): lists(
        objects(
            {
                "event": SOME_TEXT,
                "when": CONDITION,
                "points": {"type": "integer", "minimum": -MOST_POINTS, "maximum": MOST_POINTS, "not": {"const": 0}},
                "says": TEXT,
            },
            *("event", "points"),
        )
    ),
}
