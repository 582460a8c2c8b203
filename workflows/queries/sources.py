"""Finding where events come from."""

import re

from workflows.models import Source

_WRITE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def with_write_key(write_key: object) -> Source | None:
    """The source that may send with this key; None for a wrong key, a switched-off source, or no key at all."""
    if not isinstance(write_key, str) or not _WRITE_KEY.fullmatch(write_key):
        return None
    return Source.objects.filter(write_key=write_key, enabled=True).first()


def to_send_as(key: str | None) -> Source | None:
    """The source of that key, or the oldest one, if it is on."""
    enabled = Source.objects.filter(enabled=True).order_by("pk")
    return enabled.filter(key=key).first() if key else enabled.first()
