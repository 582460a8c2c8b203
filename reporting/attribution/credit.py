"""What a channel is owed, and what every model is."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from martechops.lib.frozen import dataclass

from .journey import Journey


@dataclass(frozen=True, slots=True)
class Credit:
    """A channel's part of the conversions, and of what they are worth."""

    conversions: float
    value: float


#: For each touch of a journey its part of one conversion; the parts of a journey that has touches add up to one.
Shares = Callable[[Journey], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Model:
    """One way to say what channels are owed."""

    key: str
    name: str
    #: In one sentence, for the person who reads the number.
    says: str
    #: Where the rule comes from.
    source: str
    credit: Callable[[Sequence[Journey]], Mapping[str, Credit]]
    #: None for a model that cannot say anything of one journey by itself.
    shares: Shares | None = None


def by_touch(*, key: str, name: str, says: str, source: str, shares: Shares) -> Model:
    """A model that divides each conversion among its own touches."""
    return Model(key, name, says, source, credit=lambda journeys: added_up(journeys, shares), shares=shares)


def added_up(journeys: Iterable[Journey], shares: Shares) -> dict[str, Credit]:
    """The parts of all journeys, by channel; ways without conversion or without touches give nobody anything."""
    conversions: dict[str, float] = {}
    values: dict[str, float] = {}
    for journey in journeys:
        if not journey.touches or not journey.conversions:
            continue
        for touch, share in zip(journey.touches, shares(journey), strict=True):
            if share:
                conversions[touch.channel] = conversions.get(touch.channel, 0.0) + share * journey.conversions
                values[touch.channel] = values.get(touch.channel, 0.0) + share * journey.value
    return {channel: Credit(conversions[channel], values[channel]) for channel in sorted(conversions)}


def divided(weights: Mapping[str, float], journeys: Iterable[Journey]) -> dict[str, Credit]:
    """All conversions and all their worth, divided in the proportion of the weights."""
    total = sum(weights.values())
    if not total:
        return {}
    counted = [journey for journey in journeys if journey.touches]
    conversions = sum(journey.conversions for journey in counted)
    value = sum(journey.value for journey in counted)
    return {
        channel: Credit(conversions * weight / total, value * weight / total)
        for channel, weight in sorted(weights.items())
    }
