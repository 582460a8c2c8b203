"""What a replay adds up to: effects by what became of them, differences by the rule that caused them, exceptions.

>>> one, other = Tally(), Tally()
>>> because = Cause("nurture", "welcome", "guard", "consent")
>>> one.differs(because, "removed"); other.differs(because, "removed"); other.counts["same"] += 5
>>> total = Tally.read(one.plain).add(other)
>>> total.groups[because], total.counts["same"], total.differences
({'removed': 2}, 5, 2)
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Literal

from martechops.lib.frozen import dataclass

Side = Literal["live", "candidate", "recorded"]
#: Nobody gets it now who would not have; somebody would not any more; it would be another.
VERDICTS = ("added", "removed", "changed")
#: What a cause may be about.
PARTS: Mapping[str, str] = {
    "entry": "who enters",
    "rule": "the rule",
    "guard": "a guard",
    "way": "the way it goes on",
    "wait": "how long it waits",
    "step": "the step itself",
    "content": "what it does",
    "sending": "a guard, asked again as it is done",
}
#: Why something could not be played as it happened.
EXCEPTIONS: Mapping[str, str] = {
    "not played": "It happened, and does not when it is played.",
    "not recorded": "It happens when it is played, and did not.",
    "otherwise": "It happened otherwise than it is played.",
    "before it went live": "It happens when it is played, and the workflow was not live yet.",
    "of another version": "It was decided by a version that is no longer live.",
    "whose turn": "Whose turn it was depends on other contacts, and contacts are played one by one.",
    "of no contact": "It is about a content item or the workspace, and contacts alone are played.",
    "merged": "The contact was merged meanwhile: what was known of each of the two is gone.",
    "refused today": "The event catalog refuses today what it took then.",
    "unanswered": "Somebody answered a run that is not there when it is played.",
    "place unknown": "A run was on its way when the window began, and where it stood was not kept.",
    "no longer kept": "An event of which the body was removed, by the policy of how long it is kept.",
    "endless": "Played, workflows set each other off in a circle.",
    "definition changed": "It is played with the definition as it is now.",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """The rule that decided otherwise: of which workflow and step, which of `PARTS`, and which one of those."""

    workflow: str
    step: str
    part: str
    #: Name of the guard; how the way differs.
    detail: str = ""

    @property
    def name(self) -> str:
        """
        >>> Cause.named(Cause("nurture", "welcome", "guard", "consent").name).detail
        'consent'
        """
        return "/".join((self.workflow, self.step, self.part, self.detail))

    @classmethod
    def named(cls, name: str) -> "Cause":
        return cls(*name.split("/", 3))


@dataclass(frozen=True, slots=True)
class EffectCount:
    """What effects are counted by."""

    side: Side
    workflow: str
    step: str
    kind: str
    #: done, withheld, held, or cancelled.
    state: str
    #: Of one that was withheld: the guards that said no, or what else stood against it.
    reason: str = ""


@dataclass(slots=True)
class Tally:
    """Counts of one part of a replay, or of all."""

    #: events, contacts, same (effects alike on both sides), recorded (the ledger's), reproduced.
    counts: Counter[str] = field(default_factory=Counter)
    groups: dict[Cause, dict[str, int]] = field(default_factory=dict)
    effects: Counter[EffectCount] = field(default_factory=Counter)
    #: Runs that came to a step: (side, workflow, step).
    reached: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    #: Runs that began: (side, workflow).
    entries: Counter[tuple[str, str]] = field(default_factory=Counter)
    exceptions: Counter[str] = field(default_factory=Counter)

    @property
    def differences(self) -> int:
        return sum(sum(verdicts.values()) for verdicts in self.groups.values())

    def total(self, verdict: str) -> int:
        return sum(verdicts.get(verdict, 0) for verdicts in self.groups.values())

    @property
    def fidelity(self) -> float | None:
        """The share of the ledger's effects that live, played, comes to as well; None: there were none.

        Effects that are played and were never recorded count against it like those that are recorded and not played.
        """
        extra = self.exceptions["not recorded"]
        asked = self.counts["recorded"] + extra
        return self.counts["reproduced"] / asked if asked else None

    def differs(self, cause: Cause, verdict: str) -> None:
        verdicts = self.groups.setdefault(cause, {})
        verdicts[verdict] = verdicts.get(verdict, 0) + 1

    def add(self, other: "Tally") -> "Tally":
        """Itself, with the other's counts."""
        self.counts += other.counts
        self.effects += other.effects
        self.reached += other.reached
        self.entries += other.entries
        self.exceptions += other.exceptions
        for cause, verdicts in other.groups.items():
            for verdict, count in verdicts.items():
                mine = self.groups.setdefault(cause, {})
                mine[verdict] = mine.get(verdict, 0) + count
        return self

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "counts": dict(self.counts),
            "groups": [[cause.name, verdicts] for cause, verdicts in self.groups.items()],
            "effects": [
                [one.side, one.workflow, one.step, one.kind, one.state, one.reason, count]
                for one, count in self.effects.items()
            ],
            "reached": [[*key, count] for key, count in self.reached.items()],
            "entries": [[*key, count] for key, count in self.entries.items()],
            "exceptions": dict(self.exceptions),
        }

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> "Tally":
        """From what `plain` says."""
        return cls(
            counts=Counter(plain["counts"]),
            groups={Cause.named(name): dict(verdicts) for name, verdicts in plain["groups"]},
            effects=Counter({EffectCount(*row[:6]): row[6] for row in plain["effects"]}),
            reached=Counter({(side, workflow, step): count for side, workflow, step, count in plain["reached"]}),
            entries=Counter({(side, workflow): count for side, workflow, count in plain["entries"]}),
            exceptions=Counter(plain["exceptions"]),
        )


