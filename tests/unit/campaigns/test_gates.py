"""Gates: an invariant fails by one breach, a comparison by evidence that never lasts for nothing."""

from random import Random

import pytest

from campaigns.gates import GATES, Observed, Verdict, judge
from campaigns.gates.evidence import Marks, evidence, ratio
from campaigns.gates.finding import Finding
from campaigns.gates.observed import Breach, Kept, MetricMarks

COINS = (Marks(0.1, candidate=100, stable=900),)
QUIET = Observed(candidate=100, stable=900, coins=COINS, slow=(), late=())


def found(gate: str, observed: Observed) -> Finding:
    return next(finding for finding in judge(observed) if finding.gate == gate)


def seen(**said: object) -> Observed:
    values = {name: getattr(QUIET, name) for name in Observed.__dataclass_fields__}
    return Observed(**{**values, **said})  # type: ignore[arg-type]


def test_every_gate_has_a_name_of_its_own_and_asks_something() -> None:
    assert len({gate.key for gate in GATES}) == len(GATES)
    assert [gate.key for gate in GATES if not (gate.label and gate.asks.endswith("?"))] == []
    assert sum(gate.alpha for gate in GATES) <= 0.05, "together they roll back what is good in one of twenty at most"


def test_where_nothing_happened_everything_passes_or_waits() -> None:
    assert {finding.verdict for finding in judge(QUIET)} == {Verdict.PASS, Verdict.WAITING}
    assert {finding.verdict for finding in judge(Observed())} == {Verdict.WAITING}


@pytest.mark.parametrize(
    ("gate", "name"),
    [
        ("duplicates", "duplicates"),
        ("consent", "without_consent"),
        ("stages", "odd_stages"),
        ("foresight", "unforeseen"),
    ],
)
def test_one_breach_is_one_too_many(gate: str, name: str) -> None:
    breach = Breach(7, "contact 7 got it twice")
    finding = found(gate, seen(**{name: (breach,)}))
    assert (finding.verdict, finding.subjects, finding.on_fail) == (Verdict.FAIL, (7,), "roll_back")
    assert finding.says == breach.says


@pytest.mark.parametrize(
    ("kept", "writers", "verdict"),
    [
        (Kept("crm", "name", 0, 900), {"crm": (40, 900)}, Verdict.FAIL),
        (Kept("crm", "name", 39, 900), {"crm": (40, 900)}, Verdict.FAIL),
        (Kept("crm", "name", 40, 900), {"crm": (40, 900)}, Verdict.PASS),
        (Kept("crm", "name", 0, 600), {"crm": (40, 900)}, Verdict.PASS),
        (Kept("crm", "name", 0, 19), {"crm": (40, 19)}, Verdict.PASS),
        (Kept("crm", "name", 0, 900), {"crm": (0, 900)}, Verdict.WAITING),
    ],
)
def test_field_that_is_always_there_may_not_go_missing(
    kept: Kept, writers: dict[str, tuple[int, int]], verdict: Verdict
) -> None:
    assert found("fields", seen(fields=(kept,), writers=writers)).verdict == verdict


@pytest.mark.parametrize(
    ("gate", "name", "candidate", "stable", "verdict"),
    [
        ("errors", "errors", 12, 20, Verdict.FAIL),
        ("errors", "errors", 3, 27, Verdict.PASS),
        ("errors", "errors", 6, 10, Verdict.INCONCLUSIVE),
        ("errors", "errors", 0, 90, Verdict.PASS),
        ("complaints", "complaints", 12, 20, Verdict.FAIL),
        ("conversions", "conversions", 0, 120, Verdict.FAIL),
        ("conversions", "conversions", 40, 120, Verdict.PASS),
        ("duration", "slow", 30, 60, Verdict.FAIL),
        ("criteria", "late", 30, 60, Verdict.FAIL),
        ("criteria", "late", 6, 54, Verdict.PASS),
    ],
)
def test_comparison_fails_pass_or_doubts(gate: str, name: str, candidate: int, stable: int, verdict: Verdict) -> None:
    finding = found(gate, seen(**{name: (Marks(0.1, candidate, stable),)}))
    assert finding.verdict == verdict, finding
    assert finding.count == 100


def test_loaded_coin_holds_and_rolls_nothing_back() -> None:
    finding = found("sample_ratio", seen(coins=(Marks(0.1, candidate=170, stable=830),)))
    assert (finding.verdict, finding.on_fail) == (Verdict.FAIL, "hold")


