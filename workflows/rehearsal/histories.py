"""A contact's history as a scenario: what came in, when, and what the workflow makes of it; people made up (S15)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from workflows.engine.identity import normal_email
from workflows.engine.scenarios import Claim, Given, Moment, Scenario
from workflows.models import Contact, Field, InboundEvent, Source, Trace

from .fuzzing.story import span
from .ground import Ground
from .telling import Told, tell

#: Events of a story; what came before them is left out.
MOST_EVENTS = 40
#: What is nobody's own: a form, a plan, a campaign, a country.
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_.:/-]{0,39}|[A-Z]{2,3}")
#: Names of properties that say who somebody is, whatever the catalog calls them.
_PERSONAL = re.compile(
    r"name|mail|phone|mobile|street|address|birth|zip|postal|company$|organi|\bip\b|user_?id|note|message|comment", re.I
)
#: What stands in their place.
_MADE_UP: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"mail", re.I), "lead@example.com"),
    (re.compile(r"first", re.I), "Ada"),
    (re.compile(r"last|sur", re.I), "Example"),
    (re.compile(r"company|organi", re.I), "Example Works"),
    (re.compile(r"phone|mobile", re.I), "+49 30 901820"),
)


class NoHistory(LookupError):
    """Nothing that a story could be made of came in from this contact."""


@dataclass(frozen=True, slots=True)
class Received:
    """One event as it came in."""

    name: str
    source: str
    occurred_at: datetime
    received_at: datetime
    properties: Mapping[str, Any]


def of(contact: Contact, ground: Ground, *, key: str, name: str) -> Scenario:
    """The story, with what the version makes of it now as what is expected. Five small queries. Raises NoHistory."""
    received = _received(contact)
    if not received:
        raise NoHistory("no event of this contact is kept that a story could begin with")
    personal = set(Field.objects.filter(personal=True).values_list("key", flat=True))
    own = _own_words(contact, personal)
    began = received[0].received_at
    moments = tuple(_moment(one, began, personal, own) for one in received)
    given = Given(known=False, starts=began.replace(microsecond=0))
    told = tell(given, moments, ground=ground)
    says = f"A recorded story of {len(moments)} events, with made-up values in place of what was personal."
    return Scenario(key, name, given, moments, tuple(_claims(told)), workflow=ground.spec.key, says=says)


def _received(contact: Contact) -> list[Received]:
    """In the order in which they came."""
    ids = Trace.objects.filter(contact_id=contact.pk, event_id__isnull=False).order_by("-pk")
    event_ids = [one for one in ids.values_list("event_id", flat=True)[: 3 * MOST_EVENTS] if one is not None]
    rows = InboundEvent.objects.filter(pk__in=event_ids, type="track").order_by("pk")[:MOST_EVENTS]
    sources = dict(Source.objects.values_list("pk", "key"))
    return [
        Received(
            row.name,
            sources.get(row.source_id, ""),
            row.occurred_at,
            row.received_at,
            row.body.get("properties") or {},
        )
        for row in rows
    ]


def _moment(one: Received, began: datetime, personal: set[str], own: set[str]) -> Moment:
    """To the second; how late it came stays, for that is part of many a story."""
    late = int((one.received_at - one.occurred_at).total_seconds())
    after = max(0, int((one.received_at - began).total_seconds()))
    values = {name: made_up(name, value, personal=personal, own=own) for name, value in one.properties.items()}
    moment = Moment("event", span(after), one.name, values, source=one.source)
    return replace(moment, late=span(late)) if late > 60 else moment


def made_up(name: str, value: Any, *, personal: set[str], own: set[str]) -> Any:
    """The value itself where it is nobody's own; else one that looks like it.

    >>> made_up("plan", "pro", personal=set(), own=set()), made_up("email", "kim@acme.com", personal=set(), own=set())
    ('pro', 'lead@example.com')
    >>> made_up("nick", "kim", personal=set(), own={"kim"}), made_up("seats", 12, personal=set(), own=set())
    ('something', 12)
    """
    if isinstance(value, Mapping):
        return {part: made_up(part, inner, personal=personal, own=own) for part, inner in value.items()}
    if isinstance(value, list):
        return [made_up(name, inner, personal=personal, own=own) for inner in value]
    is_personal = name in personal or bool(_PERSONAL.search(name))
    if isinstance(value, bool) or value is None or (isinstance(value, int | float) and not is_personal):
        return value
    text = str(value)
    tells = any(word in text.lower() for word in own)
    is_plain = bool(_PLAIN.fullmatch(text)) and normal_email(text) is None and not tells
    if is_plain and not is_personal:
        return value
    if isinstance(value, int | float):
        return 1
    return next((shown for wanted, shown in _MADE_UP if wanted.search(name)), "something")


def _own_words(contact: Contact, personal: set[str]) -> set[str]:
    """What would tell who it was, wherever it stands: names, and the address but for its last part."""
    known = {name: str(value) for name, value in contact.fields.items()}
    values = [(contact.email or "").rpartition(".")[0], *(known[name] for name in personal & known.keys())]
    return {part.lower() for value in values for part in re.split(r"\W+", value) if len(part) > 2}


def _claims(told: Told) -> Iterator[Claim]:
    """What the version makes of it now: done and withheld by step, the last stage, and what holds of every story."""
    counted: dict[tuple[str, str], int] = {}
    for effect in told.played.of(told.ground.spec.key):
        kind = {"done": "done", "suppressed": "withheld"}.get(effect.state)
        if kind:
            counted[kind, effect.step] = counted.get((kind, effect.step), 0) + 1
    for (kind, step), count in counted.items():
        yield Claim(kind, step, count, count)
    runs = [
        run for run in told.played.runs.values() if told.ground.defined.version(run.version_id).spec is told.ground.spec
    ]
    yield Claim("enters", at_least=len(runs), at_most=len(runs))
    yield Claim("holds", "everything")
