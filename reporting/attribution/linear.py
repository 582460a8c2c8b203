"""Linear: every touch the same.

Source: "linear" of Google Analytics' attribution overview (support.google.com/analytics/answer/1662518).
"""

from .credit import by_touch
from .journey import Journey


def shares(journey: Journey) -> list[float]:
    """
    >>> from .journey import path
    >>> shares(path("ads > email > email > search"))
    [0.25, 0.25, 0.25, 0.25]
    """
    return [1 / len(journey.touches)] * len(journey.touches)


MODEL = by_touch(
    key="linear",
    name="Linear",
    says="The same to every touch of the journey.",
    source=(__doc__ or "").partition("Source: ")[2].strip(),
    shares=shares,
)
