"""Rollouts that are played with dice: how often a good version is rolled back, and how soon a bad one.

Whole rollouts by the code that runs them: the gates' own evidence at their own levels, and `ramps.next_move`. Only
people are dice. `manage.py simulate_rollouts` prints the table that is in docs/rollouts.md.
"""

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import comb, sqrt
from random import Random
from statistics import NormalDist, median

from campaigns import ramps
from campaigns.gates import GATES, Finding, Verdict
from campaigns.gates.evidence import Marks, evidence
from campaigns.gates.gate import DOUBT, Gate
from campaigns.ramps import Ramp, Standing
from campaigns.rollout_states import State, after

#: How often a person is marked, by what marks them, where nothing is wrong: a gate, or one of two metrics.
USUAL: Mapping[str, float] = {
    "errors": 0.02,
    "complaints": 0.01,
    "conversions": 0.10,
    "duration": 0.10,
    "criteria": 0.05,
    "metric of at least": 0.10,
    "metric of at most": 0.05,
}
#: Of each metric which way is worse: they share their gate's level.
_METRICS = {"metric of at least": -1, "metric of at most": 1}
#: People between two looks.
LOOK = 100
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of rollout to be played."""

    label: str
    ramp: Ramp
    #: As many people come at most.
    people: int
    #: What is wrong with the candidate: rates by what marks people.
    candidate: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one."""

    state: str
    #: People who had come, in both arms.
    people: int
    #: Would a plain z-test of the errors, one-sided at 5 %, have cried wolf at some look?
    z_cried: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of all of a case."""

    case: Case
    ended: tuple[Ended, ...]

    def share(self, state: str) -> float:
        return sum(one.state == state for one in self.ended) / len(self.ended)

    @property
    def median_people(self) -> float | None:
        """Until it was rolled back, of those that were; of all, if they are most."""
        took = [one.people if one.state == State.ROLLED_BACK else one.people + 1 for one in self.ended]
        return median(took) if self.share(State.ROLLED_BACK) > 0.5 else None

    @property
    def z_share(self) -> float:
        return sum(one.z_cried for one in self.ended) / len(self.ended)


def _one_stage(share: int, people: int) -> Ramp:
    """Watched for as long as people come, and never promoted."""
    return Ramp.of({"stages": [{"share_percent": share, "at_least": people}, {"share_percent": 100}]})


_STAGED = Ramp.of(
    {
        "stages": [
            {"share_percent": 5, "at_least": 50, "minutes": 0},
            {"share_percent": 25, "at_least": 500, "minutes": 0},
            {"share_percent": 50, "at_least": 2_000, "minutes": 0},
            {"share_percent": 100},
        ]
    }
)
CASES = (
    Case("no difference, 10 %, 10,000 people", _one_stage(10, 10_000), 10_000),
    Case("no difference, 5 → 25 → 50 → 100 %", _STAGED, 20_000),
    Case("errors 2 % → 10 %, 10 %", _one_stage(10, 20_000), 20_000, {"errors": 0.10}),
    Case("errors 2 % → 5 %, 10 %", _one_stage(10, 20_000), 20_000, {"errors": 0.05}),
    Case("errors 2 % → 10 %, 5 → 25 → 50 → 100 %", _STAGED, 20_000, {"errors": 0.10}),
    Case("conversions 10 % → 5 %, 10 %", _one_stage(10, 20_000), 20_000, {"conversions": 0.05}),
    Case("a metric 10 % → 5 %, 10 %", _one_stage(10, 20_000), 20_000, {"metric of at least": 0.05}),
    Case("late by a criterion 5 % → 15 %, 10 %", _one_stage(10, 20_000), 20_000, {"criteria": 0.15}),
)


def _comparisons() -> Iterator[tuple[Gate, str]]:
    """Each test that is made at a look: the gate with its level and its bad way, and what marks people for it."""
    for gate in GATES:
        if gate.key == "metrics":
            alpha = gate.alpha / len(_METRICS)
            yield from ((replace(gate, alpha=alpha, worse=worse), key) for key, worse in _METRICS.items())
        elif gate.alpha:
            yield gate, gate.key


COMPARISONS = tuple(_comparisons())


def play(case: Case, *, times: int, seed: int) -> Outcome:
    """So many rollouts of a case, each with dice of its own: the same for the same seed, whatever else is played."""
    return Outcome(case, tuple(_one(case, Random(f"{seed}/{case.label}/{number}")) for number in range(times)))  # noqa: S311


class _Counts:
    """People and marks by share, as they come."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.met: dict[int, list[int]] = {}
        self.marks: dict[str, dict[int, list[int]]] = {key: {} for key in USUAL}

    def come(self, share: int, dice: Random) -> int:
        """`LOOK` people; returns how many of them are in the candidate's arm."""
        candidate = _binomial(LOOK, share / 100, dice)
        for arm, count in enumerate((candidate, LOOK - candidate)):
            self.met.setdefault(share, [0, 0])[arm] += count
            for key, usual in USUAL.items():
                rate = self.case.candidate.get(key, usual) if arm == 0 else usual
                self.marks[key].setdefault(share, [0, 0])[arm] += _binomial(count, rate, dice)
        return candidate

    def of(self, key: str) -> tuple[Marks, ...]:
        """Who was marked; of the sample ratio, who came."""
        counts = self.met if key == "sample_ratio" else self.marks[key]
        return tuple(Marks(share / 100, *arms) for share, arms in counts.items())

    def z_of_errors(self) -> float:
        """As it is done without thinking of the looks before."""
        met = [sum(arms[arm] for arms in self.met.values()) for arm in (0, 1)]
        bad = [sum(arms[arm] for arms in self.marks["errors"].values()) for arm in (0, 1)]
        pooled = sum(bad) / sum(met)
        if not all(met) or not 0 < pooled < 1:
            return 0.0
        deviation = sqrt(pooled * (1 - pooled) * (1 / met[0] + 1 / met[1]))
        return (bad[0] / met[0] - bad[1] / met[1]) / deviation