def test_without_a_stable_version_nothing_is_compared() -> None:
    assert found("errors", seen(has_stable=False, errors=(Marks(0.1, 50, 0),))).verdict == Verdict.WAITING


def test_finding_is_kept_as_it_was_found() -> None:
    for finding in judge(seen(errors=(Marks(0.1, 6, 10),))):
        assert Finding.of(finding.plain) == finding


def test_mixture_is_a_martingale() -> None:
    """Of one more mark, by the coin of the arms, the mean of what the evidence becomes is what it is."""
    for worse in (1, -1, 0):
        for share in (0.05, 0.5):
            before = evidence([Marks(share, 4, 30)], worse=worse)
            candidate, stable = (evidence([Marks(share, 4 + c, 31 - c)], worse=worse) for c in (1, 0))
            assert share * candidate + (1 - share) * stable == pytest.approx(before)


def test_evidence_adds_up_over_shares() -> None:
    apart = [Marks(0.05, 3, 20), Marks(0.25, 14, 20)]
    assert evidence(apart, worse=1) > evidence(apart[:1], worse=1)
    best, low, high = ratio(apart, needed=50)
    assert low < best < high


def test_what_is_looked_at_for_ever_is_seldom_believed() -> None:
    """A thousand marks looked at one by one, 300 times over, at one in twenty: 15 by chance, and four times the
    standard deviation of 3.8 above that.
    """
    dice, believed = Random(7), 0
    for _ in range(300):
        candidate = 0
        for number in range(1, 1_001):
            candidate += dice.random() < 0.1
            if number % 5 == 0 and evidence([Marks(0.1, candidate, number - candidate)], worse=1) >= 20:
                believed += 1
                break
    assert believed <= 15 + 15


def metric(candidate: int, stable: int, *, worse: int = -1, problem: str = "", moved: bool = False) -> MetricMarks:
    return MetricMarks("sales", 3, (Marks(0.1, candidate, stable),), worse, problem, moved)


@pytest.mark.requirement("F9")
@pytest.mark.parametrize(
    ("metrics", "verdict", "says"),
    [
        ((), Verdict.WAITING, "no success criterion names a metric"),
        ((metric(30, 270),), Verdict.PASS, "counted by sales, version 3: 30 of 100 with the candidate, 270 of 900"),
        ((metric(0, 400),), Verdict.FAIL, "counted by sales"),
        ((metric(90, 90, worse=1),), Verdict.FAIL, "counted by sales"),
        ((metric(90, 90),), Verdict.PASS, "counted by sales"),
        ((metric(30, 270), metric(0, 400)), Verdict.FAIL, "0 of 100"),
        ((metric(0, 400, problem="it has not been counted yet"),), Verdict.WAITING, "not been counted yet"),
        ((metric(0, 400, problem="it was changed", moved=True),), Verdict.INCONCLUSIVE, "it was changed"),
    ],
)
def test_metrics_of_criteria_are_compared_the_way_that_their_criterion_says_is_worse(
    metrics: tuple[MetricMarks, ...], verdict: Verdict, says: str
) -> None:
    finding = found("metrics", seen(metrics=metrics))
    assert (finding.verdict, says in finding.says) == (verdict, True)


def test_gate_shares_what_may_fail_for_nothing_among_its_metrics() -> None:
    """Half of it each: what fails one alone needs twice the evidence where there are two."""
    assert found("metrics", seen(metrics=(metric(30, 270),) * 2)).limit == 2 / 0.00125


@pytest.mark.parametrize("gate", ["consent", "stages", "complaints"])
def test_gates_about_contacts_have_nothing_to_say_where_items_go_through(gate: str) -> None:
    breach = Breach(7, "contact 7 got it")
    finding = found(gate, seen(subject="content", without_consent=(breach,), odd_stages=(breach,)))
    assert (finding.verdict, "the workflow is about content items" in finding.says) == (Verdict.WAITING, True)


def test_workspace_meets_one_version_so_that_nothing_can_be_compared() -> None:
    finding = found("errors", seen(subject="workspace", coins=(Marks(0.5, candidate=1, stable=0),)))
    assert (finding.verdict, "there is one workspace" in finding.says) == (Verdict.WAITING, True)
