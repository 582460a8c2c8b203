"""A workflow version as data: what `parse` makes of a workflow file and `compile` makes executable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .conditions import Condition
from .durations import Duration

STAGES = ("capture", "enrich", "engage", "measure")
TYPES = ("routing", "nurture", "content", "quality", "reporting")
RISKS = ("low", "medium", "high")
END = "end"


@dataclass(frozen=True, slots=True)
class Action:
    """One row of what a step can do."""

    #: Keys of `with`: True where it must be there.
    arguments: Mapping[str, bool]
    #: What the step answers for at least, whatever its author says (requirement D1).
    risk: str
    #: Does it reach a far side, and so need a system?
    outbound: bool


ACTIONS: dict[str, Action] = {
    "upsert_record": Action({"mapping": True}, risk="low", outbound=True),
    "set_field": Action({"field": True, "value": True}, risk="low", outbound=False),
    "set_stage": Action({"stage": True, "backwards": False}, risk="medium", outbound=True),
    "send_message": Action({"template": True}, risk="medium", outbound=True),
    "create_task": Action({"queue": True, "title": True, "due": False}, risk="high", outbound=True),
    "record_conversion": Action({"name": True}, risk="low", outbound=False),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many messages on the step's channel to one contact in a span, over all workflows."""

    at_most: int
    per: Duration


@dataclass(frozen=True, slots=True)
class Guards:
    """What must hold before the step acts: asked when it is decided and again when the effect is reserved."""

    #: Dotted paths that must have a value, such as `contact.email`.
    require: tuple[str, ...] = ()
    #: The channel that the contact must have agreed to.
    consent: str | None = None
    #: "contact": once per contact and step for ever, whatever the entry.
    once_per: str | None = None
    limit: Limit | None = None

    def __bool__(self) -> bool:
        return bool(self.require or self.consent or self.once_per or self.limit)


@dataclass(frozen=True, slots=True)
class Wait:
    """Until a span is over, or until an event of the contact if that is sooner."""

    span: Duration
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """One way on; without a rule it is the way for everyone else."""

    go: str
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step, with the six fields that requirement B3 asks for: trigger, system, rule, action, owner, output."""

    key: str
    name: str
    #: "act", "wait", "choose" or "stop".
    kind: str
    stage: str | None = None
    trigger: str = ""
    system: str | None = None
    when: Condition | None = None
    action: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    owner: str = ""
    output: str = ""
    guards: Guards = field(default_factory=Guards)
    #: Raised by hand; the floor is the action's own.
    risk: str | None = None
    expected: Duration | None = None
    wait: Wait | None = None
    branches: tuple[Branch, ...] = ()
    #: Why a run ends here, for a stop.
    reason: str = ""
    #: Steps it follows on a map that is not run; None where that is simply the one before.
    after: tuple[str, ...] | None = None

    @property
    def computed_risk(self) -> str:
        """The action's own risk, or a higher one that the author asked for."""
        floor = ACTIONS[self.action].risk if self.action in ACTIONS else "low"
        return max(floor, self.risk or "low", key=RISKS.index)


@dataclass(frozen=True, slots=True)
class Trigger:
    """The events that may begin a run, each by itself."""

    events: tuple[str, ...]
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """When the same contact may enter once more (requirement D7)."""

    after: Duration | None = None
    at_most: int | None = None
    overlapping: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may enter, and how often; without `again`, once for ever."""

    when: Condition | None = None
    again: Again | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """What "done" means, so that it can be measured (requirement B7)."""

    says: str
    measure: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole version."""

    key: str
    name: str
    type: str
    owner: str
    steps: tuple[Step, ...]
    trigger: Trigger | None
    entry: Entry
    success: tuple[Criterion, ...] = ()
    map_only: bool = False
    #: For a map of the current state: the workflow that is to take its place.
    target: str | None = None

    def step(self, key: str) -> Step:
        """Raises KeyError."""
        for step in self.steps:
            if step.key == key:
                return step
        raise KeyError(key)

    @property
    def risk(self) -> str:
        """The highest of its steps."""
        return max((step.computed_risk for step in self.steps), key=RISKS.index, default="low")
