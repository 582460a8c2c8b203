"""What the editor shows of a draft: the map, the same steps as a list, the open panel, and how it stands."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from workflows.engine import required_parts, typing_rules
from workflows.engine.parse import Attempt
from workflows.engine.spec import ACTIONS, Spec
from workflows.forms import step_form, workflow_form
from workflows.forms.condition_builder import Submitted, with_segments
from workflows.models import Revision, Version, Workflow
from workflows.queries import comments, names, specs, vocabulary, workflows
from workflows.queries.comments import Thread
from workflows.queries.pickers import Pickers

from . import checked
from .checked import Checked, Line
from .editor_panel import Filling, Problem, ShownSection, actions_for
from .map_drawing import draw
from .map_layout import MIDDLING
from .map_steps import ICONS, Names, StepRow, map_edges, map_steps, step_rows, with_marks

#: Codes of the lint that say what `problems` say.
_TOLD = ("LNT001", "RUN007", "DAT006", "REF002")
_STEP_PATH = re.compile(r"steps\[(\d+)\]\.?(.*)")
#: Kinds of step besides those that act, as the panel offers them.
FLOW = (
    ("wait", "Wait"),
    ("choose", "Choose a way"),
    ("split", "Share out"),
    ("approve", "Ask for approval"),
    ("handoff", "Hand over"),
    ("stop", "Stop"),
)


@dataclass(frozen=True, slots=True)
class Panel:
    """Which panel is open: "step", "workflow" or "add"."""

    kind: str = "workflow"
    #: The step that it is about, or that a new one stands behind.
    step: str = ""

    @classmethod
    def named(cls, text: str) -> "Panel":
        """From `step=welcome`, `add=welcome`, or anything else for the workflow's own.

        >>> Panel.named("step=welcome")
        Panel(kind='step', step='welcome')
        """
        kind, _, step = text.partition("=")
        return cls(kind, step) if kind in ("step", "add") and (step or kind == "add") else cls()

    def __str__(self) -> str:
        return f"{self.kind}={self.step}" if self.kind != "workflow" else ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of step that can be added."""

    kind: str
    label: str
    icon: str


@dataclass(frozen=True, slots=True)
class ListedStep:
    """One step of the list beside the map."""

    row: StepRow
    problems: int
    findings: int
    comments: int
    here: int
    is_first: bool
    is_last: bool


