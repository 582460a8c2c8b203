"""Time decay: a touch is worth half of one that lies a week nearer to the conversion.

Source: "time decay", with its half-life of seven days, of Google Analytics' attribution overview
(support.google.com/analytics/answer/1662518).
"""

from .credit import by_touch
from .journey import Journey

HALF_LIFE_DAYS = 7.0


def shares(journey: Journey) -> list[float]:
    """Only the distances between touches count: a journey that ended late divides as one that ended at its last touch.

    >>> from .journey import Touch
    >>> shares(Journey((Touch("ads", 14), Touch("email", 7), Touch("search", 0))))  # 1/4 : 1/2 : 1
    [0.14285714285714285, 0.2857142857142857, 0.5714285714285714]
    """
    nearest = min(touch.days_before for touch in journey.touches)
    weights = [2.0 ** ((nearest - touch.days_before) / HALF_LIFE_DAYS) for touch in journey.touches]
    total = sum(weights)
    return [weight / total for weight in weights]


MODEL = by_touch(
    key="time_decay",
    name="Time decay",
    says=f"More to what was nearer to the conversion: half for each {HALF_LIFE_DAYS:.0f} days before.",
    source=" ".join((__doc__ or "").partition("Source: ")[2].split()),
    shares=shares,
)
