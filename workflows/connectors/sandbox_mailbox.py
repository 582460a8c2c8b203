"""The captured mailbox: what would be sent is kept to be read instead."""

from martechops.sandbox import mailbox

from .base import Receipt, Request


class SandboxMailbox:
    """Class B: the mailbox keeps one message a key."""

    effect_class = "B"
    kinds = frozenset({"send_message"})

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
