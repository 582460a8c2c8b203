"""In-app messages: a row that the site's own widget asks for."""

from martechops.inbox import messages

from .base import Connector, Receipt, Refused, Request


class InApp(Connector):
    """Class A: one row a key."""

    name = "In-app messages"
    effect_class = "A"
    kinds = frozenset({"send_message"})
    local = True

    def perform(self, request: Request) -> Receipt:
        if request.contact_id is None:
            raise Refused("an in-app message needs a contact")
        content = request.content
        row = messages.put(
            key=request.key,
            contact_id=request.contact_id,
            subject=content["subject"],
            text=content["text"],
            html=content["html"],
        )
        return Receipt("shown in the inbox", {"message": row.pk})
