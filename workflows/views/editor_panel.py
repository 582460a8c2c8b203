"""The side panel of the editor: sections of controls with their choices, and the problems that belong to each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.engine.action_kinds import ACTIONS, RISKS, SUBJECTS
from workflows.engine.edits import Document
from workflows.engine.parse.guarding import VALID
from workflows.engine.spec import END, STAGES
from workflows.forms import rules
from workflows.forms.condition_builder import Submitted
from workflows.forms.controls import KINDS, UNITS, Control, value_at
from workflows.forms.rules import Fields, ShownRule
from workflows.forms.step_form import Section
from workflows.queries.pickers import Choice, Pickers

from .map_steps import MARKS

#: (path within the step or the workflow, what is wrong there).
Problem = tuple[str, str]

_FIXED: Mapping[str, list[Choice]] = {
    "stages_of_work": [(stage, stage.capitalize()) for stage in STAGES],
    "risks": [(risk, risk.capitalize()) for risk in RISKS],
    "subjects": [("contact", "Contacts"), ("content", "Content items"), ("workspace", "The workspace itself")],
    "types": [
        ("routing", "Lead routing"),
        ("nurture", "Nurture"),
        ("content", "Content"),
        ("quality", "Data quality"),
        ("reporting", "Reporting"),
    ],
    "marks": [(mark, words.capitalize()) for mark, words in MARKS.items()],
    "valid": [(name, {"crm_id": "CRM id", "email": "E-mail address"}.get(name, name.capitalize())) for name in VALID],
    "days": [("mon-fri", ""), ("mon-sun", ""), ("mon-sat", ""), ("tue-thu", "")],
    "clock": [("08:00", ""), ("09:00", ""), ("17:00", ""), ("18:00", "")],
    "timezones": [(name, "") for name in ("contact", "UTC", "Europe/Berlin", "Europe/London", "America/New_York")],
    "schedules": [
        ("0 9 * * mon-fri", "Workdays at nine"),
        ("0 7 * * mon", "Mondays at seven"),
        ("0 * * * *", "Hourly"),
    ],
    "content_states": [
        ("plan", "Planned"),
        ("draft", "In draft"),
        ("approve", "In approval"),
        ("publish", "Published"),
        ("promote", "Promoted"),
    ],
}


@dataclass(frozen=True, slots=True)
class ShownControl:
    """A control with what is in it."""

    control: Control
    parts: Mapping[str, str]
    chosen: tuple[str, ...]
    choices: list[Choice]
    problems: tuple[str, ...]
    rule: ShownRule | None = None
    #: What its second part offers: the purposes that consent can be for.
    more: tuple[Choice, ...] = ()

    @property
    def id(self) -> str:
        return "f-" + self.control.name.replace(".", "-")

    @property
    def value(self) -> str:
        return self.parts.get("", "")

    @property
    def list_name(self) -> str:
        """For the last control of an item of a list: what the list's buttons are called."""
        path, last = self.control.path, self.control.path[-1]
        if path[0] in ("choose", "split"):
            return "way" if last in ("go", "else") else ""
        return {("success", "per"): "criterion", ("lint", "because"): "ignored"}.get((str(path[0]), str(last)), "")

    @property
    def list_place(self) -> int:
        """Which item of its list it belongs to."""
        return next((part for part in self.control.path if isinstance(part, int)), 0)

    @property
    def rest(self) -> list[Choice]:
        """Choices that are not chosen yet."""
        return [choice for choice in self.choices if choice[0] not in self.chosen]

    @property
    def picked(self) -> list[Choice]:
        """What is chosen, with its words; also what is offered no more."""
        words = dict(self.choices)
        return [(value, words.get(value, value)) for value in self.chosen]

    @property
    def unknown(self) -> str:
        """What stands there although it is not offered."""
        return self.value if self.value and self.value not in dict(self.choices) else ""


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section with its controls filled."""

    section: Section
    controls: tuple[ShownControl, ...]

    @property
    def is_open(self) -> bool:
        return not self.section.is_folded or any(control.problems for control in self.controls)


@dataclass(frozen=True, slots=True)
class Filling:
    """What every control of a panel is filled from."""

    document: Document
    #: The step that the panel is about; None for the workflow itself.
    step: Mapping[str, Any] | None
    pickers: Pickers
    fields: Fields
    #: Where the rows of rules are answered.
    rows_address: str
    sent: Submitted | None = None

    @property
    def subject(self) -> Any:
        return self.document if self.step is None else self.step

    def sections(
        self, sections: Sequence[Section], problems: Sequence[Problem]
    ) -> tuple[list[ShownSection], list[str]]:
        """The sections filled, and those problems that belong to no control."""
        controls = [control for section in sections for control in section.controls]
        by_control: dict[str, list[str]] = {}
        rest = []
        for path, says in problems:
            if owner := _owner(path, controls):
                by_control.setdefault(owner, []).append(says)
            else:
                rest.append(f"{path}: {says}" if path else says)
        shown = [
            ShownSection(
                section, tuple(self._shown(one, tuple(by_control.get(one.name, ()))) for one in section.controls)
            )
            for section in sections
        ]
        return shown, rest

    def _shown(self, control: Control, problems: tuple[str, ...]) -> ShownControl:
        if control.kind == "rule":
            rule = rules.show(control, self.subject, self.fields, address=self.rows_address, sent=self.sent)
            return ShownControl(control, {}, (), [], problems, rule)
        parts = KINDS[control.kind].show(value_at(self.subject, control.path))
        return ShownControl(
            control,
            {ending.removeprefix("."): next(iter(texts), "") for ending, texts in parts.items()},
            tuple(parts.get("", ())),
            self.choices(control.source),
            problems,
            more=tuple(self.pickers.of("purposes")) if control.kind == "consent" else (),
        )

    def choices(self, source: str) -> list[Choice]:
        """What a control of this source offers."""
        if source.startswith("choice:"):
            values = source.removeprefix("choice:").split(",")
            return [(value, value.replace("_", " ").capitalize()) for value in values]
        if source in _FIXED:
            return _FIXED[source]
        made = {
            "ways": self._ways,
            "steps": self._others,
            "criteria": self._criteria,
            "actions": self._actions,
            "event_names": lambda: [(value, "") for value, _ in self.pickers.of("events")],
            "entry_keys": self._entry_keys,
        }.get(source)
        return made() if made else self.pickers.of(source)

    def _names(self) -> list[Choice]:
        steps = self.document.get("steps")
        named = [step for step in steps if isinstance(step, Mapping)] if isinstance(steps, list) else []
        return [(str(step.get("key")), str(step.get("name") or step.get("key"))) for step in named]

    def _ways(self) -> list[Choice]:
        """Steps further on, and the end."""
        names, here = self._names(), self.step.get("key") if self.step else None
        at = next((i for i, (key, _) in enumerate(names) if key == here), -1)
        return [*names[at + 1 :], (END, "The end")]

    def _others(self) -> list[Choice]:
        here = self.step.get("key") if self.step else None
        return [choice for choice in self._names() if choice[0] != here]

    def _criteria(self) -> list[Choice]:
        said = self.document.get("success")
        return [
            (str(one.get("key") or f"criterion-{i}"), str(one.get("says") or f"Criterion {i}"))
            for i, one in enumerate(said if isinstance(said, list) else (), start=1)
            if isinstance(one, Mapping)
        ]

    def _actions(self) -> list[Choice]:
        """What can be done to what this workflow is about; what its type usually does comes first."""
        return [(key, ACTIONS[key].label) for key in actions_for(self.document)]

    def _entry_keys(self) -> list[Choice]:
        subject = str(self.document.get("subject") or SUBJECTS[0])
        paths = [(path, kind.label) for path, kind in self.fields.items() if path.startswith("event.")]
        return [(subject, f"Each {subject}"), *paths]


def actions_for(document: Document) -> list[str]:
    """Actions that suit what the workflow is about, its type's own before the others."""
    subject, type_ = document.get("subject") or SUBJECTS[0], document.get("type")
    fitting = [key for key, action in ACTIONS.items() if subject in action.subjects]
    return sorted(fitting, key=lambda key: type_ not in ACTIONS[key].types)


def _owner(path: str, controls: Sequence[Control]) -> str:
    """The control that a problem's path belongs to: the longest name that the path begins with, or lies above of."""
    dotted = path.replace("[", ".").replace("]", "")
    within = [c.name for c in controls if dotted == c.name or dotted.startswith(f"{c.name}.")]
    below = [c.name for c in controls if dotted and c.name.startswith(f"{dotted}.")]
    return max(within, key=len, default="") or (below[0] if below else "")


def units() -> list[Choice]:
    """Units of a span, for its list."""
    return list(UNITS)
