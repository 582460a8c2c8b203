"""What a gate found, and how it says so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Inconclusive: it looks bad and is not shown to be; nothing promotes by itself meanwhile."""

    PASS = "pass"  # noqa: S105  no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    #: There is nothing to judge yet, or nothing to compare with.
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Finding:
    """One gate's answer at one look."""

    gate: str
    verdict: Verdict
    says: str
    #: Of an invariant, how many breaches, and 0; of a comparison, evidence that it is worse, and how much it takes.
    value: float | None = None
    limit: float | None = None
    #: How many of the candidate's people it rests on.
    count: int = 0
    #: How many of each arm's people it happened to, between 0 and 1, where that is what was asked.
    candidate_rate: float | None = None
    stable_rate: float | None = None
    #: What to do if it fails: "roll_back" or "hold".
    on_fail: str = "roll_back"
    #: Contacts to look at.
    subjects: tuple[int, ...] = ()

    @property
    def plain(self) -> dict[str, Any]:
        """As the log keeps it."""
        return {**asdict(self), "verdict": self.verdict.value, "subjects": list(self.subjects)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Finding":
        """As `plain` wrote it."""
        return cls(**{**plain, "verdict": Verdict(plain["verdict"]), "subjects": tuple(plain["subjects"])})
