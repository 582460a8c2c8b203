"""What exactly a far side is asked: people's templates filled in, once, before the effect is reserved."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from martechops.lib.liquid import BadTemplate
from workflows.engine.personal import CompiledBlock
from workflows.models import MessageTemplate
from workflows.queries import messages, report_requests, unsubscribing

from .effects import Claimed


class CannotRender(Exception):
    """The template refuses these values; the message says which and why."""


def content(
    effect: Claimed,
    facts: Mapping[str, Any],
    templates: Mapping[str, MessageTemplate],
    *,
    blocks: Mapping[str, CompiledBlock],
    sender: str = "",
) -> dict[str, Any]:
    """The request's content. Raises `CannotRender`."""
    payload = effect.payload
    try:
        if effect.kind == "send_message":
            return _message(effect, facts, templates[payload["template"]], blocks, sender or settings.EMAIL_FROM)
        if effect.kind == "distribute_report":
            return dict(payload) | _report(effect, sender or settings.EMAIL_FROM)
        if effect.kind == "create_task":
            return dict(payload) | {"title": messages.line(payload["title"], facts)}
    except KeyError as error:
        raise CannotRender(f"there is no template {error}") from None
    except report_requests.NotMade as error:
        raise CannotRender(f"the report was not made: {error}") from None
    except BadTemplate as error:
        raise CannotRender(str(error)) from None
    return dict(payload)


def _report(effect: Claimed, sender: str) -> dict[str, Any]:
    """What the run's own refresh made of it; where it asked for none, a note that the report is a click away.

    Raises `report_requests.NotYet` while it is being made.
    """
    payload = effect.payload
    readers = {"to": ", ".join(payload["to"]), "readers": list(payload["to"]), "sender": sender}
    made = report_requests.made_for(effect.id, str(payload["report"]))
    if made is None:
        name = str(payload["report"]).replace("-", " ").capitalize()
        text = f"{name} is ready: see Results in MartechOps."
        return readers | {"subject": name, "text": text, "html": f"<p>{text}</p>"}
    file = _file(str(payload.get("format")), made)
    return readers | {"subject": made["subject"], "text": made["text"], "html": made["html"]} | file


def _file(form: str, made: Mapping[str, Any]) -> dict[str, Any]:
    """What goes along. A PDF is set when it is handed over; until then it is the words that it is made of."""
    if form == "csv":
        return {"file": {"name": made["file"], "text": made["csv"]}}
    if form == "pdf":
        return {"file": {"name": made["paper"]["file"], "report": made["paper"]["report"]}}
    return {}


def _message(
    effect: Claimed,
    facts: Mapping[str, Any],
    template: MessageTemplate,
    blocks: Mapping[str, CompiledBlock],
    sender: str,
) -> dict[str, Any]:
    channel = effect.payload["channel"]
    leaving = unsubscribing.link(effect.contact_id, channel=channel) if effect.contact_id else ""
    known = {**facts, messages.UNSUBSCRIBE: leaving}
    message = messages.compose(subject=template.subject, body=template.body, facts=known, known=blocks)
    return {
        "to": effect.payload["to"],
        "channel": channel,
        "sender": sender,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "unsubscribe": leaving if channel == "email" else "",
        **({"blocks": message.blocks} if message.blocks else {}),
    }
