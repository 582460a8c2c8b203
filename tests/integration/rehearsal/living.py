"""A past to replay: the demo's stream lived through the runtime over some weeks, in slices with a clock of their own."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from campaigns.demo import workspace
from campaigns.demo.stream import DemoMessage, sent_at, stream
from workflows.actions import inbound
from workflows.engine import envelope
from workflows.models import Source
from workflows.runtime import chores
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver

DAYS = 24


def weeks(count: int, *, seed: int = 1, slices: int = 48) -> datetime:
    """Live so many messages, the last of them now; returns when it began. Rows of the runtime are as after that time.

    The stream's own minutes are stretched over the weeks, so that waits end between the slices.
    """
    now = datetime.now(UTC)
    began = now - timedelta(days=DAYS)
    workspace.load(at=began - timedelta(days=1))
    told = stream(count, seed)
    size = -(-len(told) // slices)
    for number in range(slices):
        at = began + timedelta(days=DAYS) * number / slices
        _receive(told[number * size : (number + 1) * size], at=at)
        settle(at=at + timedelta(seconds=2))
    settle(at=now)
    return began


def _receive(messages: Sequence[DemoMessage], *, at: datetime) -> None:
    if messages:
        inbound.receive(
            source=Source.objects.get(key="demo-site"),
            messages=[message.body for message in messages],
            received_at=at,
            sent_at=envelope.instant(sent_at(messages)),
        )


def settle(*, at: datetime) -> None:
    """Let everything happen that is due, in large batches."""
    while advance(at=at, limit=500) or deliver(at=at, limit=500) or chores.perform(at=at):
        pass
