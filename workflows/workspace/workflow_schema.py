"""JSON Schema of a workflow file, from the tables that `engine.parse` reads by.

It says what a file may hold place by place. What takes the whole file to see (a way to a step that there is, a trigger
that suits the subject) the parser says. A test holds the names here against those that the parser knows.
"""

from collections.abc import Iterable
from typing import Any

from workflows.engine.action_kinds import ACTIONS, RISKS, SUBJECTS, Action, Argument
from workflows.engine.durations import BadDuration
from workflows.engine.durations import parse as parse_duration
from workflows.engine.parse.guarding import VALID
from workflows.engine.spec import MARKS, STAGES, TYPES

Schema = dict[str, Any]

_UNITS = ("second", "minute", "hour", "day", "week")


def _takes(span: str) -> bool:
    try:
        parse_duration(span)
    except BadDuration:
        return False
    return True


def _spans(*, business: bool) -> str:
    clock = f"({'|'.join(_UNITS)})s?"
    working = "|".join(unit for unit in _UNITS if _takes(f"1 business {unit}"))
    return rf"^\s*[0-9]{{1,5}} ({clock}{f'|business ({working})s?' if business else ''})\s*$"


CONDITION: Schema = {"$ref": "#/$defs/condition"}
TEXT: Schema = {"type": "string", "pattern": r"\S"}
MAYBE_TEXT: Schema = {"type": ["string", "null"], "pattern": r"\S"}
TEXTS: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
SPAN: Schema = {"type": ["string", "null"], "pattern": _spans(business=True), "examples": ["2 days", "1 business day"]}
CLOCK_SPAN: Schema = {"type": "string", "pattern": _spans(business=False), "examples": ["7 days"]}
YES_NO: Schema = {"type": "boolean"}
COUNT: Schema = {"type": ["integer", "null"], "minimum": 1}
NUMBER: Schema = {"type": ["number", "null"]}
TIME: Schema = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", "examples": ["09:00"]}


def _object(properties: Schema, *required: str, **more: Any) -> Schema:
    made = {"type": "object", "additionalProperties": False, "properties": properties}
    return made | ({"required": list(required)} if required else {}) | more


def _one_of(values: Iterable[str]) -> Schema:
    return {"enum": [*values, None]}


def _named(kinds: Iterable[str]) -> list[Schema]:
    """{kind: name}, for one of several kinds."""
    return [_object({kind: TEXT}, kind) for kind in kinds]


def make() -> Schema:
    """The schema, without what every kind of file has."""
    return {
        **_object(_WORKFLOW, "key", "name", "owner", "steps"),
        "description": "What happens to one subject, step by step. With status: draft it stays open for changes.",
        "if": {"properties": {"map_only": {"const": True}}, "required": ["map_only"]},
        "else": {"properties": {"steps": {"items": {"$ref": "#/$defs/step"}}}, "required": ["trigger"]},
        "$defs": {"step": _step(runs=True), "map_step": _step(runs=False), "guards": GUARDS},
    }


LIMIT: Schema = _object({"at_most": COUNT, "per": CLOCK_SPAN}, "at_most", "per")

_MANY: Schema = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
_EVENT: Schema = TEXT | {"not": {"pattern": r"^\$"}}
_EVENTS: Schema = {"anyOf": [_EVENT, {"type": "array", "items": _EVENT, "minItems": 1}]}
#: What may begin a run → its value, and what else its trigger may say.
TRIGGERS: dict[str, tuple[Schema, Schema]] = {
    "schedule": (TEXT | {"examples": ["0 9 * * mon-fri"]}, {"timezone": MAYBE_TEXT, "segment": MAYBE_TEXT}),
    "event": (_EVENTS, {}),
    "segment": (TEXT, {"on": _one_of(["enter", "leave"])}),
    "stage": (_MANY, {}),
    "field": (TEXT, {}),
    "handoff": (TEXT, {}),
    "content": (_MANY, {}),
}


def _in_this_order(*names: str) -> Schema:
    """For whoever writes files: the order of names whose own schemas are said elsewhere."""
    return dict.fromkeys(names, True)


