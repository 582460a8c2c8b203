"""A workflow version as data: what `parse` makes of a workflow file, and `decide` walks through."""

from collections.abc import Mapping
from dataclasses import field
from datetime import time
from typing import Any

from martechops.lib.frozen import dataclass

from . import consents
from .action_kinds import ACTIONS as ACTIONS
from .action_kinds import RISKS as RISKS
from .action_kinds import SUBJECTS as SUBJECTS
from .action_kinds import least_risk
from .conditions import Condition
from .durations import Duration
from .triggers import Trigger as Trigger

STAGES = ("capture", "enrich", "engage", "measure")
TYPES = ("routing", "nurture", "content", "quality", "reporting")
#: Where data enters the workflow and where it leaves (requirement B2).
MARKS = ("enters", "leaves-to-sales", "leaves-to-reporting")
#: Which of two messages is held back when a cap has room for one: the type's, unless a workflow says its own.
PRIORITIES = {"routing": 80, "nurture": 50, "content": 40, "quality": 30, "reporting": 20}
END = "end"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in a span: messages on a channel to one contact, over all workflows; or effects of a workflow."""

    at_most: int
    per: Duration


@dataclass(frozen=True, slots=True)
class ConsentNeed:
    """What the contact must have agreed to: a channel, or a channel for a purpose."""

    channel: str
    purpose: str | None = None

    def __str__(self) -> str:
        return consents.words(self.channel, self.purpose)


@dataclass(frozen=True, slots=True)
class OncePer:
    """Once per contact for ever, or once in each span."""

    span: Duration | None = None

    def __str__(self) -> str:
        return f"contact in {self.span}" if self.span else "contact, for ever"


@dataclass(frozen=True, slots=True)
class Window:
    """When a message may arrive; outside it waits for the next opening. From later than to: over midnight."""

    #: Monday is 0.
    days: frozenset[int]
    opens: time
    closes: time
    #: An IANA zone, or "contact": the contact's own, or the workspace's where that is not known.
    timezone: str = "contact"


@dataclass(frozen=True, slots=True)
class Guards:
    """What must hold before the step acts: asked when it is decided and again when the effect is reserved."""

    #: Dotted paths that must have a value, such as `contact.email`.
    require: tuple[str, ...] = ()
    #: What must be valid besides being there: "email", "stage", "crm_id".
    valid: tuple[str, ...] = ()
    consent: ConsentNeed | None = None
    once_per: OncePer | None = None
    limit: Limit | None = None
    window: Window | None = None
    #: The team of which a person must let each effect go; "" for the step's owner.
    approval: str | None = None

    def __bool__(self) -> bool:
        return self != _NONE


_NONE = Guards()


@dataclass(frozen=True, slots=True)
class Wait:
    """Until a span is over, until an event of the contact if that is sooner, or until a date of the subject."""

    #: With a date: the longest; None then where the date alone decides.
    span: Duration | None = None
    event: str | None = None
    #: What the event must be like; asked with the facts at that moment.
    where: Condition | None = None
    #: Path of a date or instant of the subject.
    date: str | None = None
    #: So long before or after the date.
    shift: Duration | None = None
    before: bool = False

    def says(self) -> str:
        """What it waits for, as it follows "Wait"."""
        if self.date:
            moved = f"{self.shift} {'before' if self.before else 'after'} " if self.shift else ""
            return f"until {moved}{self.date}" + (f", at most {self.span}" if self.span else "")
        return f"{self.span}" + (f", or until {self.event}" if self.event else "")


@dataclass(frozen=True, slots=True)
class Branch:
    """One way on; without a rule it is the way for everyone else."""

    go: str
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """So many of a hundred subjects go this way, always the same ones."""

    percent: int
    go: str


@dataclass(frozen=True, slots=True)
class Approve:
    """A person of the team says yes, and the run goes on; on a no, or when the time is over, it goes elsewhere."""

    team: str
    within: Duration | None = None
    #: A later step, or `end`; None: the run stops there.
    otherwise: str | None = None
    #: What they are asked.
    question: str = ""


@dataclass(frozen=True, slots=True)
class Handoff:
    """Work passed from the step's owner to another team, with what they need to know and a deadline."""

    to: str
    #: Dotted paths whose values go with it.
    payload: tuple[str, ...] = ()
    within: Duration | None = None
    #: The run waits until somebody there has accepted it.
    accept: bool = False
    #: Where the run goes if it is refused or not accepted in time; None: it stops there.
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step, with the six fields that requirement B3 asks for: trigger, system, rule, action, owner, output."""

    key: str
    name: str
    #: "act", "wait", "choose", "split", "approve", "handoff" or "stop".
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
    #: Keys of the success criteria that it is there for (requirement B8).
    serves: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    note: str = ""
    wait: Wait | None = None
    branches: tuple[Branch, ...] = ()
    shares: tuple[Share, ...] = ()
    approve: Approve | None = None
    handoff: Handoff | None = None
    #: Why a run ends here, for a stop.
    reason: str = ""
    #: Steps it follows on a map that is not run; None where that is simply the one before.
    after: tuple[str, ...] | None = None

    @property
    def computed_risk(self) -> str:
        """The action's own risk, or a higher one that the author asked for (requirement D1)."""
        return max(least_risk(self.action, self.arguments), self.risk or "low", key=RISKS.index)

    @property
    def ways(self) -> tuple[str, ...]:
        """Keys of the steps (or `end`) that it names as ways on, besides simply going to the next."""
        named = [branch.go for branch in self.branches] + [share.go for share in self.shares]
        for part in (self.approve, self.handoff):
            if part and part.otherwise:
                named.append(part.otherwise)
        action = ACTIONS.get(self.action or "")
        if action and "else" in action.arguments and self.arguments.get("else"):
            named.append(str(self.arguments["else"]))
        return tuple(named)


