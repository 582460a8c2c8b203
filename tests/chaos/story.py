"""What a campaign sends: seeded, so that a run can be told again. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.chaos.workspace import ORDERED, PAID

#: Of a hundred people: these agree to e-mail, these pay before the run's timer, these are sent twice.
CONSENTING, PAYING, REPEATED = 95, 50, 10


@dataclass(frozen=True, slots=True)
class Message:
    """One message of ingest."""

    id: str
    event: str
    email: str
    properties: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """As an SDK would send it."""
        properties = {"email": self.email} | self.properties
        return {"type": "track", "messageId": self.id, "userId": self.email, "event": self.event} | {
            "properties": properties
        }


def messages(*, people: int, seed: int) -> Iterator[Message]:
    """An order of each, the payment of some a little later, and repeats, exact to the letter.

    Few are held back, so that every part of the stream has orders in it.
    """
    dice = random.Random(seed)
    later: list[Message] = []
    for number in range(people):
        email = f"person{number}@chaos.example"
        order = {"order": number, "marketing_consent": dice.randrange(100) < CONSENTING}
        message = Message(f"order-{number}", ORDERED, email, order)
        yield message
        if dice.randrange(100) < PAYING:
            later.append(Message(f"paid-{number}", PAID, email, {"order": number}))
        if dice.randrange(100) < REPEATED:
            later.append(message)
        while len(later) > min(40, people // 15):
            yield later.pop(dice.randrange(len(later)))
    yield from later
