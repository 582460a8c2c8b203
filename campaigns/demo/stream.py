"""A seeded stream of realistic messages, each labelled with what it is, so that a test can count for itself.

The same seed gives the same messages to the byte, ids and timestamps included, and a longer stream begins with the
shorter one. So a stream sent twice is a stream of repeats. Its clock begins at `BEGINNING`: like a client whose clock
is wrong it is corrected by the server, from the difference to `sent_at`.

Every message carries its person's address (but for those that the catalog refuses), because events are handled in order
only among those that name the same strongest key.
"""

import random
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from campaigns.demo import words


class Kind(StrEnum):
    """What a message is in the story that the stream tells."""

    COMPLETE = "complete lead"
    PAID = "incomplete lead from a paid ad"
    OTHER_SPELLING = "known address, other case or spaces"
    RESUBMISSION = "form sent again by a known address"
    REPEAT = "exact repeat of a message id"
    STAGE_MOVE = "next step of a known lead"
    UNSUBSCRIBE = "unsubscribe"
    RETURN = "return after an unsubscribe"
    UNKNOWN_EVENT = "event that the catalog does not know"
    WRONG_TYPE = "value of a wrong type"


#: Of a hundred messages. Before there is a lead to repeat, move or unsubscribe, a complete lead comes instead.
SHARES: Mapping[Kind, int] = {
    Kind.COMPLETE: 34,
    Kind.PAID: 14,
    Kind.OTHER_SPELLING: 7,
    Kind.RESUBMISSION: 7,
    Kind.REPEAT: 8,
    Kind.STAGE_MOVE: 20,
    Kind.UNSUBSCRIBE: 4,
    Kind.RETURN: 2,
    Kind.UNKNOWN_EVENT: 2,
    Kind.WRONG_TYPE: 2,
}

#: Agreement among complete leads, and how seldom the paid form asks for it at all, in per cent.
CONSENT_GIVEN = 85
PAID_CONSENT_ASKED = 30

BEGINNING = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
#: Between two messages on average, and before the next step of a lead in a hurry.
_GAP_SECONDS = 40.0
_QUICK_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class DemoMessage:
    """One message as an SDK would send it, and what it is."""

    kind: Kind
    body: Mapping[str, Any]
    #: The person's address in its one spelling, whatever the body says.
    email: str
    #: False where the event catalog refuses it: it goes to quarantine and touches no contact.
    allowed: bool = True

    @property
    def message_id(self) -> str:
        return str(self.body["messageId"])


def stream(count: int, seed: int, *, shares: Mapping[Kind, int] = SHARES) -> list[DemoMessage]:
    """The first `count` messages of the seed's story.

    >>> [str(message.kind) for message in stream(2, 7)]
    ['complete lead', 'complete lead']
    """
    story = _Story(random.Random(seed), shares)  # noqa: S311 - a story, not a secret
    return [story.next() for _ in range(count)]


def sent_at(messages: Sequence[DemoMessage]) -> str:
    """The stream's own instant of sending: that of its last message."""
    return max((str(message.body["timestamp"]) for message in messages), default=_spelled(BEGINNING))


@dataclass(slots=True, eq=False)
class _Person:
    first_name: str
    last_name: str
    email: str
    anonymous_id: str
    company: str
    steps: int = 0
    unsubscribed: bool = False


