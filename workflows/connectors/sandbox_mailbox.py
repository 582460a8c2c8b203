"""The captured mailbox: what would be sent is kept to be read instead."""

from martechops.sandbox import mailbox

from .base import Connector, Receipt, Request


class SandboxMailbox(Connector):
    """Class B: the mailbox keeps one message a key."""

    name = "Captured mailbox"
    effect_class = "B"
    kinds = frozenset({"send_message", "distribute_report"})
    local = True
    stand_in = "sandbox_mailbox"

    def perform(self, request: Request) -> Receipt:
        content = request.content
        message = mailbox.capture(
            key=request.key,
            to=content["to"],
            sender=content["sender"],
            subject=content["subject"],
            text=content["text"],
            html=content["html"],
        )
        return Receipt("captured", {"message": message.pk})

    def probe(self, request: Request) -> bool | None:
        return mailbox.has(key=request.key)
