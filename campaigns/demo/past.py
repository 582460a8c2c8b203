"""The weeks before today in the demo: who came, and when. Boards, health and replays begin with something to show."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaigns.demo.stream import Kind, stream

DAYS = 60
MESSAGES = 240
#: Nothing that would wait for a person today: that is what the stream of today is for.
SHARES: Mapping[Kind, int] = {
    Kind.COMPLETE: 30,
    Kind.PAID: 10,
    Kind.OTHER_SPELLING: 3,
    Kind.RESUBMISSION: 4,
    Kind.STAGE_MOVE: 48,
    Kind.UNSUBSCRIBE: 4,
    Kind.RETURN: 1,
}
#: How much happens at an hour of UTC, by its place in the day; a day of the weekend has a fifth.
_HOURS = (1,) * 6 + (3, 6, 10, 12, 12, 11, 8, 10, 12, 11, 9, 7, 5, 4) + (2,) * 4
_WEEKEND = 0.2
#: A day has so much more than one of the first, when it comes to today.
_GROWTH = 0.8


@dataclass(frozen=True, slots=True)
class Happening:
    """One message, and when it came."""

    at: datetime
    body: Mapping[str, Any]


def happenings(*, until: datetime, seed: int) -> Iterator[Happening]:
    """The messages of those weeks in their order, ending before `until`. The same for the same seed and hour."""
    told = stream(MESSAGES, seed, shares=SHARES)
    for message, at in zip(told, _instants(len(told), until=until, seed=seed), strict=True):
        yield Happening(at, {**message.body, "timestamp": at.isoformat(timespec="milliseconds")})


def _instants(count: int, *, until: datetime, seed: int) -> list[datetime]:
    dice = random.Random(seed)  # noqa: S311 - a story, not a secret
    hours = [until - timedelta(hours=back) for back in range(DAYS * 24, 1, -1)]
    chosen = dice.choices(hours, weights=[_weight(at, until=until) for at in hours], k=count)
    return sorted(at + timedelta(seconds=dice.uniform(0, 3_599)) for at in chosen)


def _weight(at: datetime, *, until: datetime) -> float:
    of_the_day = _HOURS[at.hour] * (_WEEKEND if at.weekday() >= 5 else 1.0)
    return of_the_day * (1 + _GROWTH * (1 - (until - at) / timedelta(days=DAYS)))
