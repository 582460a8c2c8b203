"""E-mail over SMTP."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from martechops.lib import mail, paper

from .base import Connector, Receipt, Refused, Request, Setting, TryLater, Unknown, sentence


class Email(Connector):
    """Class C: a server that took a message twice delivers it twice, so what is not known is never repeated.

    The Message-ID follows from the request's key: where a message does come twice, mailboxes can tell.
    """

    name = "E-mail by SMTP"
    effect_class = "C"
    kinds = frozenset({"send_message", "distribute_report"})
    at_once = 4
    says_when_it_leaves = True
    stand_in = "sandbox_mailbox"
    settings = (
        Setting(
            "url",
            "Mail server",
            "smtp+tls://user:password@mail.example.com:587. Left out, it is what EMAIL_URL of the installation says.",
            secret=True,
        ),
        Setting("sender", "Sender", "Such as Ana at Brightwater <ana@brightwater.example>."),
    )

    def check(self, settings: Mapping[str, str]) -> dict[str, str]:
        try:
            if settings.get("url"):
                mail.Server.at(settings["url"])
        except mail.BadMail as error:
            return {"url": sentence(error)}
        sender = settings.get("sender", "")
        if sender and (not mail.domain_of(sender) or any(mark in sender for mark in "\r\n\0")):
            return {"sender": "A sender is an address, perhaps with a name: Ana <ana@example.com>."}
        return {}

    def perform(self, request: Request) -> Receipt:
        content = request.content
        try:
            message = mail.message(
                to=content["readers"][0] if content.get("readers") else content["to"],
                sender=content["sender"],
                subject=content["subject"],
                text=content["text"],
                html=content["html"],
                message_id=f"<{request.key}@{mail.domain_of(content['sender']) or 'localhost'}>",
                headers=_unsubscribing(content.get("unsubscribe", "")),
                others=content.get("readers", [])[1:],
                file=_file(content.get("file")),
            )
            within = request.link.deadline_seconds
            said = mail.send(message, server=_server(request), deadline_seconds=within, leaves=request.leaves)
        except (mail.BadMail, mail.Rejected, paper.NotSet) as error:
            raise Refused(str(error)) from None
        except mail.Busy as error:
            raise TryLater(str(error), for_all=error.for_all) from None
        except mail.Doubtful as error:
            raise Unknown(str(error)) from None
        return Receipt("taken by the mail server", {"answer": said, "message_id": message["Message-ID"]})


def _file(said: Mapping[str, Any] | None) -> mail.File | None:
    """A table as it is, or a report set as PDF only now: the request holds its words, not its pages. Raises NotSet."""
    if not said:
        return None
    return mail.File(said["name"], paper.report(said["report"]) if "report" in said else said["text"])


def _server(request: Request) -> mail.Server:
    """The connection's own, or the installation's. Raises BadMail."""
    if url := request.link.secrets.get("url"):
        return mail.Server.at(url)
    if settings.EMAIL_URL:
        return mail.Server.at(settings.EMAIL_URL, trusted=True)
    raise mail.BadMail("no mail server is set: give the connection one, or set EMAIL_URL")


def _unsubscribing(address: str) -> dict[str, str]:
    """One click, by RFC 8058: a POST to this address, and nothing else, unsubscribes."""
    if not address:
        return {}
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
