"""Whether a mark falls on one arm more often than on the other, judged at any time and as often as one likes.

A mark is something that can happen to a person: a failed run, a complaint, a conversion. If it does not depend on the
arm, then the arm of each marked person is the toss of the coin that gave it to them, whose bias is the share of the
candidate at that moment, and is known. So nothing has to be estimated, shares may grow on the way, and that people of
another hour are marked more often does no harm: only the marked ones are counted, and they came by the same coin.

Against that stands that marks are `ratio` times as frequent with the candidate. The likelihood ratio of the two, mixed
over ratios, is a non-negative martingale that begins at 1, and so with probability 1 - 1/needed never reaches `needed`,
however often it is looked at (Ville 1939). Mixing over alternatives is due to Robbins, "Statistical methods related to
the law of the iterated logarithm", Annals of Mathematical Statistics 41 (1970); as confidence sequences that hold at
all times, without asymptotics, see Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric, nonasymptotic
confidence sequences", Annals of Statistics 49 (2021). The mixture here is normal in the logarithm of the ratio, on a
grid, so that sums stand for the integral and nothing is approximated: any mixture is a martingale.

Known imperfection: a stage ends when enough people have met the candidate, and that tells a little about the coins of
those who are marked later. The simulation of docs/rollouts.md, which promotes by that rule, shows no trace of it.

>>> same = [Marks(share=0.1, candidate=3, stable=27)]
>>> evidence(same, worse=1) < 1
True
>>> evidence([Marks(share=0.1, candidate=12, stable=20)], worse=1) > 50
True
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, log

#: Logarithms of the ratios that are held against "no difference": 1.05 to 55 times as often, or as rarely.
_GRID = tuple(0.05 + 0.105 * step for step in range(38))
#: How far from no difference one reckons with: a factor of e, by a normal density.
_SPREAD = 1.0
#: No ratio outside is looked for.
_WIDEST = 8.0


@dataclass(frozen=True, slots=True)
class Marks:
    """People who were marked, of those who came while the candidate's share was `share` (between 0 and 1)."""

    share: float
    candidate: int
    stable: int


def evidence(marks: Sequence[Marks], *, worse: int) -> float:
    """How many times more likely what was seen is if the candidate is marked more often than if it is not.

    `worse` says which way is bad: 1 for more often, -1 for more rarely, 0 for either (a coin that is not the one that
    was meant). It is a supermartingale also where the truth lies on the good side.
    """
    ways = (1, -1) if worse == 0 else (worse,)
    return exp(min(_log_mixture(marks, ways), 700.0))


def ratio(marks: Sequence[Marks], *, needed: float) -> tuple[float, float, float]:
    """How many times as often the candidate is marked: what fits best, and the ends of the confidence sequence.

    >>> best, low, high = ratio([Marks(0.5, candidate=30, stable=10)], needed=20)
    >>> round(best, 1), low > 1, high < 11
    (3.0, True, True)
    """
    if not any(one.candidate + one.stable for one in marks):
        return 1.0, 0.0, float("inf")
    best = _fitting(marks)
    floor = _log_mixture(marks, (1, -1)) - log(needed)
    low = _crossing(marks, floor, -_WIDEST, best)
    high = _crossing(marks, floor, _WIDEST, best)
    return exp(best), (exp(low) if low > -_WIDEST else 0.0), (exp(high) if high < _WIDEST else float("inf"))


def _log_mixture(marks: Sequence[Marks], ways: tuple[int, ...]) -> float:
    terms = [
        weight + _log_likelihood(marks, way * size)
        for way in ways
        for size, weight in zip(_GRID, _weights(), strict=True)
    ]
    top = max(terms)
    return top + log(sum(exp(term - top) for term in terms) / len(ways))


@lru_cache(maxsize=1)
def _weights() -> tuple[float, ...]:
    """Logarithms; together they are 1."""
    raw = [exp(-((size / _SPREAD) ** 2) / 2) for size in _GRID]
    return tuple(log(one / sum(raw)) for one in raw)


def _log_likelihood(marks: Sequence[Marks], log_ratio: float) -> float:
    """Against no difference: of a marked person the arm is the candidate's with q = share x ratio / (…)."""
    total = 0.0
    for one in marks:
        against_candidate, against_stable = _per_mark(one.share, log_ratio)
        total += one.candidate * against_candidate + one.stable * against_stable
    return total


@lru_cache(maxsize=8_192)
def _per_mark(share: float, log_ratio: float) -> tuple[float, float]:
    spread = log(share * exp(log_ratio) + 1 - share)
    return log_ratio - spread, -spread


def _fitting(marks: Sequence[Marks]) -> float:
    """Where the likelihood is greatest; it has one hill."""
    low, high = -_WIDEST, _WIDEST
    for _ in range(60):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if _likely(marks, left) < _likely(marks, right):
            low = left
        else:
            high = right
    return (low + high) / 2


def _crossing(marks: Sequence[Marks], floor: float, outside: float, inside: float) -> float:
    """Between a ratio that is too far out and the one that fits best, where the likelihood comes up to the floor."""
    if _likely(marks, outside) >= floor:
        return outside
    for _ in range(60):
        middle = (outside + inside) / 2
        if _likely(marks, middle) >= floor:
            inside = middle
        else:
            outside = middle
    return inside


def _likely(marks: Sequence[Marks], log_ratio: float) -> float:
    """Not kept: these ratios do not come again."""
    total = 0.0
    for one in marks:
        spread = log(one.share * exp(log_ratio) + 1 - one.share)
        total += one.candidate * (log_ratio - spread) - one.stable * spread
    return total
