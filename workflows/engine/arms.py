"""Two versions of one workflow side by side: who gets which, the same for ever.

>>> first, wider = bucket("welcome r3", "contact:7"), bucket("welcome r3", "contact:7")
>>> first == wider
True
>>> bucket("welcome r4", "contact:7") == first
False

A subject falls into one of `BUCKETS` by a hash of the release line and its own name, and is in the candidate's arm if
its bucket lies below the share: a wider share takes in everybody that a narrower one did. Another release line shuffles
anew, so that the same people are not the first to meet every mistake.
"""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from martechops.lib.frozen import dataclass

from .conditions import Condition, ConditionError

#: Hundredths of a percent.
BUCKETS = 10_000


class Arm(StrEnum):
    """Which of the two versions."""

    STABLE = "stable"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Split:
    """A candidate beside what is live for everybody, and for whom it is."""

    workflow_id: int
    rollout_id: int
    #: Of the candidate.
    activation_id: int
    version_id: int
    salt: str
    #: None where a segment says who.
    share_percent: int | None = None
    segment: Condition | None = None

    def arm_of(self, version_id: int) -> Arm:
        """Whose version that is."""
        return Arm.CANDIDATE if version_id == self.version_id else Arm.STABLE


def bucket(salt: str, subject: str) -> int:
    """From 0 to `BUCKETS` - 1. `subject` is `Snapshot.key`.

    64 bits of BLAKE2b: the remainder prefers no bucket by more than one part in 10^15.
    """
    digest = blake2b(subject.encode(), key=blake2b(salt.encode(), digest_size=32).digest(), digest_size=8).digest()
    return int.from_bytes(digest) % BUCKETS


def assign(split: Split, *, subject: str, facts: Mapping[str, Any]) -> Arm:
    """The arm of somebody who has none yet. A segment that cannot be asked takes in nobody."""
    if split.segment is not None:
        return Arm.CANDIDATE if _is_in(split.segment, facts) else Arm.STABLE
    inside = bucket(split.salt, subject) * 100 < (split.share_percent or 0) * BUCKETS
    return Arm.CANDIDATE if inside else Arm.STABLE


def _is_in(segment: Condition, facts: Mapping[str, Any]) -> bool:
    try:
        return segment.test(facts)
    except ConditionError:
        return False
