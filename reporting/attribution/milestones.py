"""Touches that stand for something: what a model that is shaped like a letter divides by."""

from collections.abc import Iterable


def by_milestones(*, touches: int, milestones: Iterable[int], each: float) -> list[float]:
    """`each` for every milestone, what is left equally to the others; where there are no others, to the milestones.

    A touch that is two milestones gets both parts.

    >>> [round(share, 9) for share in by_milestones(touches=4, milestones=(0, 3), each=0.4)]
    [0.4, 0.1, 0.1, 0.4]
    >>> by_milestones(touches=2, milestones=(0, 1), each=0.4)
    [0.5, 0.5]
    """
    shares = [0.0] * touches
    for place in milestones:
        shares[place] += each
    given = sum(shares)
    others = [place for place, share in enumerate(shares) if not share]
    if not others:
        return [share / given for share in shares]
    for place in others:
        shares[place] = (1.0 - given) / len(others)
    return shares
