"""What a gate is, and the two kinds there are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .evidence import Marks, evidence, ratio
from .finding import Finding, Verdict
from .observed import Breach, Observed

#: So much evidence is a doubt: it falls away again, or grows; meanwhile nothing promotes.
DOUBT = 10.0
#: What goes through workflows that are not about contacts.
_GOING = {"content": "content items", "workspace": "the workspace itself"}
#: As many contacts are named.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Gate:
    """One row of `GATES`."""

    key: str
    label: str
    #: What it asks, for the page and the documentation.
    asks: str
    judge: Callable[["Gate", Observed], Finding]
    #: What to do if it fails: "roll_back" or "hold".
    on_fail: str = "roll_back"
    #: Of a statistic: how likely it may be at most that it ever fails where nothing is wrong; 0 for an invariant.
    alpha: float = 0.0
    #: Which way is bad: 1 for more marks with the candidate, -1 for fewer, 0 for either.
    worse: int = 1
    #: It asks about people, and has nothing to ask where a workflow is about content items or the workspace.
    of_contacts: bool = False

    def found(self, observed: Observed) -> Finding:
        """The answer to one look."""
        if self.of_contacts and observed.subject != "contact":
            says = (
                f"this asks about contacts, and the workflow is about {_GOING.get(observed.subject, observed.subject)}"
            )
            return Finding(self.key, Verdict.WAITING, says, on_fail=self.on_fail)
        return self.judge(self, observed)


def invariant(gate: Gate, breaches: Sequence[Breach], *, count: int, none: str) -> Finding:
    """One breach is one too many."""
    subjects = tuple(dict.fromkeys(breach.contact for breach in breaches if breach.contact))
    says = none
    if breaches:
        more = f", and {len(breaches) - 1} more" if len(breaches) > 1 else ""
        says = f"{breaches[0].says}{more}"
    return Finding(
        gate=gate.key,
        verdict=Verdict.FAIL if breaches else (Verdict.PASS if count else Verdict.WAITING),
        says=says,
        value=float(len(breaches)),
        limit=0.0,
        count=count,
        on_fail=gate.on_fail,
        subjects=subjects[:_NAMED],
    )


def compared(gate: Gate, marks: Sequence[Marks], observed: Observed, *, what: str) -> Finding:
    """Marks of the two arms, by evidence that holds however often it is looked at."""
    needed = 1 / gate.alpha
    met = sum(one.candidate for one in observed.coins), sum(one.stable for one in observed.coins)
    if not observed.has_stable or not all(met):
        says = "there is nothing to compare with yet" if observed.has_stable else "no other version was live"
        if observed.subject == "workspace":
            says = "there is one workspace, which meets one version: nothing can be compared"
        return Finding(gate.key, Verdict.WAITING, says, count=met[0], limit=needed, on_fail=gate.on_fail)
    grown = evidence(marks, worse=gate.worse)
    seen = sum(one.candidate for one in marks), sum(one.stable for one in marks)
    best, low, high = ratio(marks, needed=needed)
    says = f"{what}: {seen[0]} of {met[0]} with the candidate, {seen[1]} of {met[1]} with the stable version"
    if sum(seen):
        says += f"; {_figure(best)} times as often ({_figure(low)} to {'any' if high > 1_000 else _figure(high)})"
    return Finding(
        gate=gate.key,
        verdict=Verdict.FAIL if grown >= needed else Verdict.INCONCLUSIVE if grown >= DOUBT else Verdict.PASS,
        says=says,
        value=round(grown, 3),
        limit=needed,
        count=met[0],
        candidate_rate=seen[0] / met[0],
        stable_rate=seen[1] / met[1],
        on_fail=gate.on_fail,
    )


def _figure(ratio: float) -> str:
    """
    >>> _figure(0.00034), _figure(0.051), _figure(2.0), _figure(420.4)
    ('0.00', '0.05', '2', '420')
    """
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2f}" if ratio < 0.1 else f"{ratio:.2g}"
