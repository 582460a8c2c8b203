"""A playbook of one's own, made from a workflow: what differs from launch to launch becomes a parameter.

Those are its name and its start, the values that its trigger asks for, and how long it waits. Its templates and
segments come along under keys of the launch's own; whatever else it names is shared by all launches.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from workflows.engine.references import references, renamed

Document = Mapping[str, Any]


def lift(
    workflow: Document,
    *,
    key: str,
    name: str,
    summary: str,
    channel: str,
    audience: str,
    known: Mapping[tuple[str, str], Document],
) -> dict[str, Any]:
    """The playbook's document. `known` are templates and segments by kind and key; `audience` is a segment's key."""
    brought = _brought(workflow, audience, known)
    names = {(kind, old): f"[[key]]-{old}" for kind, old in brought}
    own = copy.deepcopy(renamed(workflow, names))
    parameters = [*_own_parameters(), *_lifted(own)]
    own |= {"kind": "workflow", "key": f"[[key]]-{workflow['key']}", "name": f"[[name]]: {workflow['name']}"}
    own["owner"] = "[[owner]]"
    made = [_named(renamed(known[found], names), f"[[key]]-{found[1]}") for found in brought]
    return {
        "kind": "playbook",
        "key": key,
        "name": name,
        "summary": summary,
        "prefix": "[[name.slug]]",
        "parameters": parameters,
        "approvers": [str(team) for team in workflow.get("approvers", ())] or ["[[owner]]"],
        "campaign": {
            "name": {
                "year": "[[starts.year]]",
                "quarter": "[[starts.quarter]]",
                "channel": channel,
                "topic": "[[name.slug]]",
            },
            "brief": f"{summary}\n\nMade by the playbook {name} for [[name]].",
            "channels": [channel],
            "audience": names.get(("segment", audience), audience),
            "utm": {"source": channel, "medium": channel},
        },
        "creates": [*made, {name: part for name, part in own.items() if name != "status"}],
    }


def _brought(workflow: Document, audience: str, known: Mapping[tuple[str, str], Document]) -> list[tuple[str, str]]:
    """Templates and segments that it names, and those that these name, each once and used ones first."""
    found: dict[tuple[str, str], None] = {}
    waiting = [("segment", audience), *_names(references(workflow))]
    while waiting:
        one = waiting.pop()
        if one in known and one not in found:
            found[one] = None
            waiting += _names(references(known[one]))
    return sorted(found)


def _names(refs: Iterable[Any]) -> list[tuple[str, str]]:
    return [(ref.kind, ref.key) for ref in refs]


def _named(document: Document, key: str) -> dict[str, Any]:
    return {**document, "key": key, "name": f"[[name]]: {document['name']}"}


def _own_parameters() -> list[dict[str, Any]]:
    return [
        {"key": "name", "label": "Name", "type": "name", "help": "What this launch is about, as people read it."},
        {"key": "starts", "label": "Starts", "type": "datetime", "help": "By the clock of the workspace."},
    ]


def _lifted(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    """Parameters for what the trigger asks for and how long it waits; their places hold tokens from now on."""
    found: list[dict[str, Any]] = []
    trigger = workflow.get("trigger")
    said = trigger.get("where") if isinstance(trigger, dict) else None
    where: dict[str, Any] = said if isinstance(said, dict) else {}
    for path, wanted in list(where.items()):
        if isinstance(wanted, str) and path.startswith("event.properties."):
            label = path.rpartition(".")[2].replace("_", " ").capitalize()
            parameter = {"key": f"where_{_identifier(path)}", "label": label, "type": "text", "default": wanted}
            found.append(parameter | {"help": "Only events that say so begin it."})
            where[path] = f"[[{parameter['key']}]]"
    for step in workflow.get("steps", ()):
        wait = step.get("wait")
        span = wait.get("for") if isinstance(wait, dict) else None
        if isinstance(wait, dict) and isinstance(span, str):
            key = f"wait_{_identifier(str(step['key']))}"
            label = f"{step.get('name') or step['key']}: how long"
            found.append({"key": key, "label": label, "type": "span", "default": span})
            wait["for"] = f"[[{key}]]"
    return found


def _identifier(text: str) -> str:
    return "".join(sign if sign.isalnum() else "_" for sign in text.rpartition(".")[2].lower())[:30]
