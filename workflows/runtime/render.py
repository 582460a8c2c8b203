"""What exactly a far side is asked: people's templates filled in, once, before the effect is reserved."""

from collections.abc import Mapping
from html import escape
from typing import Any

from martechops.lib import liquid
from workflows.models import MessageTemplate

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
            return dict(payload) | {"title": liquid.render(payload["title"], facts)}
    except KeyError as error:
        raise CannotRender(f"there is no template {error}") from None
    except liquid.BadTemplate as error:
        raise CannotRender(str(error)) from None
    return dict(payload)


def _message(payload: Mapping[str, Any], facts: Mapping[str, Any], template: MessageTemplate) -> dict[str, Any]:
    text = liquid.render(template.body, facts).strip()
    return {
        "to": payload["to"],
        "channel": payload["channel"],
        "sender": SENDER,
        "subject": " ".join(liquid.render(template.subject, facts).split()),
        "text": text,
        "html": _paragraphs(text),
    }


def _paragraphs(text: str) -> str:
    """Plain text as HTML: a blank line makes a paragraph; all of it escaped."""
    blocks = [escape(block.strip()).replace("\n", "<br>") for block in text.split("\n\n") if block.strip()]
    return "".join(f"<p>{block}</p>" for block in blocks)
