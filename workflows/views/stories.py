"""A contact's traces as a story for people: event → rule with values → effect → outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from martechops.lib.path_words import humane, path_words
from workflows.models import ConsentEntry, Effect, Trace, Version
from workflows.queries import subjects
from workflows.queries.subjects import Named
from workflows.queries.timeline import Told

from .map_steps import ICONS
from .rule_words import SeenCheck, seen

#: Outcomes of a step after which something did not happen.
_QUESTIONABLE = frozenset({"skipped", "withheld", "failed", "stopped"})


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after, and who wrote it."""

    label: str
    old: Any
    new: Any
    writer: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One value that was not written, and why."""

    label: str
    value: Any
    because: str
    asked: bool


@dataclass(frozen=True, slots=True)
class StepStory:
    """What one step decided, and what came of it."""

    key: str
    name: str
    icon: str
    outcome: str
    says: str
    checks: tuple[SeenCheck, ...] = ()
    guards: tuple[tuple[bool, str], ...] = ()
    writes: tuple[Change, ...] = ()
    effect: Effect | None = None
    system: str = ""

    @property
    def shows_effect(self) -> bool:
        """Something was planned: what was withheld at once is told by the step itself."""
        return self.effect is not None and not (self.outcome == "withheld" and self.effect.state == "suppressed")

    @property
    def needs_attention(self) -> bool:
        return self.outcome in {"withheld", "failed", "stopped"} or bool(
            self.effect and self.effect.state in {"suppressed", "failed", "uncertain", "held"}
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """What one workflow made of the cause."""

    workflow_key: str
    workflow_name: str
    version: int | None
    run_id: int | None
    admitted: bool | None
    entry_says: str
    entry_checks: tuple[SeenCheck, ...]
    steps: tuple[StepStory, ...]
    state: str
    says: str
    due_at: datetime | None

    @property
    def first_question(self) -> str:
        """The first step that somebody may ask "why not?" about."""
        return next((step.key for step in self.steps if step.outcome in _QUESTIONABLE), "")

    @property
    def has_open_question(self) -> bool:
        return self.admitted is False or bool(self.first_question)

    @property
    def shows_state(self) -> bool:
        """Where it stands now is news, unless it did not enter or its last step has said so."""
        return self.state in {"waiting", "done"} and self.admitted is not False


@dataclass(frozen=True, slots=True)
class Chapter:
    """Everything that one cause led to for one contact."""

    trace_id: int
    at: datetime
    kind: str
    title: str
    subject: Named
    source: str = ""
    event_id: int | None = None
    occurred_at: datetime | None = None
    found: str = ""
    recognised_by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    refused: tuple[Refusal, ...] = ()
    consents: tuple[ConsentEntry, ...] = ()
    passages: tuple[Passage, ...] = field(default=())

    @property
    def came_late(self) -> bool:
        """It happened well before it was handled, which the page then says."""
        return self.occurred_at is not None and abs((self.at - self.occurred_at).total_seconds()) > 60

    @property
    def is_quiet(self) -> bool:
        """Nothing changed and no workflow moved."""
        return not (self.changes or self.refused or self.consents or self.passages)


def chapters(told: Told, *, only_run: int | None = None) -> list[Chapter]:
    """One chapter a trace, in the order given; with `only_run`, only what that run did."""
    return [_chapter(trace, told, only_run) for trace in told.traces]


def path_of(story: list[Chapter]) -> list[StepStory]:
    """The steps that a run passed, oldest first."""
    oldest_first = sorted(story, key=lambda chapter: chapter.trace_id)
    return [step for chapter in oldest_first for passage in chapter.passages for step in passage.steps]


def step_name(key: str, version: Version | None) -> str:
    """What the version calls a step."""
    steps = version.content.get("steps", []) if version else []
    named = next((step.get("name") for step in steps if step.get("key") == key), None)
    return str(named or key.replace("-", " ").capitalize())


def _chapter(trace: Trace, told: Told, only_run: int | None) -> Chapter:
    detail: Mapping[str, Any] = trace.detail
    cause, contact = detail.get("cause", {}), detail.get("contact") or {}
    event = told.events.get(trace.event_id) if trace.event_id else None
    parts = [p for p in detail.get("workflows", []) if only_run is None or p.get("run_id") == only_run]
    return Chapter(
        trace_id=trace.pk,
        at=trace.at,
        kind=cause.get("kind", "event"),
        title=cause.get("name") or (event and (event.name or event.type.capitalize())) or "A wait was over",
        subject=told.subjects[subjects.ref(trace)],
        source=told.sources.get(event.source_id, "") if event else "",
        event_id=trace.event_id,
        occurred_at=event.occurred_at if event else None,
        found=contact.get("found", ""),
        recognised_by=tuple(contact.get("by") or ()),
        notes=tuple(contact.get("notes") or ()),
        changes=tuple(_change(row, told) for row in detail.get("changes", [])),
        refused=tuple(_refusal(row, told) for row in detail.get("refused", [])),
        consents=tuple(_consents(trace, told)),
        passages=tuple(_passage(part, told) for part in parts),
    )


def _change(row: Mapping[str, Any], told: Told) -> Change:
    writer = row.get("why", "")
    return Change(
        label=told.fields.get(row["field"]) or path_words(row["field"]).capitalize(),
        old=row.get("old"),
        new=row.get("new"),
        writer=told.systems.get(writer, writer),
    )


def _refusal(row: Mapping[str, Any], told: Told) -> Refusal:
    label = told.fields.get(row["field"]) or path_words(row["field"]).capitalize()
    return Refusal(label=label, value=row["value"], because=row["because"], asked=bool(row.get("asked")))


def _consents(trace: Trace, told: Told) -> list[ConsentEntry]:
    """Statements that changed nothing; one that did stands among the changes."""
    changed = {row["field"] for row in trace.detail.get("changes", [])}
    return [
        entry
        for entry in told.consents
        if (entry.event_id, entry.contact_id) == (trace.event_id, trace.contact_id)
        and f"consent.{entry.channel}" not in changed
    ]


def _passage(part: Mapping[str, Any], told: Told) -> Passage:
    workflow = told.workflows.get(part["workflow"])
    version = told.versions.get((part["workflow"], part.get("version") or 0))
    steps = {step["key"]: step for step in version.content.get("steps", [])} if version else {}
    entry = part.get("entry")
    return Passage(
        workflow_key=part["workflow"],
        workflow_name=workflow.name if workflow else part["workflow"],
        version=part.get("version"),
        run_id=part.get("run_id"),
        admitted=entry["admitted"] if entry else None,
        entry_says=entry["says"] if entry else "",
        entry_checks=tuple(seen(check) for check in entry.get("checks", [])) if entry else (),
        steps=tuple(_step(row, steps.get(row["step"], {}), told) for row in part.get("steps", [])),
        state=part.get("state") or "",
        says=part.get("says") or "",
        due_at=datetime.fromisoformat(part["due_at"]) if part.get("due_at") else None,
    )


def _step(row: Mapping[str, Any], defined: Mapping[str, Any], told: Told) -> StepStory:
    kind = next((kind for kind in ("wait", "choose", "stop") if kind in defined), defined.get("action", ""))
    effect = told.effects.get(UUID(row["effect"])) if row.get("effect") else None
    return StepStory(
        key=row["step"],
        name=defined.get("name") or row["step"].replace("-", " ").capitalize(),
        icon=ICONS.get(kind, "circle-dot"),
        outcome=row["outcome"],
        says=humane(row.get("says") or ""),
        checks=tuple(seen(check) for check in row.get("checks", [])),
        guards=tuple((guard["ok"], humane(guard["says"])) for guard in row.get("guards", [])),
        writes=tuple(_change(write, told) for write in row.get("writes", [])),
        effect=effect,
        system=told.systems.get(effect.system, effect.system) if effect else "",
    )