_ONE_IN_TWENTY = NormalDist().inv_cdf(0.95)


def _one(case: Case, dice: Random) -> Ended:
    standing, in_stage, z_cried = Standing(State.RUNNING, 0, _BEGAN), 0, False
    counts = _Counts(case)
    for people in range(LOOK, case.people + 1, LOOK):
        share = case.ramp.stages[standing.stage].share_percent or 0
        in_stage += counts.come(share, dice)
        z_cried = z_cried or counts.z_of_errors() > _ONE_IN_TWENTY
        at = _BEGAN + timedelta(minutes=people)
        move = ramps.next_move(case.ramp, standing, met=in_stage, findings=_findings(counts), at=at)
        if move and (state := after(standing.state, move.verb)) not in (State.RUNNING,):
            return Ended(state, people, z_cried)
        if move:
            standing, in_stage = Standing(State.RUNNING, standing.stage + 1, at), 0
    return Ended(standing.state, case.people, z_cried)


def _findings(counts: _Counts) -> Sequence[Finding]:
    return [_finding(gate, evidence(counts.of(key), worse=gate.worse)) for gate, key in COMPARISONS]


def _finding(gate: Gate, grown: float) -> Finding:
    verdict = Verdict.FAIL if grown >= 1 / gate.alpha else Verdict.INCONCLUSIVE if grown >= DOUBT else Verdict.PASS
    return Finding(gate.key, verdict, gate.label, on_fail=gate.on_fail)


def _binomial(count: int, chance: float, dice: Random) -> int:
    """How many of `count`: one throw, looked up in the distribution."""
    return bisect(_distribution(count, chance), dice.random()) if count else 0


_DISTRIBUTIONS: dict[tuple[int, float], list[float]] = {}


def _distribution(count: int, chance: float) -> list[float]:
    if (count, chance) not in _DISTRIBUTIONS:
        terms = (comb(count, k) * chance**k * (1 - chance) ** (count - k) for k in range(count))
        _DISTRIBUTIONS[count, chance] = list(accumulate(terms))
    return _DISTRIBUTIONS[count, chance]


def table(outcomes: Sequence[Outcome]) -> str:
    """In Markdown."""
    lines = [
        "| case | rolled back | held | promoted to all | median people until rolled back | plain z-test would have |",
        "|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        took = f"{one.median_people:,.0f}" if one.median_people else "–"
        shares = (one.share(State.ROLLED_BACK), one.share(State.HELD), one.share(State.DONE))
        cells = [one.case.label, *(f"{share:.1%}" for share in shares), took, f"{one.z_share:.1%}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
