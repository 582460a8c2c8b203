"""Shares as whole numbers, which add up to exactly one whatever is added and taken away in between."""

from .credit import Model
from .journey import Journey

#: Parts that one conversion has.
ONE = 10**12


def parts(model: Model, journey: Journey) -> list[int]:
    """For each touch its part; what rounding leaves over is the greatest one's, the first of them if there are several.

    >>> from . import linear
    >>> from .journey import path
    >>> parts(linear.MODEL, path("ads > email > search"))
    [333333333334, 333333333333, 333333333333]
    """
    if len(journey.touches) == 1:
        return [ONE]
    if model.shares is None:
        raise TypeError(f"{model.key} says nothing of one journey by itself")
    found = [round(share * ONE) for share in model.shares(journey)]
    found[found.index(max(found))] += ONE - sum(found)
    return found
