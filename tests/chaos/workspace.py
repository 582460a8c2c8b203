"""The workspace of a campaign: one workflow, live, whose steps reach the three classes of far sides and wait.

`python -m tests.chaos.workspace HTTP SMTP` furnishes the installation that MARTECHOPS_HOME names, for a sink on those
ports, and prints the write key with which events are sent.
"""

import sys
from datetime import UTC, datetime
from typing import Any

ORDERED, PAID = "Chaos Ordered", "Chaos Paid"
#: What each step leaves at its far side, by the name under which the oracle counts it.
MARKS = {
    "show": "Your order",
    "write": "We have your order",
    "tell": "Your order is on its way",
    "thank": "Thank you",
}

WORKFLOW: dict[str, Any] = {
    "kind": "workflow",
    "key": "chaos",
    "name": "Chaos",
    "type": "nurture",
    "owner": "ops",
    "trigger": {"event": ORDERED},
    "entry": {"key": ["contact"]},
    "steps": [
        {"key": "show", "system": "app", "action": "send_message", "with": {"template": "show"}},
        {"key": "call", "system": "hook", "action": "call_webhook", "with": {"mapping": "chaos-to-far"}},
        {
            "key": "write",
            "system": "mail",
            "action": "send_message",
            "with": {"template": "write"},
            "guards": {"consent": "email", "once_per": "contact"},
        },
        {"key": "pause", "wait": {"for": "2 seconds", "until": {"event": PAID}}},
        {"key": "record", "system": "crm", "action": "upsert_record", "with": {"mapping": "chaos-to-far"}},
        {"key": "tell", "system": "app", "action": "send_message", "with": {"template": "tell"}},
        {"key": "thank", "system": "app", "action": "send_message", "with": {"template": "thank"}},
    ],
}

ASKED, RELEASED = "Chaos Asked", "Chaos Released"


def patient(template: str) -> dict[str, Any]:
    """A workflow whose runs wait for long, and say at the end which version they are of."""
    steps = [
        {"key": "pause", "wait": {"for": "1 day", "until": {"event": RELEASED}}},
        {"key": "say", "system": "app", "action": "send_message", "with": {"template": template}},
    ]
    return WORKFLOW | {"key": "patient", "name": "Patient", "trigger": {"event": ASKED}, "steps": steps}


_EVERY_STEP = {"stage": "engage", "owner": "ops", "output": "x", "name": "x", "trigger": "x"}


def main(http: int, smtp: int) -> None:
    import django

    django.setup()
    from tests.chaos import furnishing

    print(furnishing.furnish(complete(WORKFLOW), http=http, smtp=smtp, at=datetime.now(UTC)))


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """With what every step must say."""
    return document | {"steps": [_EVERY_STEP | step for step in document["steps"]]}


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
