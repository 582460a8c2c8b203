"""What goes out to people and programs: messages, webhooks, reports."""

from collections.abc import Callable, Mapping
from typing import Any

from ..conditions import Check
from ..decision import StepTrace
from ..spec import Step
from ..walk import Lack, Walk, defined
from .records import NO_ADDRESS, missing_fields


def send_message(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """A template filled in, on the channel that it was written for."""
    template = step.arguments["template"]
    channel = defined(walk.catalog.channels, "message template", template)
    to, missing = _RECIPIENTS.get(channel, _by_email)(walk, step)
    payload = {"template": template, "channel": channel, "to": to}
    says = f"{template} by {channel}"
    return walk.plan(step, checks, payload=payload, says=says, channel=channel, against=missing)


def call_webhook(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """A signed call with what the mapping makes of the subject, or the fields that the step names."""
    payload: dict[str, Any] = {
        "path": step.arguments.get("path") or "",
        "subject": walk.snapshot.key,
        "event": (walk.facts["event"] or {}).get("name"),
        "email": walk.email,
        "fields": {},
        "body": step.arguments.get("body") or {},
    }
    missing: list[Lack] = []
    if key := step.arguments.get("mapping"):
        mapping = defined(walk.catalog.mappings, "mapping", key)
        mapped = mapping.apply(walk.facts)
        payload["fields"] = dict(mapped.values)
        missing = missing_fields(mapping, mapped.missing)
    return walk.plan(step, checks, payload=payload, says=f"calls {step.system}", against=missing)


def distribute_report(walk: Walk, step: Step, checks: tuple[Check, ...]) -> StepTrace:
    """A report to those who are to read it."""
    report, to = step.arguments["report"], step.arguments["to"]
    readers = [to] if isinstance(to, str) else list(to)
    payload = {"report": report, "to": readers, "format": step.arguments.get("format") or "link"}
    return walk.plan(step, checks, payload=payload, says=f"{report} to {', '.join(readers)}")


Recipient = Callable[[Walk, Step], tuple[str | None, list[Lack]]]


def _by_email(walk: Walk, step: Step) -> tuple[str | None, list[Lack]]:
    to = walk.email if walk.snapshot.kind == "contact" else step.arguments.get("to")
    return to, [] if to else [Lack("there is no e-mail address", NO_ADDRESS.needs)]


def _in_app(walk: Walk, step: Step) -> tuple[str | None, list[Lack]]:
    """A product knows its users by their id, and some by their address."""
    to = walk.facts["contact"].get("user_id") or walk.email
    return to, [] if to else [Lack("there is neither a user id nor an e-mail address", NO_ADDRESS.needs)]


def _in_chat(walk: Walk, step: Step) -> tuple[str | None, list[Lack]]:
    """To a room or a person of the team; where the step names none, to the connection's own."""
    return step.arguments.get("to") or "", []


_RECIPIENTS: Mapping[str, Recipient] = {"email": _by_email, "in_app": _in_app, "chat": _in_chat}
