"""The guards of a step."""

from collections.abc import Mapping
from datetime import time

from ..business_time import BadDays, is_zone, parse_clock, parse_days
from ..spec import ConsentNeed, Guards, OncePer, Window
from .beginnings import read_limit
from .reader import Document, Reader

VALID = ("email", "stage", "crm_id")
_GUARDS = {"require", "valid", "consent", "once_per", "limit", "window", "approval"}


def read_guards(read: Reader, document: Document, path: str) -> Guards:
    """What must hold before the step acts."""
    guards = read.mapping(document, "guards", path)
    here = f"{path}.guards"
    read.keys(guards, _GUARDS, here)
    return Guards(
        require=read.texts(guards, "require", here),
        valid=read.texts(guards, "valid", here, known=VALID),
        consent=_consent(read, guards, here),
        once_per=_once_per(read, guards, here),
        limit=read_limit(read, guards, "limit", here),
        window=_window(read, guards, here),
        approval=_approval(read, guards, here),
    )


def _consent(read: Reader, guards: Document, path: str) -> ConsentNeed | None:
    said = guards.get("consent")
    if not isinstance(said, Mapping):
        channel = read.text(guards, "consent", path)
        return ConsentNeed(channel) if channel else None
    here = f"{path}.consent"
    read.keys(said, {"channel", "purpose"}, here)
    channel = read.text(said, "channel", here, needed=True)
    return ConsentNeed(channel, read.text(said, "purpose", here) or None) if channel else None


def _once_per(read: Reader, guards: Document, path: str) -> OncePer | None:
    said = guards.get("once_per")
    if said is None:
        return None
    if said == "contact":
        return OncePer()
    if isinstance(said, Mapping) and set(said) == {"per"}:
        span = read.duration(said, "per", f"{path}.once_per")
        return OncePer(span) if span else None
    read.wrong(f"{path}.once_per", "must be contact, or {per: 30 days}")
    return None


def _window(read: Reader, guards: Document, path: str) -> Window | None:
    if "window" not in guards:
        return None
    window = read.mapping(guards, "window", path)
    here = f"{path}.window"
    read.keys(window, {"days", "from", "to", "timezone"}, here)
    opens, closes = _clock(read, window, "from", here), _clock(read, window, "to", here)
    try:
        days = parse_days(window.get("days", "mon-sun"))
    except BadDays as error:
        read.wrong(f"{here}.days", str(error))
        return None
    timezone = _zone(read, window, here)
    if opens is None or closes is None:
        return None
    if opens == closes:
        read.wrong(f"{here}.to", "must be another time than from: the window would never open")
        return None
    return Window(days=days, opens=opens, closes=closes, timezone=timezone)


def _clock(read: Reader, window: Document, key: str, path: str) -> time | None:
    clock = parse_clock(window.get(key))
    if clock is None:
        read.wrong(f"{path}.{key}", 'must be a time of day such as "09:00", in quotes')
    return clock


def _zone(read: Reader, window: Document, path: str) -> str:
    name = read.text(window, "timezone", path) or "contact"
    if name != "contact" and not is_zone(name):
        read.wrong(f"{path}.timezone", f"{name} is no time zone; write contact, or a zone such as Europe/Berlin")
    return name


def _approval(read: Reader, guards: Document, path: str) -> str | None:
    said = guards.get("approval")
    if said in (None, False):
        return None
    return "" if said is True else read.text(guards, "approval", path) or None
