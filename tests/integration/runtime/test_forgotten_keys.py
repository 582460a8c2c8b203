"""A far side remembers a key only so long: after that nothing is repeated blindly, however sure it was before (D8)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from workflows.connectors.base import Unknown
from workflows.models import ConnectionHealth, Effect
from workflows.runtime.deliver import deliver

from .test_deliver import FarSide, far_side, welcome

__all__ = ["far_side"]
LIFE = timedelta(hours=24)


def in_doubt_for(span: timedelta) -> None:
    """The clock moves on for the effect, and its connection is tried again."""
    now = timezone.now()
    Effect.objects.filter(pk=welcome().pk).update(doubt_since=now - span, not_before=now - LIFE)
    ConnectionHealth.objects.update(closed_until=None, failures=0)


@pytest.mark.requirement("D8")
@pytest.mark.parametrize(
    ("life", "doubt", "calls", "state"),
    [
        (LIFE, LIFE - timedelta(minutes=5), 2, "planned"),
        (LIFE, LIFE + timedelta(minutes=5), 1, "uncertain"),
        (None, 100 * LIFE, 2, "planned"),
    ],
    ids=["within its life", "past its life", "remembered for ever"],
)
def test_key_older_than_its_life_is_never_repeated_blindly(
    far_side: Callable[..., FarSide], life: timedelta | None, doubt: timedelta, calls: int, state: str
) -> None:
    side = far_side("B", Unknown("cut off"))
    side.key_life = life
    deliver()
    assert (welcome().state, len(side.calls)) == ("planned", 1)
    in_doubt_for(doubt)
    deliver()
    assert (len(side.calls), welcome().state) == (calls, state)
    assert len({request.key for request in side.calls}) == 1


def test_key_is_forgotten_while_the_call_is_under_way(far_side: Callable[..., FarSide]) -> None:
    """Asked before the call it was still remembered; what comes back in doubt after its life is a person's."""
    side = far_side("B", Unknown("cut off"))
    side.key_life = LIFE
    deliver()
    in_doubt_for(LIFE - timedelta(seconds=30))
    deliver()
    Effect.objects.filter(pk=welcome().pk).update(doubt_since=timezone.now() - 2 * LIFE)
    Effect.objects.filter(pk=welcome().pk).update(not_before=timezone.now() - LIFE)
    ConnectionHealth.objects.update(closed_until=None, failures=0)
    before = len(side.calls)
    deliver()
    assert (welcome().state, len(side.calls)) == ("uncertain", before)
    assert welcome().reason == "the far side may have forgotten its key"
