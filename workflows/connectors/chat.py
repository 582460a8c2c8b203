"""Messages to a chat channel, by the JSON of Slack-compatible incoming webhooks."""

from collections.abc import Mapping

import orjson

from martechops.lib import http

from . import answers
from .base import Connector, Receipt, Refused, Request, Setting, sentence


class Chat(Connector):
    """Class C: what is posted twice stands there twice."""

    name = "Chat channel"
    effect_class = "C"
    kinds = frozenset({"send_message", "create_task", "distribute_report"})
    at_once = 1
    settings = (
        Setting("url", "Incoming webhook", "Its address is its key, so it is kept secret.", secret=True, required=True),
    )

    def check(self, settings: Mapping[str, str]) -> dict[str, str]:
        try:
            if settings.get("url"):
                http.check_url(settings["url"])
        except http.BadAddress as error:
            return {"url": sentence(error)}
        return {}

    def perform(self, request: Request) -> Receipt:
        url = request.link.secrets.get("url", "")
        if not url:
            raise Refused("the connection has no address of an incoming webhook")
        body = orjson.dumps({"text": _text(request)})
        headers = {"Content-Type": "application/json"}
        return answers.ask(answers.Question(url, body, headers, request.link.deadline_seconds))


def _text(request: Request) -> str:
    """As plain text: the three characters that chat markup is made of are escaped, as the receivers document."""
    content = request.content
    parts = [content.get("title")] if request.kind == "create_task" else [content.get("subject"), content.get("text")]
    text = "\n".join(str(part) for part in parts if part)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _for(str(content.get("mention") or "")) + text


def _for(member: str) -> str:
    """Whom it is for, as the chat tells that person of it: by member id, or by the name that they have there.

    >>> _for("U024BE7LH"), _for("@ben"), _for("")
    ('<@U024BE7LH> ', '@ben ', '')
    """
    if not member:
        return ""
    return f"{member} " if member.startswith("@") else f"<@{member}> "
