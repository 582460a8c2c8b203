"""Markov chain: a channel is owed what would be lost without it.

Journeys are walks from channel to channel that end in a conversion or in none. Without a channel, whoever would have
gone there is lost; the part of the conversions that is lost with it is its removal effect, and all conversions are
divided in the proportion of these effects.

Source: E. Anderl, I. Becker, F. von Wangenheim, J. H. Schumann: Mapping the customer journey. Lessons learned from
graph-based online attribution modeling. International Journal of Research in Marketing 33 (2016), section 3.

Others count random walks until the figures settle, or solve the chain once more for each channel that is removed. Here
it is exact, and solved once: a walk is lost without a channel if and only if it comes by it and converts, so

    removal effect of c = P(a walk ever comes by c) x P(it converts from c) / P(it converts)

and both come from the one matrix of expected visits, N = (1 - Q)^-1, by P(ever comes by c) = N[start][c] / N[c][c].
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from .credit import Credit, Model, divided
from .journey import Journey

_START = 0


def removal_effects(journeys: Sequence[Journey]) -> dict[str, float]:
    """For each channel the part of the conversions that would be lost without it.

    Of ten who begin with ads four go on to e-mail, where two of them convert; of the six who do not, three convert.
    Without ads nobody converts; without e-mail, the two of five.

    >>> from .journey import path
    >>> ways = [path("ads > email", conversions=2, lost=2), path("ads", conversions=3, lost=3)]
    >>> {channel: round(effect, 9) for channel, effect in removal_effects(ways).items()}
    {'ads': 1.0, 'email': 0.4}
    """
    walked = [way for way in journeys if way.touches and way.conversions + way.lost]
    channels = sorted({channel for way in walked for channel in way.channels})
    places = {channel: place for place, channel in enumerate(channels, start=1)}
    moves, conversions = _chances(walked, places)
    everywhere = range(len(moves))
    visits = _inverse([[float(row == column) - moves[row][column] for column in everywhere] for row in everywhere])
    converts = [sum(row[place] * conversions[place] for place in range(len(row))) for row in visits]
    if not converts[_START]:
        return dict.fromkeys(channels, 0.0)
    return {
        channel: visits[_START][place] / visits[place][place] * converts[place] / converts[_START]
        for channel, place in places.items()
    }


def credit(journeys: Sequence[Journey]) -> Mapping[str, Credit]:
    """All conversions, divided by removal effects.

    >>> from .journey import path
    >>> ways = [path("ads > email", conversions=2, lost=2), path("ads", conversions=3, lost=3)]
    >>> {channel: round(owed.conversions, 6) for channel, owed in credit(ways).items()}  # 5 by 1.0 : 0.4
    {'ads': 3.571429, 'email': 1.428571}
    """
    return divided(removal_effects(journeys), journeys)


def _chances(journeys: Sequence[Journey], places: Mapping[str, int]) -> tuple[list[list[float]], list[float]]:
    """From each place: the chance to go to each other one, and the chance to convert."""
    size = len(places) + 1
    moves = [[0.0] * size for _ in range(size)]
    conversions, leaving = [0.0] * size, [0.0] * size
    for journey in journeys:
        walks = journey.conversions + journey.lost
        way = [_START, *(places[channel] for channel in journey.channels)]
        for here, there in pairwise(way):
            moves[here][there] += walks
            leaving[here] += walks
        conversions[way[-1]] += journey.conversions
        leaving[way[-1]] += walks
    for place in range(size):
        if leaving[place]:
            moves[place] = [count / leaving[place] for count in moves[place]]
            conversions[place] /= leaving[place]
    return moves, conversions


def _inverse(matrix: list[list[float]]) -> list[list[float]]:
    """By elimination in the order of the rows, which needs no exchange: each diagonal outweighs the rest of its row."""
    size = len(matrix)
    rows = [[*row, *(float(place == column) for column in range(size))] for place, row in enumerate(matrix)]
    for place in range(size):
        pivot = rows[place][place]
        rows[place] = chosen = [value / pivot for value in rows[place]]
        for other in range(size):
            factor = rows[other][place]
            if other != place and factor:
                rows[other] = [value - factor * taken for value, taken in zip(rows[other], chosen, strict=True)]
    return [row[size:] for row in rows]


MODEL = Model(
    key="markov",
    name="Markov chain",
    says="All conversions, by how many of them would be lost without each channel.",
    source="Anderl, Becker, von Wangenheim, Schumann (2016), International Journal of Research in Marketing 33",
    credit=credit,
)
