"""Everything that checks look at, as plain data of one instant; `documents` makes it of workspace files."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from workflows.engine.authority import Authority
from workflows.engine.conditions import FieldType
from workflows.engine.metrics import Definition
from workflows.engine.ownership import Duty
from workflows.engine.references import Path, Reference
from workflows.engine.spec import Spec, Step

from .deeds import written
from .finding import Place

T = TypeVar("T")

#: A definition that automation above low risk may rest on (requirement I3).
STABLE = ("agreed", "frozen")


@dataclass(frozen=True, slots=True)
class System:
    """A tool, what kind it is, and whether anything is ever sent there."""

    key: str
    name: str
    kind: str
    owner: str
    connector: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute of a contact with its type, its authority and its status."""

    key: str
    type: FieldType
    authority: Authority
    status: str = "agreed"


@dataclass(frozen=True, slots=True)
class Stage:
    """A lifecycle stage and its place in the order."""

    key: str
    owner: str
    position: int
    status: str = "agreed"


@dataclass(frozen=True, slots=True)
class EventType:
    """A row of the event catalog, and its former names."""

    name: str
    owner: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    stage_effect: str = ""
    status: str = "agreed"
    aliases: tuple[str, ...] = ()

    @property
    def properties(self) -> Mapping[str, Any]:
        """JSON Schemas by name; empty where the event lists none."""
        found = self.schema.get("properties")
        return found if isinstance(found, Mapping) else {}

    @property
    def is_closed(self) -> bool:
        """Are properties that it does not list faults?"""
        return bool(self.properties) and self.status in STABLE and self.schema.get("additionalProperties") is not True


@dataclass(frozen=True, slots=True)
class Segment:
    """A documented group of contacts."""

    key: str
    owner: str
    when: Mapping[str, Any]
    status: str = "agreed"


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Rows from one system's fields to another's."""

    key: str
    owner: str
    rows: tuple[Mapping[str, Any], ...]
    status: str = "agreed"


@dataclass(frozen=True, slots=True)
class Template:
    """A message: its channel, the contact's fields that it uses, and those of them that it cannot do without."""

    key: str
    owner: str
    channel: str
    used: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    status: str = "agreed"


@dataclass(frozen=True, slots=True)
class Convention:
    """How one kind of name is made."""

    key: str
    subject: str
    owner: str
    parts: tuple[Mapping[str, Any], ...]
    separator: str = "_"
    status: str = "agreed"


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that is defined, and what of it can be counted: None where its formula cannot be read."""

    key: str
    owner: str
    definition: Definition | None
    status: str = "agreed"


@dataclass(frozen=True, slots=True)
class Workflow:
    """One version of a workflow, as far as it can be read."""

    key: str
    name: str
    owner: str
    #: "live", "draft", "frozen" (neither live nor draft) or "map".
    state: str
    spec: Spec
    #: The workflow's file, as data.
    document: Mapping[str, Any] = field(default_factory=dict)
    #: Everything that the file names.
    references: tuple[Reference, ...] = ()
    #: What the file has wrong: (path, what is wrong).
    problems: tuple[tuple[str, str], ...] = ()
    version: int = 0
    #: Findings that its author lets stand.
    ignored: tuple["Ignored", ...] = ()

    @property
    def documented(self) -> bool:
        """A map of how things are, which nothing runs by."""
        return self.spec.map_only

    @property
    def begun_by(self) -> tuple[str, ...]:
        """Names of the events that can begin a run, internal ones included."""
        return self.spec.trigger.names if self.spec.trigger else ()

    def step_at(self, path: Path) -> Step | None:
        """The step that a place in the file belongs to."""
        number = path[1] if len(path) > 1 and path[0] == "steps" else None
        return self.spec.steps[number] if isinstance(number, int) and number < len(self.spec.steps) else None

    def split(self, path: str) -> tuple[Step | None, str]:
        """A place in the file, `steps[2].when`, as its step and the rest; None and all of it for another place."""
        number = path.partition("steps[")[2].partition("]")[0] if path.startswith("steps[") else ""
        if not number.isdigit() or int(number) >= len(self.spec.steps):
            return None, path
        return self.spec.steps[int(number)], path.partition("]")[2].removeprefix(".")

    def acts(self) -> Iterator[Step]:
        """The steps that do something."""
        return (step for step in self.spec.steps if step.kind == "act")

    def writes(self, step: Step) -> tuple[str, ...]:
        """Fields of the contact that the step writes; those of content items are not in the field catalog."""
        return () if self.spec.subject == "content" else written(step)

    def is_beside(self, other: "Workflow") -> bool:
        """Do both work at the same time? A draft is not beside its own live version, nor what is neither."""
        return (
            other.key != self.key and other.documented == self.documented and "frozen" not in (self.state, other.state)
        )

    def owner_of(self, step: Step) -> str:
        """The team to call about a step: its own, or else the workflow's."""
        return step.owner or self.spec.owner or self.owner


@dataclass(frozen=True, slots=True)
class Ignored:
    """A finding that may stand, and why."""

    code: str
    because: str
    #: Key of the step; empty for every place in the workflow.
    step: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """All definitions and all workflow versions that matter now."""

    systems: Mapping[str, System] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    stages: Mapping[str, Stage] = field(default_factory=dict)
    events: Mapping[str, EventType] = field(default_factory=dict)
    segments: Mapping[str, Segment] = field(default_factory=dict)
    mappings: Mapping[str, FieldMap] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict)
    #: Keys of content blocks.
    blocks: frozenset[str] = frozenset()
    conventions: Mapping[str, Convention] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    #: Names of teams by key.
    teams: Mapping[str, str] = field(default_factory=dict)
    duties: tuple[Duty, ...] = ()
    #: A workflow with a live version and a draft is here twice.
    workflows: tuple[Workflow, ...] = ()
    #: What `once` has worked out; a workspace never changes, and one made from it begins anew.
    _known: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, work: Callable[["Workspace"], T]) -> T:
        """The answer of `work` for this workspace, worked out when it is first asked for."""
        if work not in self._known:
            self._known[work] = work(self)
        answer: T = self._known[work]
        return answer

    @property
    def segment_rules(self) -> Mapping[str, Mapping[str, Any]]:
        """What each segment asks for, by its key."""
        return self.once(_segment_rules)

    def system_name(self, key: str | None) -> str:
        """As people call it; one that is not in the catalog as it is written."""
        found = self.systems.get(key or "")
        return found.name if found and found.name else key or "no system"

    def place_name(self, place: Place) -> str:
        """The step and its workflow, as people call them."""
        found = next((one for one in self.workflows if one.key == place.workflow), None)
        at = found.spec.positions.get(place.step) if found else None
        if found is None:
            return place.workflow
        return f"{found.spec.steps[at].name} in {found.name}" if at is not None else found.name

    def team_name(self, key: str) -> str:
        """As people call it."""
        return self.teams.get(key) or key

    def owner_of_field(self, name: str) -> str:
        """Which team answers for it; empty where the catalog does not know it."""
        found = self.fields.get(name)
        return found.authority.owner if found else ""

    def event(self, name: str) -> EventType | None:
        """By its name or a former one."""
        return self.events.get(name) or next((row for row in self.events.values() if name in row.aliases), None)

    def beside(self, workflow: Workflow) -> Iterator[Workflow]:
        """Other workflows that work at the same time: maps beside maps, what runs beside what runs or is drafted."""
        return (other for other in self.workflows if workflow.is_beside(other))


def _segment_rules(workspace: Workspace) -> Mapping[str, Mapping[str, Any]]:
    return {key: segment.when for key, segment in workspace.segments.items()}