@dataclass(slots=True)
class _Story:
    dice: random.Random
    shares: Mapping[Kind, int]
    now: datetime = BEGINNING
    sent: list[DemoMessage] = field(default_factory=list)
    leads: list[_Person] = field(default_factory=list)
    #: Leads with steps before them; the last one may be in a hurry.
    on_their_way: list[_Person] = field(default_factory=list)
    unsubscribed: list[_Person] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)

    def next(self) -> DemoMessage:
        kind = self._possible(self.dice.choices(list(self.shares), weights=list(self.shares.values()))[0])
        quick = kind is Kind.STAGE_MOVE
        self.now += timedelta(seconds=self.dice.expovariate(1 / (_QUICK_SECONDS if quick else _GAP_SECONDS)))
        message = _TELL[kind](self)
        self.sent.append(message)
        return message

    def _possible(self, kind: Kind) -> Kind:
        if kind in _NEW_PEOPLE:
            return kind
        if not self.leads:
            return Kind.COMPLETE
        if kind is Kind.STAGE_MOVE and not self.on_their_way:
            return Kind.RESUBMISSION
        return Kind.UNSUBSCRIBE if kind is Kind.RETURN and not self.unsubscribed else kind

    def lead(self) -> _Person:
        person = self.person()
        self.leads.append(person)
        self.on_their_way.append(person)
        return person

    def person(self) -> _Person:
        company = self.dice.choice(words.COMPANIES)
        domain = f"{company.split()[0].lower()}.example"
        if self.dice.random() < 0.15:
            domain = self.dice.choice(words.PRIVATE_DOMAINS)
        first, last = self.dice.choice(words.FIRST_NAMES), self.dice.choice(words.LAST_NAMES)
        email = f"{_ascii(first)}.{_ascii(last)}@{domain}"
        while email in self.addresses:
            email = f"{_ascii(first)}.{_ascii(last)}{self.dice.randrange(2, 10_000)}@{domain}"
        self.addresses.add(email)
        return _Person(first, last, email, self.id(), company)

    def id(self) -> str:
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

    def track(
        self, kind: Kind, person: _Person, event: str, properties: Mapping[str, Any], *, allowed: bool = True
    ) -> DemoMessage:
        context: dict[str, Any] = {"library": {"name": "martechops-demo", "version": "1"}}
        if "utm_source" in properties:
            context["campaign"] = {
                "source": properties["utm_source"],
                "medium": properties["utm_medium"],
                "name": properties["utm_campaign"],
            }
        body = {
            "type": "track",
            "messageId": self.id(),
            "timestamp": _spelled(self.now),
            "anonymousId": person.anonymous_id,
            "event": event,
            "properties": dict(properties),
            "context": context,
            "integrations": {},
        }
        return DemoMessage(kind=kind, body=body, email=person.email, allowed=allowed)

    def form(self, person: _Person, *, email: str | None = None) -> dict[str, Any]:
        """What the complete form holds."""
        source, medium, campaign = self.dice.choice(words.CAMPAIGNS)
        properties = {
            "form_id": "demo",
            "email": email or person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "company": person.company,
            "company_size": self.dice.choice(words.COMPANY_SIZES),
            "job_title": self.dice.choice(words.JOB_TITLES),
            "country": self.dice.choice(words.COUNTRIES),
            "marketing_consent": self.dice.randrange(100) < CONSENT_GIVEN,
            "utm_source": source,
            "utm_medium": medium,
            "utm_campaign": campaign,
            "page_url": "https://www.example.com/demo",
        }
        if self.dice.random() < 0.4:
            properties["phone"] = f"+1 555 01{self.dice.randrange(100):02d}"  # numbers kept for fiction
        return properties


def _complete(story: _Story) -> DemoMessage:
    person = story.lead()
    return story.track(Kind.COMPLETE, person, "Demo Requested", story.form(person))


def _paid(story: _Story) -> DemoMessage:
    """An ad network's own form: no first name, no company size, and mostly no question about consent."""
    person = story.lead()
    source, medium, campaign = story.dice.choice(words.PAID_CAMPAIGNS)
    properties: dict[str, Any] = {
        "form_id": "demo",
        "email": person.email,
        "last_name": person.last_name,
        "company": person.company,
        "utm_source": source,
        "utm_medium": medium,
        "utm_campaign": campaign,
        "page_url": "https://www.example.com/lp/demo",
    }
    if story.dice.randrange(100) < PAID_CONSENT_ASKED:
        properties["marketing_consent"] = True
    return story.track(Kind.PAID, person, "Demo Requested", properties)


def _other_spelling(story: _Story) -> DemoMessage:
    person = story.dice.choice(story.leads)
    name, _, domain = person.email.partition("@")
    spellings = (person.email.upper(), f"{name.title()}@{domain}", f"  {person.email}", f"{name}@{domain.upper()} ")
    form = story.form(person, email=story.dice.choice(spellings))
    return story.track(Kind.OTHER_SPELLING, person, "Demo Requested", form)


def _resubmission(story: _Story) -> DemoMessage:
    person = story.dice.choice(story.leads)
    return story.track(Kind.RESUBMISSION, person, "Demo Requested", story.form(person))