class EditorPage:
    """Everything that the editor's templates ask of a draft; each part is worked out when it is asked for."""

    def __init__(
        self,
        workflow: Workflow,
        version: Version,
        *,
        panel: Panel,
        page: str,
        sent: Submitted | None = None,
        says: str = "",
        went: bool = False,
    ) -> None:
        self.workflow, self.version, self.page, self.says, self.sent = workflow, version, page, says, sent
        #: The panel was chosen by what was done, not by the person.
        self.went = went
        self.document: dict[str, Any] = version.content
        self.panel = panel if panel.kind == "workflow" or panel.step in self.keys or panel == Panel("add") else Panel()
        self.pickers = Pickers()

    @cached_property
    def address(self) -> str:
        return reverse("workflow-edit", args=[self.workflow.key])

    @cached_property
    def keys(self) -> list[str]:
        steps = self.document.get("steps")
        found = steps if isinstance(steps, list) else []
        return [str(step.get("key")) for step in found if isinstance(step, Mapping)]

    @cached_property
    def spec(self) -> Spec:
        return self._attempt.spec

    @cached_property
    def _attempt(self) -> Attempt:
        return specs.of(self.version)

    @cached_property
    def problems(self) -> list[Problem]:
        """Everything that keeps the draft from being frozen."""
        parts = [(part.path, part.says) for part in required_parts.missing(self.spec)]
        unfit = () if self.spec.map_only else typing_rules.problems(self.document, vocabulary.current())
        return [*self._attempt.problems, *parts, *unfit]

    @cached_property
    def step_problems(self) -> dict[str, list[Problem]]:
        """By the step's key, with paths within the step."""
        found: dict[str, list[Problem]] = {}
        for path, says in self.problems:
            match = _STEP_PATH.fullmatch(path)
            if match and int(match[1]) < len(self.keys):
                found.setdefault(self.keys[int(match[1])], []).append((match[2], says))
        return found

    @cached_property
    def own_problems(self) -> list[Problem]:
        """What is wrong with the workflow besides its steps."""
        return [(path, says) for path, says in self.problems if not _STEP_PATH.fullmatch(path)]

    @cached_property
    def checked(self) -> Checked:
        """What the lint says of the draft as it stands, besides the problems above."""
        return checked.of(self.workflow.key, self.spec, content=self.document, besides=_TOLD)

    @property
    def step_findings(self) -> tuple[Line, ...]:
        """Of the open step."""
        return self.checked.steps.get(self.panel.step, ())

    @cached_property
    def names(self) -> Names:
        return Names(teams=names.of_teams(), systems=names.of_systems())

    @cached_property
    def rows(self) -> list[StepRow]:
        return step_rows(self.spec, names=self.names)

    @cached_property
    def comment_counts(self) -> dict[str, int]:
        return comments.open_by_step(self.workflow)

    @cached_property
    def in_flight(self) -> dict[str, int]:
        return workflows.waiting_by_step(self.workflow.pk)

    @cached_property
    def listed(self) -> list[ListedStep]:
        last = len(self.rows) - 1
        return [
            ListedStep(
                row=row,
                problems=len(self.step_problems.get(row.key, ())),
                findings=len(self.checked.steps.get(row.key, ())),
                comments=self.comment_counts.get(row.key, 0),
                here=self.in_flight.get(row.key, 0),
                is_first=at == 0,
                is_last=at == last,
            )
            for at, row in enumerate(self.rows)
        ]

    @cached_property
    def picture(self) -> SafeString:
        """The map with handles to take hold of."""
        chosen = self.panel.step if self.panel.kind == "step" else ""
        drawn = map_steps(self.spec, names=self.names, base="?", chosen=chosen)
        edited = [
            replace(step, is_edited=step.key in self.keys, comments=self.comment_counts.get(step.key, 0))
            for step in with_marks(drawn, marks=dict(self._marks()))
        ]
        label = f"Map of the draft of {self.workflow.name}"
        svg = draw(edited, map_edges(self.spec), label=label, geometry=MIDDLING)
        return mark_safe(svg)  # noqa: S308  (every word in it was escaped where it was put in)

    def _marks(self) -> Iterable[tuple[str, tuple[str, str]]]:
        for key, count in self.in_flight.items():
            yield key, (f"{count} here", "info")
        for key, found in self.step_problems.items():
            yield key, (f"{len(found)} to mend", "bad")

    @cached_property
    def row(self) -> StepRow | None:
        """The step of the open panel."""
        return next((row for row in self.rows if row.key == self.panel.step), None)

    @cached_property
    def step(self) -> dict[str, Any] | None:
        """The same as the file has it."""
        steps = self.document.get("steps") or []
        return next((step for step in steps if step.get("key") == self.panel.step), None)

    @cached_property
    def rule_fields(self) -> Any:
        """What rules may ask: of the contact, and of the events that this workflow hears."""
        return rule_fields(self.pickers, self.document, self.step)

    @cached_property
    def shown(self) -> tuple[list[ShownSection], list[str]]:
        """The open panel's sections, and problems that belong to none of its controls."""
        is_step = self.panel.kind == "step" and self.step is not None
        filling = Filling(
            document=self.document,
            step=self.step if is_step else None,
            pickers=self.pickers,
            fields=self.rule_fields,
            rows_address=reverse("workflow-rows", args=[self.workflow.key]),
            sent=self.sent,
        )
        if is_step and self.step is not None:
            sections = step_form.sections(self.step, map_only=bool(self.document.get("map_only")))
            return filling.sections(sections, self.step_problems.get(self.panel.step, []))
        return filling.sections(workflow_form.sections(self.document), self.own_problems)

    @cached_property
    def kind(self) -> str:
        return step_form.kind_of(self.step) if self.step else ""

    @cached_property
    def trigger_kind(self) -> str:
        return workflow_form.trigger_kind(self.document)

    @property
    def triggers(self) -> list[tuple[str, str]]:
        return list(workflow_form.TRIGGERS.items())

    @property
    def offers(self) -> list[tuple[str, list[Offer]]]:
        """What can be added, in groups: the type's usual actions, other ones, and what directs the way."""
        flow = [Offer(kind, label, ICONS[kind]) for kind, label in FLOW]
        if self.document.get("map_only"):
            return [("What is done", [Offer("act", "A step", "circle-dot")]), ("The way on", flow)]
        type_ = self.document.get("type")
        fitting = actions_for(self.document)
        usual = [key for key in fitting if type_ in ACTIONS[key].types]
        others = [key for key in fitting if key not in usual]
        groups = [("Usual here", usual), ("Others", others)]
        made = [(title, [Offer(key, ACTIONS[key].label, ICONS[key]) for key in keys]) for title, keys in groups if keys]
        return [*made, ("The way on", flow)]

    @cached_property
    def targets(self) -> list[tuple[str, str]]:
        """Where the open step can be connected to."""
        named = [(row.key, row.name) for row in self.rows if row.key != self.panel.step]
        return [*named, ("end", "The end")] if self.kind in ("choose", "split") else named

    @cached_property
    def threads(self) -> list[Thread]:
        return comments.threads(self.workflow, self.panel.step)

    @cached_property
    def head(self) -> Revision | None:
        return (
            Revision.objects.filter(version=self.version, number=self.version.revision).select_related("author").first()
        )

    @property
    def can_undo(self) -> bool:
        return bool(self.head and self.head.undo)

    @property
    def can_redo(self) -> bool:
        return bool(self.head and self.head.redo)

    @cached_property
    def is_changed(self) -> bool:
        """Does it say something else than the version that it began from?"""
        parent = self.version.parent
        return parent is None or parent.digest != self.version.digest


def rule_fields(pickers: Pickers, document: Mapping[str, Any], step: Mapping[str, Any] | None) -> Any:
    """What rules of this workflow may ask; a wait's rule also of the event that it waits for."""
    trigger = document.get("trigger")
    said = trigger.get("event") if isinstance(trigger, Mapping) else None
    events = [said] if isinstance(said, str) else [one for one in said or () if isinstance(one, str)]
    wait = step.get("wait") if step else None
    until = wait.get("until") if isinstance(wait, Mapping) else None
    if isinstance(until, Mapping) and isinstance(until.get("event"), str):
        events.append(until["event"])
    return with_segments(pickers.rule_fields(events), dict(pickers.of("segments")))
