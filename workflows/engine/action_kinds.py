"""What a step can do: the one table that parser, editor, lint, the schema of the files and deciding read."""

from collections.abc import Mapping
from typing import Any

from martechops.lib.frozen import dataclass

RISKS = ("low", "medium", "high")
SUBJECTS = ("contact", "content", "workspace")
#: Fields that routing and reporting hang on: to write one is never of low risk (requirement D1).
_ROUTING_FIELDS = frozenset({"lifecycle_stage", "score", "owner"})


@dataclass(frozen=True, slots=True)
class Argument:
    """One key of a step's `with`."""

    #: What may stand there: text, liquid (text with `{{ … }}`), value (anything single), number (or a path to one),
    #: yes_no, span, texts (a list), fields (a mapping of names to values), choice, or way (a later step, or `end`).
    takes: str
    #: What people call it.
    label: str
    needed: bool = False
    #: For a choice.
    choices: tuple[str, ...] = ()
    #: The kind of definition that it names: field, stage, mapping, template, segment, queue, report.
    names: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """One row of what a step can do."""

    label: str
    arguments: Mapping[str, Argument]
    #: What the step answers for at least, whatever its author says (requirement D1); see `least_risk`.
    risk: str
    #: Does it reach a far side, and so need a system?
    outbound: bool
    #: What a workflow that does this may be about.
    subjects: tuple[str, ...] = ("contact",)
    #: Types of workflow that usually do it; the editor offers these first.
    types: tuple[str, ...] = ("routing", "nurture")


_CONTENT = ("content",)
_CHECKED = ("contact", "workspace")

ACTIONS: dict[str, Action] = {
    "upsert_record": Action(
        "Create or update the record",
        {"mapping": Argument("text", "Mapping", needed=True, names="mapping")},
        risk="low",
        outbound=True,
        types=("routing", "nurture", "quality"),
    ),
    "set_field": Action(
        "Set a field",
        {
            "field": Argument("text", "Field", needed=True, names="field"),
            "value": Argument("value", "Value", needed=True),
        },
        risk="low",
        outbound=False,
        subjects=("contact", "content"),
        types=("routing", "nurture", "quality", "content"),
    ),
    "set_stage": Action(
        "Set the lifecycle stage",
        {
            "stage": Argument("text", "Stage", needed=True, names="stage"),
            "backwards": Argument("yes_no", "May move back"),
        },
        risk="medium",
        outbound=True,
    ),
    "add_to_audience": Action(
        "Add to an audience",
        {"audience": Argument("text", "Audience", needed=True)},
        risk="low",
        outbound=True,
        types=("nurture",),
    ),
    "remove_from_audience": Action(
        "Remove from an audience",
        {"audience": Argument("text", "Audience", needed=True)},
        risk="low",
        outbound=True,
        types=("nurture",),
    ),
    "send_message": Action(
        "Send a message",
        {
            "template": Argument("text", "Template", needed=True, names="template"),
            "to": Argument("text", "To whom, for a chat message"),
        },
        risk="medium",
        outbound=True,
        subjects=SUBJECTS,
        types=("nurture", "content", "reporting"),
    ),
    "create_task": Action(
        "Create a task",
        {
            "queue": Argument("text", "Queue", needed=True, names="queue"),
            "title": Argument("liquid", "Title", needed=True),
            "due": Argument("span", "Due after"),
            "for": Argument("choice", "For", choices=("sales", "support")),
        },
        risk="high",
        outbound=True,
        subjects=SUBJECTS,
        types=("routing",),
    ),
    "assign_owner": Action(
        "Assign an owner",
        {
            "by": Argument(
                "choice", "By", needed=True, choices=("territory", "round_robin", "capacity", "account_owner")
            ),
            "queue": Argument("text", "Queue", names="queue"),
            "table": Argument("text", "Territory table", names="queue"),
            "timeout": Argument("span", "Somebody else after"),
            "else": Argument("way", "If nobody takes it"),
        },
        risk="high",
        outbound=True,
        types=("routing",),
    ),
    "call_webhook": Action(
        "Call a webhook",
        {
            "path": Argument("text", "Path"),
            "mapping": Argument("text", "Mapping", names="mapping"),
            "body": Argument("fields", "Fields of the body"),
        },
        risk="medium",
        outbound=True,
        subjects=SUBJECTS,
        types=("routing", "nurture", "content", "quality", "reporting"),
    ),
    "record_conversion": Action(
        "Record a conversion",
        {"name": Argument("text", "Name", needed=True), "value": Argument("number", "Value")},
        risk="low",
        outbound=False,
    ),
    "publish_content": Action(
        "Publish content",
        {"channels": Argument("texts", "Channels", needed=True)},
        risk="medium",
        outbound=True,
        subjects=_CONTENT,
        types=_CONTENT,
    ),
    "update_channels": Action(
        "Update promotion channels",
        {"channels": Argument("texts", "Channels", needed=True)},
        risk="medium",
        outbound=True,
        subjects=_CONTENT,
        types=_CONTENT,
    ),
    "find_duplicates": Action(
        "Find duplicates",
        {"fields": Argument("texts", "Fields to compare", needed=True, names="field")},
        risk="low",
        outbound=False,
        subjects=_CHECKED,
        types=("quality",),
    ),
    "normalise_fields": Action(
        "Normalise fields",
        {"fields": Argument("texts", "Fields", needed=True, names="field")},
        risk="low",
        outbound=False,
        subjects=_CHECKED,
        types=("quality",),
    ),
    "propose_merge": Action(
        "Propose a merge",
        {},
        risk="low",
        outbound=False,
        subjects=_CHECKED,
        types=("quality",),
    ),
    "refresh_reports": Action(
        "Refresh reports",
        {"reports": Argument("texts", "Reports", needed=True, names="report")},
        risk="low",
        outbound=False,
        subjects=("workspace",),
        types=("reporting",),
    ),
    "verify_definitions": Action(
        "Verify definitions",
        {
            "kinds": Argument("texts", "Kinds of definition", needed=True),
            "else": Argument("way", "If one is not agreed"),
        },
        risk="low",
        outbound=False,
        subjects=("workspace",),
        types=("reporting",),
    ),
    "distribute_report": Action(
        "Distribute a report",
        {
            "report": Argument("text", "Report", needed=True, names="report"),
            "to": Argument("texts", "To whom", needed=True),
            "format": Argument("choice", "Format", choices=("link", "csv", "pdf", "html")),
        },
        risk="medium",
        outbound=True,
        subjects=("workspace",),
        types=("reporting",),
    ),
}


def least_risk(action: str | None, arguments: Mapping[str, Any]) -> str:
    """What a step answers for at least, by the classes of requirement D1.

    >>> least_risk("set_field", {"field": "industry"}), least_risk("set_field", {"field": "score"})
    ('low', 'medium')
    >>> least_risk("create_task", {"for": "sales"}), least_risk("create_task", {"for": "support"})
    ('high', 'medium')
    """
    if action not in ACTIONS:
        return "low"
    if action == "create_task" and arguments.get("for") == "support":
        return "medium"
    if action == "set_field":
        return _field_risk(str(arguments.get("field")))
    if action == "normalise_fields":
        named = arguments.get("fields")
        return (
            max(map(_field_risk, map(str, named)), key=RISKS.index, default="low") if isinstance(named, list) else "low"
        )
    return ACTIONS[action].risk


def _field_risk(field: str) -> str:
    """What changes compliance is high, what changes routing is medium, the rest is low."""
    if field == "consent" or field.startswith("consent."):
        return "high"
    return "medium" if field in _ROUTING_FIELDS else "low"
