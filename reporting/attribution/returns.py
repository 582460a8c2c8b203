"""What channels cost, held against what they are owed."""

from collections.abc import Mapping

from martechops.lib.frozen import dataclass

from .credit import Credit


@dataclass(frozen=True, slots=True)
class Return:
    """One channel: what it is owed, what it cost."""

    channel: str
    conversions: float
    value: float
    cost: float

    @property
    def cost_per_conversion(self) -> float | None:
        """None where there is no conversion to be paid for."""
        return self.cost / self.conversions if self.conversions else None

    @property
    def on_spend(self) -> float | None:
        """Worth for each unit spent; None where nothing was spent."""
        return self.value / self.cost if self.cost else None


def returns(credits: Mapping[str, Credit], costs: Mapping[str, float]) -> list[Return]:
    """Every channel that is owed or cost something, the most worth first.

    >>> [one] = returns({"ads": Credit(4.0, 1000.0)}, {"ads": 250.0})
    >>> one.cost_per_conversion, one.on_spend
    (62.5, 4.0)
    """
    nothing = Credit(0.0, 0.0)
    found = [
        Return(channel, owed.conversions, owed.value, costs.get(channel, 0.0))
        for channel in credits.keys() | costs.keys()
        for owed in (credits.get(channel, nothing),)
    ]
    return sorted(found, key=lambda one: (-one.value, -one.conversions, one.channel))
