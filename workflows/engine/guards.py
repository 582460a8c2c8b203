"""What must hold before a step acts (requirements D3, D4): asked when it is decided, and again when it is reserved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .conditions import value_at
from .identity import normal_email
from .snapshot import Sent
from .spec import ConsentNeed, Guards


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guard answered, in words, with the value it looked at."""

    guard: str
    passed: bool
    says: str


def check(
    guards: Guards,
    *,
    facts: Mapping[str, Any],
    sent: tuple[Sent, ...],
    channel: str | None,
    once_key: str | None,
    at: datetime,
) -> tuple[Verdict, ...]:
    """Every guard's verdict, those that pass included; the effect may happen if all pass."""
    verdicts = [_require(path, facts) for path in guards.require]
    if guards.consent:
        verdicts.append(_consent(guards.consent, facts))
    if once_key:
        verdicts.append(_once(once_key, sent))
    if guards.limit and channel:
        verdicts.append(_limit(guards, channel, sent, at))
    return tuple(verdicts)


def refusal(verdicts: tuple[Verdict, ...]) -> str | None:
    """Why not, in words; None if nothing stands against it."""
    said = [verdict.says for verdict in verdicts if not verdict.passed]
    return "; ".join(said) or None


def _require(path: str, facts: Mapping[str, Any]) -> Verdict:
    value = value_at(facts, path)
    if value in (None, ""):
        return Verdict("require", False, f"{path} is missing")
    if path == "contact.email" and normal_email(value) is None:
        return Verdict("require", False, f"{path} is not an e-mail address")
    return Verdict("require", True, f"{path} is there: {value}")


def _consent(need: ConsentNeed, facts: Mapping[str, Any]) -> Verdict:
    """No record is no consent (FAULTS S16)."""
    state = value_at(facts, f"contact.consent.{need.channel}")
    if state == "granted":
        return Verdict("consent", True, f"consent for {need} is granted")
    says = f"consent for {need} was never given" if state is None else f"consent for {need} is {state}"
    return Verdict("consent", False, says)


def _once(once_key: str, sent: tuple[Sent, ...]) -> Verdict:
    before = next((message for message in sent if message.once_key == once_key), None)
    if before is None:
        return Verdict("once_per", True, "it was never sent to this contact")
    return Verdict("once_per", False, f"it was already sent to this contact, on {before.at:%Y-%m-%d %H:%M} UTC")


def _limit(guards: Guards, channel: str, sent: tuple[Sent, ...], at: datetime) -> Verdict:
    limit = guards.limit
    if limit is None:  # pragma: no branch
        return Verdict("limit", True, "no limit")
    since = limit.per.before(at)
    count = sum(1 for message in sent if message.channel == channel and message.at > since)
    says = f"{count} of at most {limit.at_most} messages by {channel} in {limit.per}"
    return Verdict("limit", count < limit.at_most, says)