@dataclass(frozen=True, slots=True)
class Again:
    """When the same subject may enter once more (requirement D7)."""

    after: Duration | None = None
    at_most: int | None = None
    #: Counts only entries of the last so long; without it, all there ever were.
    per: Duration | None = None
    overlapping: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may enter, and how often; without `again`, once for ever."""

    #: Paths besides the subject that make an entry another one, such as `event.properties.product`.
    key: tuple[str, ...] = ()
    when: Condition | None = None
    again: Again | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One end of a span that a criterion measures."""

    #: "entry", "event", "step" or "stage".
    kind: str
    #: The event's name, or the key of the step or stage; empty for the entry.
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class Criterion:
    """What "done" means, so that it can be measured (requirement B7): a span between two moments, or a metric."""

    says: str
    #: What steps name it by in `serves`; numbered `criterion-1` where its author gave none.
    key: str = ""
    begins: Moment | None = None
    ends: Moment | None = None
    within: Duration | None = None
    #: Of all that begin, the part that must end in time; all of them where nobody says.
    share: float | None = None
    metric: str = ""
    at_least: float | None = None
    at_most: float | None = None
    per: Duration | None = None

    @property
    def is_measurable(self) -> bool:
        """It says between which moments and within what, or which metric reaches what."""
        if self.metric:
            return self.at_least is not None or self.at_most is not None
        return bool(self.begins and self.ends and self.within)


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
    subject: str = "contact"
    description: str = ""
    #: 1 to 100; of two messages that a cap has room for one of, the higher goes.
    priority: int = 50
    #: Of all effects of the workflow together, whoever they are for.
    limits: Limit | None = None
    #: Keys of the teams that must agree to a version before it goes live.
    approvers: tuple[str, ...] = ()
    map_only: bool = False
    #: For a map of the current state: the workflow that is to take its place.
    target: str | None = None
    #: Key → position; of two steps with one key, the first.
    positions: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        positions: dict[str, int] = {}
        for i, step in enumerate(self.steps):
            positions.setdefault(step.key, i)
        object.__setattr__(self, "positions", positions)

    def step(self, key: str) -> Step:
        """Raises KeyError."""
        return self.steps[self.positions[key]]

    @property
    def risk(self) -> str:
        """The highest of its steps."""
        return max((step.computed_risk for step in self.steps), key=RISKS.index, default="low")
