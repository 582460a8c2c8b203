"""Consent as it stands: what was said by channel and purpose, folded by when it was said (FAULTS S16).

A statement is about a channel, `email`, or about one purpose of it, `email.news`; these names are the keys of what is
kept of a contact, and the fields are called `consent.email` and `consent.email.news`. The latest statement counts, at
the same instant the refusal does, in whatever order they arrive. Whoever leaves a channel leaves all its purposes: none
of them comes back by agreeing to the channel again.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

#: What a channel's consent is for where nobody says otherwise: its name in the ledger.
GENERAL = "marketing"
GRANTED, DENIED = "granted", "denied"

Said = Mapping[str, str]
Consent = Mapping[str, Said]


def name(channel: str, purpose: str | None) -> str:
    """What consent for a purpose is kept under.

    >>> name("email", "news"), name("email", None), name("email", "marketing")
    ('email.news', 'email', 'email')
    """
    return f"{channel}.{purpose}" if purpose and purpose != GENERAL else channel


def parts(name: str) -> tuple[str, str]:
    """Channel and purpose, as the ledger has them.

    >>> parts("email.news"), parts("email")
    (('email', 'news'), ('email', 'marketing'))
    """
    channel, _, purpose = name.partition(".")
    return channel, purpose or GENERAL


def stated(consent: Consent, name: str, state: str, *, at: datetime) -> dict[str, dict[str, str]]:
    """Consent after one more statement; the same if it says nothing new.

    >>> monday, tuesday = datetime(2026, 11, 2), datetime(2026, 11, 3)
    >>> left = stated(stated({}, "email.news", GRANTED, at=monday), "email", DENIED, at=tuesday)
    >>> [(key, said["state"]) for key, said in stated(left, "email.news", GRANTED, at=monday).items()]
    [('email.news', 'denied'), ('email', 'denied')]
    """
    return _folded(consent, name, {"state": state, "at": at.isoformat()})


def decided(consent: Consent, name: str, state: str, *, at: datetime) -> dict[str, dict[str, str]]:
    """As `stated`, by somebody here and now: nothing that a clock gone wrong has dated later stands above it."""
    channel, _ = parts(name)
    known = [_at(said["at"]) for key, said in consent.items() if parts(key)[0] == channel]
    latest = max([at, *(one + timedelta(microseconds=1) for one in known)])
    return stated(consent, name, state, at=latest)


def merged(one: Consent, other: Consent) -> dict[str, dict[str, str]]:
    """What two contacts said, as if one had said it all."""
    folded = {key: dict(said) for key, said in one.items()}
    for key, said in other.items():
        if left_at := said.get("left_at"):
            folded = _folded(folded, key, {"state": DENIED, "at": left_at})
        folded = _folded(folded, key, {"state": said["state"], "at": said["at"]})
    return folded


def changed(before: Consent, after: Consent) -> Iterator[tuple[str, str | None, str]]:
    """Names whose state is another now, with the old one and the new."""
    for key, said in after.items():
        old = before[key]["state"] if key in before else None
        if old != said["state"]:
            yield key, old, said["state"]


def facts(consent: Consent) -> dict[str, dict[str, object]]:
    """As rules and templates see it: `consent` by channel, `purposes` by channel and purpose.

    >>> facts({"email": {"state": "granted", "at": ""}, "email.news": {"state": "denied", "at": ""}})
    {'consent': {'email': 'granted'}, 'purposes': {'email': {'news': 'denied'}}}
    """
    channels: dict[str, object] = {}
    purposes: dict[str, dict[str, str]] = {}
    for key, said in consent.items():
        channel, dot, purpose = key.partition(".")
        if dot:
            purposes.setdefault(channel, {})[purpose] = said["state"]
        else:
            channels[channel] = said["state"]
    return {"consent": channels, "purposes": dict(purposes)} if purposes else {"consent": channels}


def place(names: tuple[str, ...]) -> tuple[str, ...]:
    """Where facts hold what a path below the contact's `consent` names.

    >>> place(("email", "news")), place(("email", "marketing")), place(("email",))
    (('purposes', 'email', 'news'), ('consent', 'email'), ('consent', 'email'))
    """
    if len(names) == 2 and names[1] != GENERAL:
        return ("purposes", *names)
    return ("consent", *(names[:1] if len(names) == 2 else names))


def words(channel: str, purpose: str | None) -> str:
    """As sentences say it after "consent for".

    >>> words("email", "product_news"), words("email", None)
    ('email for product news', 'email')
    """
    return f"{channel} for {purpose.replace('_', ' ')}" if purpose else channel


def _folded(consent: Consent, name: str, said: Said) -> dict[str, dict[str, str]]:
    folded = {key: dict(before) for key, before in consent.items()}
    channel, purpose = parts(name)
    if purpose == GENERAL:
        folded[channel] = _of_channel(folded.get(channel), said)
        purposes = [key for key in folded if key.startswith(f"{channel}.")]
    else:
        folded[name] = _later(folded.get(name), said)
        purposes = [name]
    if left_at := _left_at(folded.get(channel)):
        for key in purposes:
            folded[key] = _later(folded[key], {"state": DENIED, "at": left_at})
    return folded


def _of_channel(before: Said | None, said: Said) -> dict[str, str]:
    """The latest, which remembers when the channel was left for the last time."""
    if before is None:
        return {"state": said["state"], "at": said["at"]}
    latest = _later(before, said)
    left = [one for one in (_left_at(before), _left_at(said)) if one]
    now = {"state": latest["state"], "at": latest["at"]}
    return now | {"left_at": max(left, key=_at)} if left and now["state"] == GRANTED else now


def _left_at(said: Said | None) -> str:
    if said is None:
        return ""
    return said["at"] if said["state"] == DENIED else said.get("left_at", "")


def _later(before: Said | None, said: Said) -> dict[str, str]:
    return dict(said if before is None or _weight(said) > _weight(before) else before)


def _weight(said: Said) -> tuple[datetime, bool]:
    return _at(said["at"]), said["state"] == DENIED


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
