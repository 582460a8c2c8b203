"""The guide's own checklist as a score of eight (requirements J1 to J8): what holds, why not, and what to do next."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .finding import Finding
from .workspace import STABLE, Workflow, Workspace


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record about a workflow besides its content."""

    #: Versions that are frozen.
    versions: int = 0
    is_live: bool = False
    #: It was tested as it is: scenarios passed, or a part of the people came first.
    is_tested: bool = False
    #: The playbook that it was made from.
    playbook: str = ""
    #: Playbooks that there are for workflows of its type.
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist."""

    #: "J1" to "J8".
    key: str
    title: str
    holds: bool
    #: Why it holds, or each thing that stands against it.
    reasons: tuple[str, ...]
    #: What to do next; empty where it holds.
    next_action: str = ""
    #: Key of the team to call.
    team: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far a workflow is on the guide's checklist."""

    workflow: str
    items: tuple[Item, ...]

    @property
    def score(self) -> int:
        """0 to 8."""
        return sum(item.holds for item in self.items)

    @property
    def next(self) -> Item | None:
        """The first thing that is missing."""
        return next((item for item in self.items if not item.holds), None)


#: (reason, what to do, team)
Against = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Line:
    key: str
    title: str
    #: Why it holds, where it does.
    because: str
    #: A finding with one of these codes stands against it.
    codes: tuple[str, ...]
    #: What else may.
    more: Callable[[Workflow, Workspace, Record], Iterable[Against]] | None = None


def readiness(workflow: Workflow, workspace: Workspace, *, findings: Sequence[Finding], record: Record) -> Readiness:
    """By the open findings of the workflow, its definitions and its record."""
    mine = [one for one in findings if one.concerns(workflow.key) and not one.ignored_because]
    return Readiness(workflow.key, tuple(_item(line, workflow, workspace, mine, record) for line in _LINES))


def _item(line: _Line, workflow: Workflow, workspace: Workspace, findings: Sequence[Finding], record: Record) -> Item:
    against: list[Against] = [(one.says, one.fix, one.team) for one in findings if one.code in line.codes]
    against += line.more(workflow, workspace, record) if line.more else ()
    if not against:
        return Item(line.key, line.title, True, (line.because,))
    reasons = tuple(dict.fromkeys(reason for reason, _, _ in against))
    return Item(line.key, line.title, False, reasons, next_action=against[0][1], team=against[0][2])


def _from_a_pattern(workflow: Workflow, _workspace: Workspace, record: Record) -> Iterable[Against]:
    if record.patterns and not record.playbook:
        says = f"There is a playbook for it ({', '.join(record.patterns)}), and it was made from nothing"
        yield says, "Make it from the playbook, or note there why it differs", workflow.owner


def _versioned_and_tested(workflow: Workflow, _workspace: Workspace, record: Record) -> Iterable[Against]:
    if not record.versions:
        yield "No version is frozen yet", "Freeze a version", workflow.owner
    elif not record.is_tested:
        fix = "Run its scenarios, or roll it out to a small segment first"
        yield "No test of this version is on record", fix, workflow.owner


def _documented(workflow: Workflow, workspace: Workspace, _record: Record) -> Iterable[Against]:
    for step in workflow.acts():
        mapping = workspace.mappings.get(str(step.arguments.get("mapping")))
        if mapping and mapping.status not in STABLE:
            yield f"Mapping {mapping.key} is still a draft", f"Agree to mapping {mapping.key}", mapping.owner
    for name in workflow.spec.trigger.names if workflow.spec.trigger else ():
        event = workspace.event(name)
        if event and not event.properties:
            yield f"{event.name} lists no properties", f"Write the schema of {event.name}", event.owner


_LINES = (
    _Line(
        "J1",
        "Every step is mapped",
        "Each step says its trigger, system, rule, action, owner and output",
        ("LNT001", "MAP001", "MAP002", "MAP004", "OWN001", "OWN002"),
    ),
    _Line(
        "J2",
        "Systems of record are chosen",
        "Each field is written in one place, by the stage that may",
        ("DAT001", "DAT002", "DAT003", "DAT004", "DAT006", "IDN002"),
    ),
    _Line(
        "J3",
        "Identifiers are standard",
        "Keys and campaign names are there and are called what they are called everywhere",
        ("IDN003", "IDN004", "NAM002"),
    ),
    _Line(
        "J4",
        "Guardrails for missing fields, consent and duplicates",
        "Each send asks for its fields and for consent, and high risk is agreed to",
        ("GRD001", "GRD002", "GRD003", "GRD004", "GRD005", "GRD006", "GRD007", "RUN005"),
    ),
    _Line(
        "J5",
        "Repeating it does no harm",
        "Records are looked for before they are made, and each effect has a key of its own",
        ("IDN001", "RUN003", "RUN005", "RUN006"),
    ),
    _Line(
        "J6",
        "Made from a template where a pattern exists",
        "Its messages and mappings are shared definitions, and no playbook for it was passed over",
        ("REF003",),
        _from_a_pattern,
    ),
    _Line(
        "J7",
        "Versioned and tested before the full switch",
        "The version is frozen, and a test of it is on record",
        (),
        _versioned_and_tested,
    ),
    _Line(
        "J8",
        "Event names, properties and mappings are documented",
        "All that it names is in the catalog with its properties, and agreed to",
        ("REF001", "REF002", "REF004", "REF005", "NAM001", "DAT005"),
        _documented,
    ),
)
