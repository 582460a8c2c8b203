"""How a new workflow of each type begins: its required parts (requirement A9) as steps to be filled in."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

_STEPS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "routing": (
        {"key": "record", "name": "Create or update the record", "stage": "capture", "action": "upsert_record"},
        {"key": "set-stage", "name": "Set the lifecycle stage", "stage": "enrich", "action": "set_stage"},
        {"key": "assign", "name": "Assign an owner", "stage": "engage", "action": "assign_owner"},
        {
            "key": "task",
            "name": "Set the next step",
            "stage": "engage",
            "action": "create_task",
            "with": {"due": "1 business day", "for": "sales"},
        },
    ),
    "nurture": (
        {
            "key": "welcome",
            "name": "Send the first message",
            "stage": "engage",
            "action": "send_message",
            "guards": {"require": ["contact.email"], "consent": "email", "once_per": "contact"},
        },
        {"key": "pause", "name": "Wait for an answer", "stage": "engage", "wait": {"for": "3 days"}},
        {
            "key": "follow-up",
            "name": "Send the next message",
            "stage": "engage",
            "action": "send_message",
            "guards": {"require": ["contact.email"], "consent": "email", "once_per": "contact"},
        },
        {"key": "count", "name": "Count the conversion", "stage": "measure", "action": "record_conversion"},
    ),
    "content": (
        {"key": "approve", "name": "Approve the piece", "stage": "capture", "approve": {"within": "2 business days"}},
        {"key": "publish", "name": "Publish it", "stage": "engage", "action": "publish_content"},
        {"key": "promote", "name": "Update the channels", "stage": "engage", "action": "update_channels"},
    ),
    "quality": (
        {"key": "normalise", "name": "Normalise fields", "stage": "enrich", "action": "normalise_fields"},
        {"key": "duplicates", "name": "Find duplicates", "stage": "enrich", "action": "find_duplicates"},
        {"key": "merge", "name": "Propose to merge them", "stage": "enrich", "action": "propose_merge"},
    ),
    "reporting": (
        {"key": "verify", "name": "Verify definitions", "stage": "measure", "action": "verify_definitions"},
        {"key": "refresh", "name": "Refresh the report", "stage": "measure", "action": "refresh_reports"},
        {"key": "distribute", "name": "Distribute it", "stage": "measure", "action": "distribute_report"},
    ),
}
#: What a workflow of each type is about.
SUBJECTS = {
    "routing": "contact",
    "nurture": "contact",
    "content": "content",
    "quality": "contact",
    "reporting": "workspace",
}
_TRIGGERS: Mapping[str, dict[str, Any]] = {
    "content": {"content": "approval"},
    "reporting": {"schedule": "0 7 * * mon", "timezone": "UTC"},
}


def skeleton(
    type_: str,
    *,
    key: str,
    name: str,
    owner: str,
    map_only: bool = False,
    target: str | None = None,
    empty: bool = False,
) -> dict[str, Any]:
    """A workflow file to go on from; `empty` has no steps yet.

    >>> [step["key"] for step in skeleton("content", key="k", name="N", owner="ops")["steps"]]
    ['approve', 'publish', 'promote']
    >>> skeleton("nurture", key="k", name="N", owner="ops", map_only=True)["steps"]
    []
    """
    document: dict[str, Any] = {
        "kind": "workflow",
        "key": key,
        "name": name,
        "type": type_,
        "owner": owner,
        "subject": SUBJECTS[type_],
    }
    if map_only:
        document["map_only"] = True
    if target:
        document["target"] = target
    if type_ in _TRIGGERS and not empty and not map_only:
        document["trigger"] = deepcopy(_TRIGGERS[type_])
    document["steps"] = [] if empty or map_only else [{**deepcopy(step), "owner": owner} for step in _STEPS[type_]]
    return document
