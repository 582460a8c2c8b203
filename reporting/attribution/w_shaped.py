"""W-shaped: thirty for who found them, thirty for what made them a lead, thirty for who closed, ten for the rest.

Source: "W-shaped model" of Adobe Marketo Measure (experienceleague.adobe.com, Marketo Measure attribution models).
"""

from .credit import by_touch
from .journey import Journey
from .milestones import by_milestones


def shares(journey: Journey) -> list[float]:
    """A touch that is two of the three gets both parts; where nobody knows what made the lead, it was the first touch.

    >>> from .journey import Touch
    >>> way = Journey(tuple(map(Touch, ("ads", "email", "webinar", "email", "search"))), lead=2)
    >>> [round(share, 6) for share in shares(way)]
    [0.3, 0.05, 0.3, 0.05, 0.3]
    >>> [round(share, 6) for share in shares(Journey((Touch("ads"), Touch("email"), Touch("search")), lead=0))]
    [0.6, 0.1, 0.3]
    """
    last = len(journey.touches) - 1
    return by_milestones(touches=last + 1, milestones=(0, journey.lead or 0, last), each=0.3)


MODEL = by_touch(
    key="w_shaped",
    name="W-shaped",
    says="30 % each to the first touch, to the one that made the lead and to the last; 10 % to the others.",
    source=(__doc__ or "").partition("Source: ")[2].strip(),
    shares=shares,
)
