"""What exactly a far side is asked: people's templates filled in, once, before the effect is reserved."""

from collections.abc import Mapping
from typing import Any

from martechops.lib.liquid import BadTemplate
from workflows.models import MessageTemplate
from workflows.queries import messages

SENDER = "MartechOps demo <hello@example.com>"


class CannotRender(Exception):
    """The template refuses these values; the message says which and why."""


def content(
    kind: str, payload: Mapping[str, Any], facts: Mapping[str, Any], templates: Mapping[str, MessageTemplate]
) -> dict[str, Any]:
    """The request's content. Raises `CannotRender`."""
    try:
        if kind == "send_message":
            return _message(payload, facts, templates[payload["template"]])
        if kind == "create_task":
            return dict(payload) | {"title": messages.line(payload["title"], facts)}
    except KeyError as error:
        raise CannotRender(f"there is no template {error}") from None
    except BadTemplate as error:
        raise CannotRender(str(error)) from None
    return dict(payload)


def _message(payload: Mapping[str, Any], facts: Mapping[str, Any], template: MessageTemplate) -> dict[str, Any]:
    message = messages.compose(subject=template.subject, body=template.body, facts=facts)
    return {
        "to": payload["to"],
        "channel": payload["channel"],
        "sender": SENDER,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
    }
