"""Last touch: all to the channel after which the person converted.

Source: "last interaction" of Google Analytics' attribution overview (support.google.com/analytics/answer/1662518).
"""

from .credit import by_touch
from .journey import Journey


def shares(journey: Journey) -> list[float]:
    """
    >>> from .journey import path
    >>> shares(path("ads > email > search"))
    [0.0, 0.0, 1.0]
    """
    return [*(0.0 for _ in journey.touches[1:]), 1.0]


MODEL = by_touch(
    key="last",
    name="Last touch",
    says="All to the last touch of the journey.",
    source=(__doc__ or "").partition("Source: ")[2].strip(),
    shares=shares,
)
