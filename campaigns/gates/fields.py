"""What every record of the stable version carries, every record of the candidate carries too (requirement H7)."""

from .finding import Finding
from .gate import Gate, invariant
from .observed import Breach, Kept, Observed

#: The stable version fills a field in always if it did in this share of its runs, of at least so many.
ALWAYS, AT_LEAST = 0.99, 20


def judge(gate: Gate, observed: Observed) -> Finding:
    lacking = [breach for kept in observed.fields if (breach := _breach(kept, observed))]
    written = sum(candidate for candidate, _ in observed.writers.values())
    return invariant(gate, lacking, count=written, none="every record is as complete as before")


def _breach(kept: Kept, observed: Observed) -> Breach | None:
    """Its subject is no one contact: the field is gone for all of whom the candidate wrote."""
    candidate, stable = observed.writers.get(kept.system, (0, 0))
    if stable < AT_LEAST or kept.stable < ALWAYS * stable or not candidate:
        return None
    lacks = candidate - kept.candidate
    if lacks <= (1 - ALWAYS) * candidate:
        return None
    return Breach(0, f"{kept.field} is missing in {lacks} of {candidate} records that it wrote to {kept.system}")


GATE = Gate("fields", "Required fields", "Does a record lack what every record of the stable version has?", judge)
