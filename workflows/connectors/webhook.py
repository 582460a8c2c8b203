"""Signed outgoing webhooks, by the Standard Webhooks specification."""

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

import orjson
from standardwebhooks import Webhook as Signer

from martechops.lib import clock, http

from . import answers
from .base import Connector, Receipt, Refused, Request, Setting, TryLater, Underway, sentence

_PREFIX = "whsec_"
_LEAST_SECRET_BYTES = 24
#: What a call says of its cause where the step names nothing.
_KNOWN = ("subject", "event", "email")


class Webhook(Connector):
    """Class B: `webhook-id` is the effect's key, and receivers drop what they have seen under it."""

    name = "Signed webhook"
    effect_class = "B"
    kinds = frozenset(
        {"call_webhook", "upsert_record", "create_task", "close_task", "add_to_audience", "remove_from_audience"}
        | {"publish_content", "update_channels", "distribute_report"}
    )
    at_once = 8
    key_life = timedelta(hours=24)
    settings = (
        Setting("url", "Address", "https://hooks.example.com/in; a step's path is added to it.", required=True),
        Setting(
            "secret", "Signing secret", "whsec_ and the base64 of 24 to 64 random bytes.", secret=True, required=True
        ),
        Setting("status_url", "Address to ask", "GET <address>/<webhook-id> answers 200 if it arrived, 404 if not."),
    )

    def check(self, settings: Mapping[str, str]) -> dict[str, str]:
        problems = {}
        for name in ("url", "status_url"):
            try:
                if settings.get(name):
                    http.check_url(settings[name])
            except http.BadAddress as error:
                problems[name] = sentence(error)
        if settings.get("secret") and not _is_secret(settings["secret"]):
            problems["secret"] = f"A secret is {_PREFIX} and the base64 of 24 to 64 bytes."
        return problems

    def perform(self, request: Request) -> Receipt:
        return answers.ask(_question(request))

    def send(self, request: Request) -> Underway | None:
        return answers.send(_question(request))

    def probe(self, request: Request) -> bool | None:
        base = str(request.link.settings.get("status_url") or "")
        if not base:
            return None
        address = f"{base.rstrip('/')}/{request.key}"
        try:
            answer = http.get(address, headers={}, deadline_seconds=request.link.deadline_seconds)
        except (http.BadAddress, http.NotSent, http.NoAnswer) as error:
            raise TryLater(str(error)) from None
        return {200: True, 404: False}.get(answer.status)


def _question(request: Request) -> answers.Question:
    link, content = request.link, dict(request.content)
    body = orjson.dumps({"type": request.kind, "data": _data(content)})
    return answers.Question(
        _address(str(link.settings.get("url", "")), str(content.get("path") or "")),
        body=body,
        headers=signed(str(request.key), body, secret=link.secrets.get("secret", "")),
        deadline_seconds=link.deadline_seconds,
        repeatable=True,
    )


def signed(message_id: str, body: bytes, *, secret: str) -> dict[str, str]:
    """The headers of a message: its id, when it was signed, and the signature. Raises Refused without a secret."""
    signer = _signer(secret)
    if signer is None:
        raise Refused("the connection has no signing secret that can be used")
    at = clock.now()
    signature = signer.sign(msg_id=message_id, timestamp=at, data=body.decode())
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


@lru_cache(maxsize=256)
def _signer(secret: str) -> Signer | None:
    """Who signs with a secret, its base64 read once; None for what is none."""
    return Signer(secret) if _is_secret(secret) else None


def _data(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a step makes of its subject and what it says itself; where it does neither, all that is known."""
    if "body" not in content:
        return content
    return {**content.get("fields", {}), **content["body"]} or {k: v for k, v in content.items() if k in _KNOWN}


def _is_secret(text: str) -> bool:
    try:
        return _LEAST_SECRET_BYTES <= len(base64.b64decode(text.removeprefix(_PREFIX), validate=True)) <= 64
    except (binascii.Error, ValueError):
        return False


def _address(base: str, path: str) -> str:
    """A step's path below the connection's address; it never leads to another host."""
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if path else base