def _by_presence(branches: Iterable[tuple[str, Schema]], otherwise: Any) -> Schema:
    """The branch of the first name that is there."""
    made = otherwise
    for name, schema in reversed(list(branches)):
        made = {"if": {"required": [name]}, "then": schema, "else": made}
    return dict(made)


TRIGGER: Schema = {
    "type": "object",
    "description": "What begins a run.",
    "properties": _in_this_order(*TRIGGERS, "on", "timezone", "where"),
    **_by_presence(
        [(kind, _object({kind: value, "where": CONDITION, **more})) for kind, (value, more) in TRIGGERS.items()],
        {"required": ["event"]},
    ),
}
ENTRY: Schema = _object(
    {
        "key": {
            "anyOf": [_one := {"enum": [*SUBJECTS, "subject"]}, {"type": "array", "prefixItems": [_one], "items": TEXT}]
        },
        "when": CONDITION,
        "again": _object(
            {"after": SPAN, "at_most": COUNT, "per": {"anyOf": [CLOCK_SPAN, {"type": "null"}]}, "overlapping": YES_NO}
        ),
    },
    description="Who may enter, and how often; once, without `again`.",
)
CRITERION: Schema = _object(
    {
        "key": MAYBE_TEXT,
        "says": TEXT,
        "from": {"anyOf": [{"enum": ["entry", None]}, *_named(["event", "step"]), _object({"entry": True}, "entry")]},
        "to": {"anyOf": [{"type": "null"}, *_named(["event", "step", "stage"])]},
        "within": SPAN,
        "share": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1},
        "metric": MAYBE_TEXT,
        "at_least": NUMBER,
        "at_most": NUMBER,
        "per": SPAN,
    },
    "says",
    description="What done means, so that it can be measured.",
)
GUARDS: Schema = _object(
    {
        "require": TEXTS,
        "valid": {"anyOf": [{"enum": list(VALID)}, {"type": "array", "items": {"enum": list(VALID)}}]},
        "consent": {"anyOf": [MAYBE_TEXT, _object({"channel": TEXT, "purpose": MAYBE_TEXT}, "channel")]},
        "once_per": {"anyOf": [{"enum": ["contact", None]}, _object({"per": SPAN | {"type": "string"}}, "per")]},
        "limit": LIMIT,
        "window": _object({"days": TEXTS, "from": TIME, "to": TIME, "timezone": MAYBE_TEXT}, "from", "to"),
        "approval": {"anyOf": [YES_NO, MAYBE_TEXT]},
    },
    description="What must hold before the step acts.",
)

