"""U-shaped: forty for who found them, forty for who closed, twenty for what lay between.

Source: "position based" of Google Analytics' attribution overview (support.google.com/analytics/answer/1662518).
"""

from .credit import by_touch
from .journey import Journey
from .milestones import by_milestones


def shares(journey: Journey) -> list[float]:
    """Of two touches each gets a half, a single one gets all.

    >>> from .journey import path
    >>> [round(share, 6) for share in shares(path("ads > email > events > search"))]
    [0.4, 0.1, 0.1, 0.4]
    >>> shares(path("ads > search")), shares(path("ads"))
    ([0.5, 0.5], [1.0])
    """
    last = len(journey.touches) - 1
    return by_milestones(touches=last + 1, milestones=(0, last), each=0.4)


MODEL = by_touch(
    key="u_shaped",
    name="U-shaped",
    says="40 % to the first touch, 40 % to the last, 20 % to those between.",
    source=(__doc__ or "").partition("Source: ")[2].strip(),
    shares=shares,
)