@dataclass(frozen=True, slots=True)
class StepForecast:
    """What one step of a candidate is expected to do, by one kind of effect."""

    step: str
    kind: str
    #: Effects that would have been done, held for a person, and withheld, the last by reason: the names of the guards
    #: that said no, joined by " and ", or what else stood against it.
    done: int
    held: int
    withheld: Mapping[str, int]
    #: Runs that entered: what the rates are of.
    entries: int

    @property
    def rate(self) -> float:
        """Effects done for each entry; held ones count, for they are one click away.

        >>> StepForecast("welcome", "send_message", done=60, held=0, withheld={"consent": 20}, entries=100).rate
        0.6
        """
        return (self.done + self.held) / self.entries if self.entries else 0.0

    def withheld_share(self, reason: str = "") -> float:
        """Of all that the step decided, how much is withheld, for any reason or for one.

        >>> StepForecast("welcome", "send_message", 60, 0, {"consent": 20}, 100).withheld_share("consent")
        0.25
        """
        withheld = self.withheld.get(reason, 0) if reason else sum(self.withheld.values())
        decided = self.done + self.held + sum(self.withheld.values())
        return withheld / decided if decided else 0.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a candidate would have done with the recorded past: what is foreseen of it.

    Of one workflow alone, for the digest of the content that was played. A step and kind that are not in `steps` did
    nothing in the whole window: an effect of them is one that the replay did not foresee. With `entries` 0 nobody
    would have entered, and nothing is foreseen at all; whoever asks decides what that is worth.
    """

    replay_id: int
    workflow: str
    digest: str
    since: datetime
    until: datetime
    entries: int
    steps: Sequence[StepForecast]

    def of(self, step: str, kind: str) -> StepForecast | None:
        return next((one for one in self.steps if (one.step, one.kind) == (step, kind)), None)

    def foresees(self, step: str, kind: str) -> bool:
        """It did so at least once, or would have but for a person who has to let it go."""
        found = self.of(step, kind)
        return found is not None and found.done + found.held > 0

    @property
    def entries_per_day(self) -> float:
        return self.entries / self.days

    @property
    def days(self) -> float:
        """How many the window spans; what is less counts as one, for hours say nothing of days."""
        return max((self.until - self.since).total_seconds() / 86_400, 1.0)


def forecasts(tally: Tally, workflow: str, *, side: Side = "candidate") -> tuple[StepForecast, ...]:
    """Of each step and kind of effect of a workflow, in the order in which they were counted."""
    entries = tally.entries[side, workflow]
    return tuple(_forecasts(tally, workflow, side, entries))


def _forecasts(tally: Tally, workflow: str, side: Side, entries: int) -> Iterator[StepForecast]:
    found: dict[tuple[str, str], list[tuple[EffectCount, int]]] = {}
    for one, count in tally.effects.items():
        if (one.side, one.workflow) == (side, workflow):
            found.setdefault((one.step, one.kind), []).append((one, count))
    for (step, kind), counts in found.items():
        done, held = (sum(count for one, count in counts if one.state == state) for state in ("done", "held"))
        withheld: dict[str, int] = {}
        for one, count in counts:
            if one.state == "withheld":
                withheld[one.reason] = withheld.get(one.reason, 0) + count
        yield StepForecast(step, kind, done, held, withheld, entries)
