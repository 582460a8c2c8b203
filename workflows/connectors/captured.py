"""Sandbox mode of whatever has no sandbox of its own: the request is kept with its effect, and nothing leaves."""

from .base import Connector, Receipt, Request


class Captured(Connector):
    """Class A: nothing is done, however often."""

    name = "Nowhere"
    effect_class = "A"
    kinds = frozenset(
        {"upsert_record", "create_task", "close_task", "send_message", "call_webhook"}
        | {"add_to_audience", "remove_from_audience", "publish_content", "update_channels", "distribute_report"}
    )
    local = True

    def perform(self, request: Request) -> Receipt:
        del request
        return Receipt("captured: the connection is in sandbox mode, and nothing left", {})
