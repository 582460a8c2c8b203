"""A past to replay: the demo's stream lived through the runtime over some weeks, slice by slice."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from campaigns.demo.stream import DemoMessage, sent_at, stream
from workflows.actions import inbound
from workflows.engine import envelope
from workflows.models import Effect, Source
from workflows.runtime import chores
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

DAYS = 18
#: No test takes longer, and no slice but the last is nearer to now.
A_TEST = timedelta(hours=6)


def nothing(at: datetime) -> None:
    del at


def weeks(
    count: int,
    *,
    seed: int = 1,
    slices: int = 48,
    meanwhile: Callable[[datetime], None] = nothing,
    to_the_end: bool = True,
) -> datetime:
    """Live so many messages in the demo workspace, the last of them this morning; returns when it ended.

    The stream's own minutes are stretched over the weeks, so that waits end between the slices. `meanwhile` is called
    after the middle one. Unless `to_the_end`, those who came last still wait.
    """
    ended = datetime.now(UTC) - 2 * A_TEST
    began = ended - timedelta(days=DAYS)
    told = stream(count, seed)
    size = -(-len(told) // slices)
    for number in range(slices):
        at = began + timedelta(days=DAYS) * number / slices
        _receive(told[number * size : (number + 1) * size], at=at)
        settle(at=at + timedelta(seconds=2))
        if number == slices // 2:
            meanwhile(at + timedelta(seconds=3))
    if to_the_end:
        settle(at=ended)
    return ended


def _receive(messages: Sequence[DemoMessage], *, at: datetime) -> None:
    if messages:
        inbound.receive(
            source=Source.objects.get(key="demo-site"),
            messages=[message.body for message in messages],
            received_at=at,
            sent_at=envelope.instant(sent_at(messages)),
        )


def settle(*, at: datetime) -> None:
    """Let everything happen that is due, in large batches.

    Reservations and outcomes are dated by the database, whatever clock a test brings: they are dated back to it.
    """
    begun = datetime.now(UTC)
    while advance(at=at, limit=500) or deliver(at=at, limit=500) or chores.perform(at=at):
        pass
    Effect.objects.filter(reserved_at__gte=begun - A_TEST).update(reserved_at=at)
    Effect.objects.filter(ended_at__gte=begun - A_TEST).update(ended_at=at)
