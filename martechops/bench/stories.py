"""What a few hundred people did within a month, handled by the engine itself on the clock of that month.

This is the pattern that a large workspace is made of: every run, trace, score and effect in it is what the engine made.
"""

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workflows.actions import inbound
from workflows.models import Source
from workflows.runtime import chores
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

#: Events come within so many days; what waits for a timer has ended some days later.
DAYS, AFTERWARDS = 30, 7
#: The engine's clock goes on by so much at a time.
_TURN = timedelta(hours=12)

_FIRST = ("lea", "noor", "jonas", "priya", "mara", "tom", "ines", "kofi", "yuki", "anna", "luis", "vera")
_LAST = ("marsh", "haddad", "weber", "nair", "olsen", "costa", "brandt", "mensah", "sato", "novak", "silva", "kern")
_COMPANIES = ("Brightwater", "Northfold", "Halden Works", "Lumen Foods", "Castell", "Ferro Systems")
#: What people do later, and how often among a hundred.
_LATER = {
    "Pricing Page Viewed": 62,
    "Webinar Attended": 16,
    "Meeting Booked": 8,
    "Trial Started": 5,
    "Purchase Completed": 3,
    "Unsubscribed": 4,
    "Resubscribed": 2,
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One message, and when it came."""

    at: datetime
    message: Mapping[str, Any]


def of_a_month(*, people: int, events: int, seed: int, begins: datetime) -> list[Happening]:
    """The happenings of so many people, in order. The same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - the same for the same seed
    who = [_person(chance, number) for number in range(people)]
    first = [begins + timedelta(days=chance.uniform(0, DAYS * 0.7)) for _ in who]
    found = [_request(chance, person, at) for person, at in zip(who, first, strict=True)]
    for _ in range(events - people):
        number = min(int(chance.expovariate(3.0) * people), people - 1)  # a few do much, most do little
        at = first[number] + (begins + timedelta(days=DAYS) - first[number]) * chance.random()
        found.append(_later(chance, who[number], at))
    return sorted(found, key=lambda one: one.at)


def live_through(happenings: Sequence[Happening], *, source: Source, begins: datetime) -> None:
    """Receive and handle everything, on the clock of that month, until nothing waits any more."""
    waiting, clock = list(reversed(happenings)), begins
    end = begins + timedelta(days=DAYS + AFTERWARDS)
    while clock < end:
        clock += _TURN
        for one in _until(clock, waiting):
            inbound.receive(source=source, messages=[one.message], received_at=one.at, sent_at=None)
        while advance(at=clock) or deliver(at=clock) or chores.perform(at=clock):
            pass


def _until(clock: datetime, waiting: list[Happening]) -> Iterator[Happening]:
    while waiting and waiting[-1].at <= clock:
        yield waiting.pop()


def _person(chance: random.Random, number: int) -> dict[str, Any]:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    return {
        "email": f"{first}.{last}.{number}@example.com",
        "first_name": first.title(),
        "last_name": last.title(),
        "company": chance.choice(_COMPANIES),
        "company_size": chance.choice((12, 40, 120, 300, 900, 4_000)),
        "country": chance.choice(("DE", "AT", "CH", "FR", "GB", "US")),
    }


def _request(chance: random.Random, person: Mapping[str, Any], at: datetime) -> Happening:
    consent = {"marketing_consent": chance.random() < 0.8}
    campaign = {
        "utm_source": "newsletter",
        "utm_medium": "email",
        "utm_campaign": f"2026_q{chance.randint(1, 4)}_email",
    }
    demo = chance.random() < 0.7
    form = {"form_id": "demo" if demo else "quote"}
    return _track(chance, "Demo Requested" if demo else "Quote Requested", person, at, **form, **consent, **campaign)


def _later(chance: random.Random, person: Mapping[str, Any], at: datetime) -> Happening:
    name = chance.choices(list(_LATER), weights=list(_LATER.values()))[0]
    of: dict[str, dict[str, Any]] = {
        "Pricing Page Viewed": {"page_url": f"https://www.example.com/{chance.choice(('pricing', 'enterprise'))}"},
        "Webinar Attended": {"webinar_id": f"w-{chance.randint(1, 9)}"},
        "Purchase Completed": {"value": chance.randint(5, 400) * 100, "currency": "EUR"},
    }
    return _track(chance, name, {"email": person["email"]}, at, **of.get(name, {}))


def _track(chance: random.Random, name: str, about: Mapping[str, Any], at: datetime, **properties: Any) -> Happening:
    message = {
        "type": "track",
        "event": name,
        "messageId": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "userId": about["email"],
        "timestamp": at.isoformat(),
        "properties": {**about, **properties},
    }
    return Happening(at, message)