_WORKFLOW: Schema = {
    "key": TEXT,
    "name": TEXT,
    "type": _one_of(TYPES),
    "status": {"enum": ["draft", "frozen"], "description": "draft: the open draft; frozen, the default: a version."},
    "owner": TEXT | {"description": "Key of the team."},
    "subject": _one_of(SUBJECTS),
    "approvers": TEXTS | {"description": "Who must agree to it before it goes live."},
    "description": MAYBE_TEXT,
    "map_only": YES_NO | {"description": "Documents how things are; never run."},
    "target": MAYBE_TEXT | {"description": "For a map of how things are: the workflow that is to take its place."},
    "priority": COUNT | {"maximum": 100},
    "limits": LIMIT,
    "success": {"type": "array", "items": CRITERION},
    "trigger": TRIGGER,
    "entry": ENTRY,
    "lint": _object(
        {
            "ignore": {
                "type": "array",
                "items": _object({"code": TEXT, "step": MAYBE_TEXT, "because": MAYBE_TEXT}, "code"),
            }
        },
        description="Findings that may stand, and why.",
    ),
    "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/map_step"}},
}
#: What every kind of step may say, in the order in which it is written.
_FIELDS: Schema = {
    "key": TEXT,
    "name": MAYBE_TEXT,
    "stage": _one_of(STAGES),
    "trigger": MAYBE_TEXT,
    "system": MAYBE_TEXT,
}
_LAST_FIELDS: Schema = {
    "owner": MAYBE_TEXT,
    "output": MAYBE_TEXT,
    "risk": _one_of(RISKS),
    "expected": SPAN,
    "serves": TEXTS,
    "marks": {"anyOf": [{"enum": list(MARKS)}, {"type": "array", "items": {"enum": list(MARKS)}}]},
    "note": MAYBE_TEXT,
    "after": TEXTS,
}
#: What makes a step one of a kind: its own names, in the order in which the parser asks.
STEP_KINDS: dict[str, Schema] = {
    "wait": {
        "wait": _object(
            {
                "for": SPAN,
                "until": {
                    "type": "object",
                    "properties": _in_this_order("date", "before", "after", "event", "where"),
                    **_by_presence(
                        [("date", _object({"date": TEXT | {"pattern": r"\."}, "before": SPAN, "after": SPAN}))],
                        {"anyOf": [{"maxProperties": 0}, _object({"event": TEXT, "where": CONDITION}, "event")]},
                    ),
                },
            },
            anyOf=[{"required": ["for"]}, {"properties": {"until": {"required": ["date"]}}, "required": ["until"]}],
        )
    },
    "choose": {
        "choose": {
            "type": "array",
            "minItems": 1,
            "items": {
                "properties": _in_this_order("when", "go", "else"),
                "anyOf": [_object({"when": CONDITION, "go": TEXT}, "when", "go"), _object({"else": TEXT}, "else")],
            },
        }
    },
    "split": {"split": {"type": "array", "minItems": 1, "items": _object({"share": COUNT, "go": TEXT}, "share", "go")}},
    "approve": {"approve": _object({"team": TEXT, "within": SPAN, "else": MAYBE_TEXT, "says": MAYBE_TEXT}, "team")},
    "handoff": {
        "handoff": _object({"to": TEXT, "payload": TEXTS, "within": SPAN, "accept": YES_NO, "else": MAYBE_TEXT}, "to")
    },
    "stop": {"stop": TEXT, "when": CONDITION},
    "act": {
        "action": MAYBE_TEXT,
        "with": {"type": "object"},
        "when": CONDITION,
        "guards": {"$ref": "#/$defs/guards"},
    },
}


def _step(*, runs: bool) -> Schema:
    """A step that runs names an action that there is; one of a map may name any."""
    own: Schema = {name: schema for names in STEP_KINDS.values() for name, schema in names.items()}
    alone = {
        kind: {"additionalProperties": False, "properties": dict.fromkeys([*_FIELDS, *names, *_LAST_FIELDS], True)}
        for kind, names in STEP_KINDS.items()
    }
    act = alone["act"] | ({"required": ["action"], "allOf": _actions()} if runs else {})
    return {
        "type": "object",
        "required": ["key"],
        "properties": {**_FIELDS, **own, **_LAST_FIELDS},
        **_by_presence([(kind, alone[kind]) for kind in STEP_KINDS if kind != "act"], act),
    }


def _actions() -> list[Schema]:
    """One of the actions, each with its own arguments."""
    return [
        {"properties": {"action": {"enum": list(ACTIONS)}}},
        *({"if": {"properties": {"action": {"const": name}}}, "then": _action(row)} for name, row in ACTIONS.items()),
    ]


def _action(row: Action) -> Schema:
    needed = [name for name, argument in row.arguments.items() if argument.needed]
    arguments = _object({name: _argument(argument) for name, argument in row.arguments.items()}, *needed)
    required = [*(["system"] if row.outbound else []), *(["with"] if needed else [])]
    system = {"system": {"type": "string"}} if row.outbound else {}
    return {"title": row.label, "required": required, "properties": {"with": arguments, **system}}


def _argument(row: Argument) -> Schema:
    made: Schema = {
        "text": TEXT,
        "liquid": TEXT,
        "way": TEXT,
        "value": {"type": ["string", "number", "boolean"], "minLength": 1},
        "number": {"type": ["number", "string"], "pattern": r"\."},
        "yes_no": YES_NO,
        "span": SPAN | {"type": "string"},
        "texts": {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]},
        "fields": {"type": "object"},
        "choice": {"enum": list(row.choices)},
    }[row.takes]
    return {"title": row.label, **(made if row.needed else {"anyOf": [{"enum": [None, ""]}, made]})}
