"""The touches of one person on the way to a conversion, or to none."""

import dataclasses

from martechops.lib.frozen import dataclass

#: The channel of whoever came by typing the address or from a bookmark: no campaign brought them.
DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Touch:
    """One contact with a channel."""

    channel: str
    #: Days between this touch and the end of its journey.
    days_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Journey:
    """Touches in the order they happened, and how often this very way ended well and how often it did not.

    One person's way has `conversions=1`, or `lost=1` for one who has not converted; equal ways may be added up.
    """

    touches: tuple[Touch, ...]
    conversions: float = 1.0
    #: What those conversions are worth together.
    value: float = 0.0
    lost: float = 0.0
    #: Position of the touch by which the person became a lead, where that is known.
    lead: int | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(touch.channel for touch in self.touches)

    def within(self, days: float) -> "Journey":
        """Without the touches that lie further back than the window.

        >>> way = Journey((Touch("ads", 40), Touch("email", 3)), lead=1)
        >>> way.within(30) == Journey((Touch("email", 3),), lead=0)
        True
        """
        kept = [place for place, touch in enumerate(self.touches) if touch.days_before <= days]
        lead = kept.index(self.lead) if self.lead in kept else None
        return dataclasses.replace(self, touches=tuple(self.touches[place] for place in kept), lead=lead)


def path(words: str, *, conversions: float = 1.0, value: float = 0.0, lost: float = 0.0) -> Journey:
    """A journey from its channels as they are written in papers and in public data.

    >>> path("ads > email").channels
    ('ads', 'email')
    """
    touches = tuple(Touch(channel.strip()) for channel in words.split(">"))
    return Journey(touches, conversions=conversions, value=value, lost=lost)
