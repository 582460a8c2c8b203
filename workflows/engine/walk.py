"""A run on its way through a version: the facts as its own steps change them, and what it has asked for so far."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from martechops.lib.frozen import dataclass

from .authority import Allowed, step_of, verdict
from .conditions import Check
from .counterfactual.changes import Change
from .decision import Decision, StepTrace, Undefined
from .durations import parse as parse_duration
from .effects import (
    Displaced,
    FieldRequest,
    FieldWrite,
    Goal,
    PlannedAssignment,
    PlannedEffect,
    PlannedHandoff,
    Question,
    effect_key,
)
from .guards import Terms, Verdict, check, held_until, needs, once_key, refusal
from .snapshot import Catalog, Cause, Sent, Snapshot
from .spec import END, Spec, Step

Definition = TypeVar("Definition")


@dataclass(frozen=True, slots=True)
class Lack:
    """What stands against an effect besides its guards, in words, and what would put it right (None: nothing)."""

    says: str
    needs: tuple[Change, ...] | None = None


@dataclass(slots=True)
class Walk:
    """One run, from where it stands to where it can go now."""

    spec: Spec
    catalog: Catalog
    snapshot: Snapshot
    entry_key: str
    cause: Cause
    at: datetime
    facts: dict[str, Any]
    sent: tuple[Sent, ...]
    terms: Terms
    trace: list[StepTrace] = field(default_factory=list)
    effects: list[PlannedEffect] = field(default_factory=list)
    writes: list[FieldWrite] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    requests: list[FieldRequest] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    handoffs: list[PlannedHandoff] = field(default_factory=list)
    assignments: list[PlannedAssignment] = field(default_factory=list)
    displaced: list[Displaced] = field(default_factory=list)

    @property
    def subject(self) -> dict[str, Any]:
        """The fields of what the workflow is about, as its steps have changed them."""
        fields: dict[str, Any] = self.facts[self.snapshot.kind]
        return fields

    @property
    def email(self) -> str | None:
        """The contact's address; none for other subjects."""
        email: str | None = self.facts["contact"].get("email")
        return email

    def note(self, step: Step, outcome: str, says: str, checks: tuple[Check, ...] = ()) -> None:
        self.trace.append(StepTrace(step=step.key, outcome=outcome, says=says, checks=checks))

    def key(self, step: Step, part: str = "") -> UUID:
        return effect_key(workflow=self.spec.key, entry_key=self.entry_key, step=step.key, part=part)

    def after(self, written: object) -> datetime:
        """The end of a span that begins now, as a step's argument writes it."""
        return parse_duration(written).after(self.at, self.catalog.calendar)

    def position(self, go: str) -> int:
        """Where a way leads: past the last step for the end."""
        return len(self.spec.steps) if go == END else self.spec.positions[go]

    def write(self, step: Step, name: str, value: Any) -> FieldWrite:
        change = FieldWrite(step=step.key, field=name, old=self.subject.get(name), new=value)
        self.subject[name] = value
        self.writes.append(change)
        return change

    def may_not_write(self, step: Step, name: str, value: Any) -> str | None:
        """Why the step may not write the field, noted as a request to its owner; None if it may.

        The catalog says who writes fields of contacts; a content item belongs to the workflow that carries it.
        """
        if self.snapshot.kind != "contact":
            return None
        found = verdict(self.catalog.fields.get(name), name=name, writer=step_of(self.spec.key, step.stage))
        if isinstance(found, Allowed):
            return None
        self.requests.append(FieldRequest(step.key, name, value, found.because, found.may_ask))
        return found.because

    def plan(
        self,
        step: Step,
        checks: tuple[Check, ...],
        *,
        payload: Mapping[str, Any],
        says: str,
        kind: str | None = None,
        channel: str | None = None,
        against: Sequence[Lack] = (),
        writes: tuple[FieldWrite, ...] = (),
        inside: bool = False,
        part: str = "",
    ) -> StepTrace:
        """Plan what the step does at its far side, or write down why it is withheld or held back.

        `against` is what its content lacks; its guards say the rest.
        """
        key = once_key(
            step.guards,
            workflow=self.spec.key,
            step=step.key,
            subject=self.snapshot.key,
            entry_key=self.entry_key,
        )
        verdicts = self._verdicts(step, channel=channel, key=key)
        refused = "; ".join(filter(None, (*(lack.says for lack in against), refusal(verdicts)))) or None
        until = held_until(verdicts)
        hold_for = None if step.guards.approval is None else step.guards.approval or step.owner or self.spec.owner
        effect = PlannedEffect(
            key=self.key(step, part),
            step=step.key,
            kind=kind or step.action or "",
            system="" if inside else step.system or "",
            payload=payload,
            once_key=key,
            refusal=refused,
            not_before=until,
            hold_for=hold_for,
            priority=self.spec.priority,
            inside=inside,
        )
        self.effects.append(effect)
        if refused is None:
            self._count(effect, channel, until)
            self.displaced += [gone for found in verdicts for gone in found.displaces]
        return StepTrace(
            step=step.key,
            outcome=_outcome(refused, until, hold_for),
            says=refused or _held_words(says, until, hold_for),
            checks=checks,
            guards=verdicts,
            writes=writes,
            effect=effect,
            needs=_needs(against, verdicts) if refused else (),
        )

    def _verdicts(self, step: Step, *, channel: str | None, key: str | None) -> tuple[Verdict, ...]:
        """What each of the step's guards says now."""
        return check(
            step.guards,
            facts=self.facts,
            sent=self.sent,
            channel=channel,
            once_key=key,
            at=self.at,
            terms=self.terms,
        )

    def end(self, state: str, step: str, reason: str = "", **wait: Any) -> Decision:
        return Decision(
            state=state,
            step=step,
            reason=reason,
            trace=tuple(self.trace),
            effects=tuple(self.effects),
            writes=tuple(self.writes),
            goals=tuple(self.goals),
            requests=tuple(self.requests),
            questions=tuple(self.questions),
            handoffs=tuple(self.handoffs),
            assignments=tuple(self.assignments),
            displaced=tuple(self.displaced),
            **wait,
        )

    def _count(self, effect: PlannedEffect, channel: str | None, until: datetime | None) -> None:
        """Later steps of this run see the message as sent."""
        if not (channel or effect.once_key):
            return
        self.sent = (
            *self.sent,
            Sent(
                channel=channel or "",
                at=until or self.at,
                once_key=effect.once_key,
                key=effect.key,
                planned=True,
                workflow=self.spec.key,
                priority=self.spec.priority,
            ),
        )


def defined(table: Mapping[str, Definition], kind: str, key: str) -> Definition:
    """What a step names. Raises `Undefined`: the run fails visibly, and the others go on."""
    try:
        return table[key]
    except KeyError:
        raise Undefined(f"there is no {kind} {key} that can be used") from None


def _needs(against: Sequence[Lack], verdicts: Sequence[Verdict]) -> tuple[Change, ...] | None:
    of_guards = needs(verdicts)
    if of_guards is None or any(lack.needs is None for lack in against):
        return None
    return tuple({change.path: change for lack in against for change in (lack.needs or ())}.values()) + tuple(
        change for change in of_guards if change.path not in {one.path for lack in against for one in lack.needs or ()}
    )


def _outcome(refused: str | None, until: datetime | None, hold_for: str | None) -> str:
    if refused:
        return "withheld"
    return "held" if until or hold_for else "done"


def _held_words(says: str, until: datetime | None, hold_for: str | None) -> str:
    if hold_for:
        says += f"; held until somebody of {hold_for} lets it go"
    return says + (f"; held until {until:%Y-%m-%d %H:%M} UTC" if until else "")
