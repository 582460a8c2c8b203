"""Last touch that something brought: who comes back by typing the address was won before.

Source: "last non-direct click" of Google Analytics' attribution overview (support.google.com/analytics/answer/1662518).
"""

from .credit import by_touch
from .journey import DIRECT, Journey


def shares(journey: Journey) -> list[float]:
    """
    >>> from .journey import path
    >>> shares(path("ads > email > direct")), shares(path("direct > direct"))
    ([0.0, 1.0, 0.0], [0.0, 1.0])
    """
    brought = [place for place, touch in enumerate(journey.touches) if touch.channel != DIRECT]
    owed = brought[-1] if brought else len(journey.touches) - 1
    return [float(place == owed) for place in range(len(journey.touches))]


MODEL = by_touch(
    key="last_non_direct",
    name="Last non-direct touch",
    says="All to the last touch that was not direct; to the last one if all were.",
    source=(__doc__ or "").partition("Source: ")[2].strip(),
    shares=shares,
)