def _repeat(story: _Story) -> DemoMessage:
    earlier = story.dice.choice(story.sent)
    return DemoMessage(kind=Kind.REPEAT, body=earlier.body, email=earlier.email, allowed=earlier.allowed)


_Step = Callable[[random.Random], dict[str, Any]]
_STEPS: tuple[tuple[str, _Step], ...] = (
    ("Pricing Page Viewed", lambda dice: {"page_url": f"https://www.example.com/{dice.choice(('pricing', 'plans'))}"}),
    ("Webinar Attended", lambda dice: {"webinar_id": dice.choice(words.WEBINARS)}),
    ("Meeting Booked", lambda dice: {"meeting_type": dice.choice(words.MEETINGS)}),
    ("Trial Started", lambda dice: {"plan": dice.choice(("team", "business"))}),
    ("Purchase Completed", lambda dice: {"value": dice.randrange(12, 600) * 100, "currency": "EUR"}),
)


def _stage_move(story: _Story) -> DemoMessage:
    """One step further; half the time the lead that came or moved last, so that steps follow within seconds."""
    waiting = story.on_their_way
    place = -1 if story.dice.random() < 0.5 else story.dice.randrange(len(waiting))
    person = waiting.pop(place)
    event, properties = _STEPS[person.steps]
    person.steps += 1
    if person.steps < len(_STEPS):
        waiting.append(person)
    said = {"email": person.email, **_deal(person, event), **properties(story.dice)}
    return story.track(Kind.STAGE_MOVE, person, event, said)


def _deal(person: _Person, event: str) -> dict[str, Any]:
    """From the meeting on there is a deal; what it is worth depends on nothing but the person."""
    if event not in ("Meeting Booked", "Trial Started", "Purchase Completed"):
        return {}
    number = zlib.crc32(person.email.encode())
    return {"deal_id": f"deal-{number:08x}", "value": 1_000 + number % 480 * 100, "currency": "EUR"}


def _unsubscribe(story: _Story) -> DemoMessage:
    person = story.dice.choice(story.leads)
    if not person.unsubscribed:
        person.unsubscribed = True
        story.unsubscribed.append(person)
    return story.track(Kind.UNSUBSCRIBE, person, "Unsubscribed", {"email": person.email, "channel": "email"})


def _return(story: _Story) -> DemoMessage:
    person = story.unsubscribed.pop(story.dice.randrange(len(story.unsubscribed)))
    person.unsubscribed = False
    return story.track(Kind.RETURN, person, "Resubscribed", {"email": person.email, "channel": "email"})


def _unknown_event(story: _Story) -> DemoMessage:
    person = story.person()
    return story.track(Kind.UNKNOWN_EVENT, person, "Demo Reqested", story.form(person), allowed=False)


def _wrong_type(story: _Story) -> DemoMessage:
    person = story.person()
    wrong: dict[str, Any] = story.dice.choice(
        ({"company_size": "about fifty"}, {"marketing_consent": "yes please"}, {"first_name": ["Ana"]})
    )
    form = story.form(person) | wrong
    return story.track(Kind.WRONG_TYPE, person, "Demo Requested", form, allowed=False)


_NEW_PEOPLE = {Kind.COMPLETE, Kind.PAID, Kind.UNKNOWN_EVENT, Kind.WRONG_TYPE}
_TELL: Mapping[Kind, Callable[[_Story], DemoMessage]] = {
    Kind.COMPLETE: _complete,
    Kind.PAID: _paid,
    Kind.OTHER_SPELLING: _other_spelling,
    Kind.RESUBMISSION: _resubmission,
    Kind.REPEAT: _repeat,
    Kind.STAGE_MOVE: _stage_move,
    Kind.UNSUBSCRIBE: _unsubscribe,
    Kind.RETURN: _return,
    Kind.UNKNOWN_EVENT: _unknown_event,
    Kind.WRONG_TYPE: _wrong_type,
}


def _spelled(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds")


def _ascii(name: str) -> str:
    """As people write their names into addresses."""
    plain = name.lower()
    for letter, spelled in (("ö", "oe"), ("ü", "ue"), ("ø", "o"), ("ã", "a"), ("ó", "o"), ("á", "a"), ("é", "e")):
        plain = plain.replace(letter, spelled)
    return plain.replace("č", "c").replace("ë", "e")
