"""First touch: all to the channel by which the person came to know us.

Source: "first interaction" of Google Analytics' attribution overview (support.google.com/analytics/answer/1662518).
"""

from .credit import by_touch
from .journey import Journey


def shares(journey: Journey) -> list[float]:
    """
    >>> from .journey import path
    >>> shares(path("ads > email > search"))
    [1.0, 0.0, 0.0]
    """
    return [1.0, *(0.0 for _ in journey.touches[1:])]


MODEL = by_touch(
    key="first",
    name="First touch",
    says="All to the first touch of the journey.",
    source=(__doc__ or "").partition("Source: ")[2].strip(),
    shares=shares,
)
