"""Shapley: channels as players of a team, each owed what it adds on average over every order of joining.

The worth of a set of channels is what was converted on ways that used no others. The definition asks for every subset
of channels, 2^n of them. By the additivity of Shapley's value it need not: the game is a sum of one game for each set
that was seen, "these channels together make so many conversions", and in such a game the members are owed equal parts.

Source: K. Zhao, S. H. Mahboobi, S. R. Bagheri: Shapley value methods for attribution modeling in online advertising
(arXiv:1804.05327, 2018), section 3; L. S. Shapley: A value for n-person games (1953), for the sum of unanimity games.
"""

from collections.abc import Sequence

from .credit import by_touch
from .journey import Journey


def shares(journey: Journey) -> Sequence[float]:
    """Equal to every channel, however often it was used; a channel's part is divided among its touches.

    >>> from .journey import path
    >>> shares(path("ads > email > email"))
    [0.5, 0.25, 0.25]
    """
    channels = journey.channels
    members = len(set(channels))
    return [1 / (members * channels.count(channel)) for channel in channels]


MODEL = by_touch(
    key="shapley",
    name="Shapley value",
    says="What each channel adds on average to the channels that it is used with.",
    source="Zhao, Mahboobi, Bagheri (2018), arXiv:1804.05327",
    shares=shares,
)
