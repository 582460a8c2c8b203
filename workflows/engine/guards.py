"""What must hold before a step acts (requirements D3, D4): asked when it is decided, and again when it is reserved."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from functools import lru_cache
from typing import Any

from email_validator import EmailNotValidError, validate_email

from martechops.lib.frozen import dataclass

from . import consents
from .business_time import Calendar, is_zone
from .conditions import value_at
from .counterfactual.changes import Change, at_instant, known, later
from .effects import Displaced
from .identity import normal_email
from .snapshot import Catalog, Sent, Snapshot
from .spec import ConsentNeed, Guards, Limit, OncePer, Spec, Window
from .windows import next_opening

LONGEST_CRM_ID = 100


#: How a guard begins to say that a message would be a repeat; reports count by it.
SENT_BEFORE = "it was already sent to this contact"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one guard answered, in words, with the value it looked at."""

    guard: str
    passed: bool
    says: str
    #: It may happen, but not before this instant.
    until: datetime | None = None
    #: Planned messages that must give way for it.
    displaces: tuple[Displaced, ...] = ()
    #: What would have let it pass; None: nothing would.
    needs: tuple[Change, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What guards look at besides the step, the subject and what it was sent: see `terms`."""

    workflow: str = ""
    priority: int = 50
    calendar: Calendar = field(default_factory=Calendar)
    stages: Collection[str] = ()
    #: Channel, or "*", → why nothing may be sent there.
    suppressed: Mapping[str, str] = field(default_factory=dict)
    only_to: frozenset[str] | None = None


def terms(spec: Spec, *, catalog: Catalog, snapshot: Snapshot) -> Terms:
    """The terms under which a workflow acts on a subject."""
    return Terms(
        workflow=spec.key,
        priority=spec.priority,
        calendar=catalog.calendar,
        stages=catalog.stages,
        suppressed=snapshot.suppressed,
        only_to=catalog.only_to,
    )


_ORDINARY = Terms()


def check(
    guards: Guards,
    *,
    facts: Mapping[str, Any],
    sent: Sequence[Sent],
    channel: str | None,
    once_key: str | None,
    at: datetime,
    terms: Terms = _ORDINARY,
) -> tuple[Verdict, ...]:
    """Every guard's verdict, those that pass included; the effect may happen if all pass, and not before any `until`.

    `channel` is that of a message, and None for whatever is none. A contact that is suppressed, and an address that is
    not in the test, are asked about without being told to.
    """
    verdicts = [*_always(channel, facts, terms)] if channel else []
    verdicts += [_require(path, facts) for path in guards.require]
    verdicts += [_VALID[name](facts, terms) for name in guards.valid]
    if guards.consent:
        verdicts.append(_consent(guards.consent, facts))
    if once_key:
        verdicts.append(_once(guards.once_per or OncePer(), once_key, sent, at, terms))
    if guards.limit and channel:
        verdicts.append(_limit(guards.limit, channel, sent, at, terms))
    if guards.window:
        verdicts.append(_window(guards.window, facts, at, terms))
    return tuple(verdicts)


def refusal(verdicts: Sequence[Verdict]) -> str | None:
    """Why not, in words; None if nothing stands against it."""
    said = [verdict.says for verdict in verdicts if not verdict.passed]
    return "; ".join(said) or None


def needs(verdicts: Sequence[Verdict]) -> tuple[Change, ...] | None:
    """All that would have had to be otherwise for none to stand against it; None where nothing helps."""
    found: dict[str, Change] = {}
    for verdict in verdicts:
        if verdict.passed:
            continue
        if verdict.needs is None:
            return None
        for change in verdict.needs:
            before = found.get(change.path)
            found[change.path] = later(before, change) if before else change
    return tuple(found.values())


def held_until(verdicts: Sequence[Verdict]) -> datetime | None:
    """The instant before which it may not happen; None where it may at once."""
    return max((verdict.until for verdict in verdicts if verdict.until), default=None)


def once_key(guards: Guards, *, workflow: str, step: str, subject: str, entry_key: str) -> str | None:
    """What two effects share of which only one may happen; None where the step may act every time.

    Once in a span is a key of the entry: the database holds only what is once for ever, the guard the rest.
    """
    if guards.once_per is None:
        return None
    key = f"{workflow}/{step}/{subject}"
    return f"{key}@{entry_key}" if guards.once_per.span else key


def free_at(limit: Limit, *, happened: Sequence[datetime], at: datetime) -> datetime:
    """When the next of a limited number may happen: `at`, or as soon as the oldest in the span is old enough.

    >>> from datetime import UTC
    >>> from .durations import parse
    >>> noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    >>> free_at(Limit(1, parse("1 hour")), happened=[noon], at=noon).isoformat()
    '2026-11-20T13:00:00+00:00'
    """
    recent = sorted(one for one in happened if one > limit.per.before(at))
    if len(recent) < limit.at_most:
        return at
    return limit.per.after(recent[-limit.at_most])


def _always(channel: str, facts: Mapping[str, Any], terms: Terms) -> list[Verdict]:
    """What is asked of every message. Suppression beats all consent (FAULTS S16)."""
    verdicts = []
    why = terms.suppressed.get(channel) or terms.suppressed.get("*")
    if why:
        verdicts.append(Verdict("suppression", False, f"nothing may be sent by {channel}: {why}", needs=None))
    if terms.only_to is not None and not _is_among(terms.only_to, value_at(facts, "contact.email")):
        says = "this is a test, and the contact is not among those it may reach"
        verdicts.append(Verdict("test", False, says, needs=None))
    return verdicts


def _is_among(only_to: frozenset[str], address: Any) -> bool:
    """The address itself, or all addresses of its domain."""
    email = normal_email(address)
    return email is not None and not only_to.isdisjoint((email, f"@{email.rpartition('@')[2]}"))


def _require(path: str, facts: Mapping[str, Any]) -> Verdict:
    value = value_at(facts, path)
    if value in (None, ""):
        return Verdict("require", False, f"{path} is missing", needs=(known(path, value),))
    if path == "contact.email" and normal_email(value) is None:
        return Verdict("require", False, f"{path} is not an e-mail address", needs=(known(path, value),))
    return Verdict("require", True, f"{path} is there: {value}")


def _valid_email(facts: Mapping[str, Any], _terms: Terms) -> Verdict:
    value = value_at(facts, "contact.email")
    problem = "contact.email is missing" if value in (None, "") else _email_problem(str(value))
    if problem:
        return Verdict("valid", False, problem, needs=(known("contact.email", value),))
    return Verdict("valid", True, f"{value} is an address that can be written to")


def _valid_stage(facts: Mapping[str, Any], terms: Terms) -> Verdict:
    value = value_at(facts, "contact.lifecycle_stage")
    if value in terms.stages:
        return Verdict("valid", True, f"{value} is a lifecycle stage")
    says = "contact.lifecycle_stage is missing" if value in (None, "") else f"{value} is no lifecycle stage"
    change = [Change("contact.lifecycle_stage", value, stage) for stage in list(terms.stages)[:1]]
    return Verdict("valid", False, says, needs=tuple(change) or None)


def _valid_crm_id(facts: Mapping[str, Any], _terms: Terms) -> Verdict:
    value = value_at(facts, "contact.crm_id")
    text = "" if value is None else str(value)
    if text and len(text) <= LONGEST_CRM_ID and text.isprintable() and " " not in text:
        return Verdict("valid", True, f"{text} is an id of the CRM")
    missing = "contact.crm_id is missing: the CRM does not know the contact yet"
    says = f"{text[:LONGEST_CRM_ID]} is no id of the CRM" if text else missing
    return Verdict("valid", False, says, needs=(known("contact.crm_id", value),))


_VALID: Mapping[str, Callable[[Mapping[str, Any], Terms], Verdict]] = {
    "email": _valid_email,
    "stage": _valid_stage,
    "crm_id": _valid_crm_id,
}


#: The part before the @ as nearly everybody has it: about such a one the domain alone decides, and those recur.
_PLAIN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LONGEST_NAME, _LONGEST_ADDRESS = 64, 254


def _email_problem(address: str) -> str:
    """What is wrong with an address, by its form alone; empty if it can be written to.

    To ask the library takes 45 µs, and every new contact has another address.
    """
    name, _, domain = address.rpartition("@")
    is_plain = len(name) <= _LONGEST_NAME and len(address) <= _LONGEST_ADDRESS and _PLAIN.fullmatch(name)
    return "" if is_plain and not _problem(f"a@{domain}") else _problem(address)


@lru_cache(maxsize=4_096)
def _problem(address: str) -> str:
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        return f"contact.email is not valid: {error}"
    return ""


def _consent(need: ConsentNeed, facts: Mapping[str, Any]) -> Verdict:
    """No record is no consent (FAULTS S16); what was agreed to for a purpose ends with the channel's consent."""
    path = f"contact.consent.{need.channel}"
    state = value_at(facts, path)
    changes: tuple[Change, ...] = (Change(path, state, "granted"),)
    if need.purpose and need.purpose != consents.GENERAL:
        of_purpose = f"contact.consent.{need.channel}.{need.purpose}"
        given = value_at(facts, of_purpose)
        changes = (*(changes if state == "denied" else ()), Change(of_purpose, given, "granted"))
        state = state if state == "denied" else given
    if state == "granted":
        return Verdict("consent", True, f"consent for {need} is granted")
    says = f"consent for {need} was never given" if state is None else f"consent for {need} is {state}"
    return Verdict("consent", False, says, needs=changes)


def _once(rule: OncePer, once_key: str, sent: Sequence[Sent], at: datetime, terms: Terms) -> Verdict:
    if rule.span is None:
        before = next((message for message in sent if message.once_key == once_key), None)
    else:
        prefix = once_key.rpartition("@")[0] + "@"
        alike = [one for one in sent if one.once_key and one.once_key.startswith(prefix)]
        before = max(alike, key=lambda message: message.at, default=None)
        if before and at >= rule.span.after(before.at, terms.calendar):
            before = None
    if before is None:
        says = f"it was not sent in the last {rule.span}" if rule.span else "it was never sent to this contact"
        return Verdict("once_per", True, says)
    says = f"{SENT_BEFORE}, on {before.at:%Y-%m-%d %H:%M} UTC"
    if rule.span is None:
        return Verdict("once_per", False, says, needs=None)
    free = rule.span.after(before.at, terms.calendar)
    return Verdict("once_per", False, f"{says}, and may be again {rule.span} later", needs=(at_instant(at, free),))


def _limit(limit: Limit, channel: str, sent: Sequence[Sent], at: datetime, terms: Terms) -> Verdict:
    """Full, a cap still has room for a message that is more important than one that waits to be sent."""
    since = limit.per.before(at)
    counted = [message for message in sent if message.channel == channel and message.at > since]
    says = f"{len(counted)} of at most {limit.at_most} messages by {channel} in {limit.per}"
    too_many = len(counted) + 1 - limit.at_most
    if too_many <= 0:
        return Verdict("limit", True, says)
    lesser = [message for message in counted if message.planned and message.priority < terms.priority]
    lesser.sort(key=lambda message: (message.priority, -message.at.timestamp()))
    if len(lesser) < too_many:
        winners = [one for one in counted if one.workflow not in ("", terms.workflow)]
        free = free_at(limit, happened=[one.at for one in counted], at=at)
        full = says + (f": {_named(winners)}" if winners else "")
        return Verdict("limit", False, full, needs=(at_instant(at, free),))
    out = lesser[:too_many]
    because = f"gave way to {terms.workflow} (priority {terms.priority}): {says}"
    displaced = tuple(Displaced(one.key, because) for one in out if one.key)
    return Verdict("limit", True, f"{says}; takes the place of {_named(out)}", displaces=displaced)


def _named(messages: Sequence[Sent]) -> str:
    return ", ".join(dict.fromkeys(f"{one.workflow} (priority {one.priority})" for one in messages))


def _window(window: Window, facts: Mapping[str, Any], at: datetime, terms: Terms) -> Verdict:
    timezone = zone_of(facts, terms.calendar) if window.timezone == "contact" else window.timezone
    opening = next_opening(window, at=at, timezone=timezone)
    if opening == at:
        return Verdict("window", True, f"it may arrive now, by the clock of {timezone}")
    return Verdict(
        "window", True, f"held until {opening:%Y-%m-%d %H:%M} UTC, by the clock of {timezone}", until=opening
    )


def zone_of(facts: Mapping[str, Any], calendar: Calendar) -> str:
    """The contact's time zone, or the workspace's where it is not known."""
    zone = value_at(facts, "contact.timezone")
    return zone if isinstance(zone, str) and is_zone(zone) else calendar.timezone
