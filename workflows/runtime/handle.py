"""One cause, one contact: what changes, which runs begin or go on, and the account of it. In memory only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.engine import explain
from workflows.engine.conditions import ConditionError
from workflows.engine.decide import Decision, decide
from workflows.engine.effects import Goal, PlannedEffect
from workflows.engine.entry import Admission, admit, triggered_by
from workflows.engine.scoring import Given, Score
from workflows.engine.snapshot import Cause, Sent, Snapshot
from workflows.models import Run

from .claim import ClaimedEvent, ClaimedTimer
from .definitions import Definitions, EventRule, RunnableVersion, SourceRule
from .subjects import Recognised, RunState, Subject


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a contact that got another value, and who wrote it: a system, an event type, a run's step."""

    contact_id: int
    field: str
    old: Any
    new: Any
    writer: str
    event_id: int | None = None
    run: RunState | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """One statement for the ledger."""

    contact_id: int
    channel: str
    state: str
    at: datetime
    event_id: int
    text_version: str


@dataclass(frozen=True, slots=True)
class Points:
    """What a scoring rule gave for one event; fading begins when it happened."""

    contact_id: int
    event_id: int
    given: Given
    at: datetime


#: One workflow's part of an account, and its run; None where the contact did not enter.
Part = tuple[dict[str, Any], RunState | None]


@dataclass(frozen=True, slots=True)
class Account:
    """What one cause led to, for the trace; `parts` get the id of their run when it has one."""

    contact_id: int
    event_id: int | None
    detail: dict[str, Any]
    parts: tuple[Part, ...]


@dataclass(slots=True)
class Outcome:
    """Everything that a batch is to write."""

    changes: list[Change] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    points: list[Points] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    effects: list[tuple[RunState, PlannedEffect]] = field(default_factory=list)
    goals: list[tuple[RunState, Goal]] = field(default_factory=list)


def event(
    claimed: ClaimedEvent,
    subject: Subject,
    recognised: Recognised,
    *,
    definitions: Definitions,
    at: datetime,
    into: Outcome,
) -> None:
    """An event happened to a contact: learn from it, wake what waits for it, begin what it triggers."""
    seen = seen_event(claimed)
    before = len(into.changes)
    if recognised.email:
        source = definitions.sources.get(claimed.source_id)
        writer = source.writer if source else "identity"
        _set(subject, "email", recognised.email, writer, claimed, into)
    _learn(claimed, seen, subject, definitions, into)
    if claimed.type == "track":
        _score(claimed, seen, subject, definitions, at, into)
    handling = _Handling(subject=subject, definitions=definitions, at=at, into=into, event_id=claimed.id)
    cause = Cause(kind="event", event=seen)
    for run in [run for run in subject.runs if claimed.name and run.is_running and run.waits_for == claimed.name]:
        handling.go_on(run, cause)
    for version in definitions.live.get(claimed.name, ()):
        handling.begin(version, cause)
    detail = {
        "cause": {"kind": "event", "event_id": claimed.id, "name": claimed.name or claimed.type},
        "contact": {
            "found": "created" if subject.is_new and not recognised.by else "known",
            "by": list(recognised.by),
            "notes": list(recognised.notes),
        },
        "changes": [
            {"field": c.field, "old": c.old, "new": c.new, "why": c.writer}
            for c in into.changes[before:]
            if c.run is None
        ],
        "workflows": [part for part, _ in handling.parts],
    }
    into.accounts.append(
        Account(contact_id=subject.id, event_id=claimed.id, detail=detail, parts=tuple(handling.parts))
    )


def timer(claimed: ClaimedTimer, subject: Subject, *, definitions: Definitions, at: datetime, into: Outcome) -> None:
    """A run's time has come."""
    run = subject.run(claimed.run_id)
    if run is None or not run.is_running:
        return
    handling = _Handling(subject=subject, definitions=definitions, at=at, into=into)
    handling.go_on(run, Cause(kind="timer"))
    detail = {
        "cause": {"kind": "timer", "due_at": claimed.due_at.isoformat()},
        "changes": [],
        "workflows": [part for part, _ in handling.parts],
    }
    into.accounts.append(Account(contact_id=subject.id, event_id=None, detail=detail, parts=tuple(handling.parts)))


def seen_event(claimed: ClaimedEvent) -> dict[str, Any]:
    """An event as rules and mappings see it."""
    body = claimed.body
    return {
        "name": claimed.name,
        "type": claimed.type,
        "message_id": claimed.message_id,
        "occurred_at": claimed.occurred_at.isoformat(),
        "properties": body.get("properties") or {},
        "traits": body.get("traits") or {},
        "context": body.get("context") or {},
    }


def _learn(
    claimed: ClaimedEvent, seen: Mapping[str, Any], subject: Subject, definitions: Definitions, into: Outcome
) -> None:
    source = definitions.sources.get(claimed.source_id)
    if source and source.mapping:
        _learn_fields(claimed, seen, subject, source, into)
    rule = definitions.events.get(claimed.name) if claimed.type == "track" else None
    if rule:
        _apply_rule(claimed, subject, rule, definitions, into)


def _learn_fields(
    claimed: ClaimedEvent, seen: Mapping[str, Any], subject: Subject, source: SourceRule, into: Outcome
) -> None:
    if source.mapping is None:
        return
    text_version = str((seen["properties"]).get("consent_text_version") or "")
    for target, value in source.mapping.apply({"event": seen}).values.items():
        if target.startswith("consent."):
            channel = target.removeprefix("consent.")
            _state_consent(claimed, subject, channel, value, source.writer, into, text_version)
        else:
            _set(subject, target, value, source.writer, claimed, into)


def _apply_rule(
    claimed: ClaimedEvent, subject: Subject, rule: EventRule, definitions: Definitions, into: Outcome
) -> None:
    """What the catalog says that the event does by itself: consent and stage (requirements F1, F2)."""
    why = f"event {rule.name}"
    for channel, state in rule.consent_effect.items():
        _state_consent(claimed, subject, channel, state, why, into)
    if rule.stage_effect:
        stages = definitions.catalog.stages
        now = stages.get(subject.lifecycle_stage or "")
        wanted = stages[rule.stage_effect]
        if now is None or now.position < wanted.position:
            _set(subject, "lifecycle_stage", wanted.key, why, claimed, into)


def _score(
    claimed: ClaimedEvent,
    seen: Mapping[str, Any],
    subject: Subject,
    definitions: Definitions,
    at: datetime,
    into: Outcome,
) -> None:
    """Points that the event is worth, from the instant when it happened."""
    scoring = definitions.scoring
    old = scoring.now(subject.score, at=at)
    for given in scoring.given(seen):
        subject.score = scoring.add(subject.score, given.points, at=claimed.occurred_at)
        subject.changed = True
        into.points.append(Points(subject.id, claimed.id, given, claimed.occurred_at))
    new = scoring.now(subject.score, at=at)
    if old != new:
        into.changes.append(Change(subject.id, "score", old, new, f"event {claimed.name}", claimed.id))


def _state_consent(
    claimed: ClaimedEvent,
    subject: Subject,
    channel: str,
    state: str,
    writer: str,
    into: Outcome,
    text_version: str = "",
) -> None:
    """Enter a statement in the ledger; the latest by event time counts, and at the same instant the refusal does."""
    into.consents.append(
        Consent(
            contact_id=subject.id,
            channel=channel,
            state=state,
            at=claimed.occurred_at,
            event_id=claimed.id,
            text_version=text_version,
        )
    )
    now = subject.consent.get(channel)
    if now:
        stated_at = datetime.fromisoformat(now["at"])
        if stated_at > claimed.occurred_at or (stated_at == claimed.occurred_at and now["state"] == "denied"):
            return
    subject.consent[channel] = {"state": state, "at": claimed.occurred_at.isoformat()}
    subject.changed = True
    old = now["state"] if now else None
    if old != state:
        into.changes.append(Change(subject.id, f"consent.{channel}", old, state, writer, claimed.id))


_COLUMNS = ("email", "lifecycle_stage")


def _set(subject: Subject, name: str, value: Any, writer: str, claimed: ClaimedEvent, into: Outcome) -> None:
    old = _write(subject, name, value, at=claimed.occurred_at)
    if old != value:
        into.changes.append(Change(subject.id, name, old, value, writer, claimed.id))


def _write(subject: Subject, name: str, value: Any, *, at: datetime) -> Any:
    """Give a field another value; returns the former one. A score that is written fades from then on."""
    subject.changed = True
    if name == "score":
        old: Any = round(subject.score.value)
        subject.score = Score(float(value), at)
    elif name in _COLUMNS:
        old = getattr(subject, name)
        setattr(subject, name, value)
    else:
        old = subject.fields.get(name)
        subject.fields[name] = value
    return old


@dataclass(slots=True)
class _Handling:
    """Runs that one cause moves, and the account of them."""

    subject: Subject
    definitions: Definitions
    at: datetime
    into: Outcome
    event_id: int | None = None
    parts: list[Part] = field(default_factory=list)

    def _snapshot(self) -> Snapshot:
        return self.subject.snapshot(scoring=self.definitions.scoring, at=self.at)

    def begin(self, version: RunnableVersion, cause: Cause) -> None:
        """Let the contact enter a live version, if its trigger and entry rules agree."""
        snapshot = self._snapshot()
        facts = {"contact": snapshot.contact, "event": cause.event, "now": self.at}
        try:
            if not triggered_by(version.spec, facts):
                return
        except ConditionError as error:
            self._refused(version, Admission(admitted=False, says=f"the trigger rule cannot be answered: {error}"))
            return
        admission = admit(
            version.spec,
            facts=facts,
            contact_id=self.subject.id,
            earlier=self.subject.earlier(version.workflow_id),
            at=self.at,
        )
        if not admission.admitted:
            self._refused(version, admission)
            return
        run = RunState(
            contact_id=self.subject.id,
            workflow_id=version.workflow_id,
            version_id=version.version_id,
            entry_key=admission.entry_key,
            state=Run.State.WAITING,
            step="",
            waits_for="",
            entered_at=self.at,
            event_id=self.event_id,
        )
        self.subject.runs.append(run)
        self._decide(run, version, cause, admission=admission)

    def go_on(self, run: RunState, cause: Cause) -> None:
        """Take a waiting run further, on the version that it entered."""
        self._decide(run, self.definitions.version(run.version_id), cause)

    def _decide(
        self, run: RunState, version: RunnableVersion, cause: Cause, *, admission: Admission | None = None
    ) -> None:
        decision = decide(
            version.spec,
            catalog=self.definitions.catalog,
            snapshot=self._snapshot(),
            entry_key=run.entry_key,
            waiting_at=run.step or None,
            cause=cause,
            at=self.at,
        )
        self._take(run, version, decision)
        part = _heading(version) | {"entry": explain.admission(admission) if admission else None}
        self.parts.append((part | explain.decision(decision), run))

    def _take(self, run: RunState, version: RunnableVersion, decision: Decision) -> None:
        run.state, run.step, run.reason = decision.state, decision.step, decision.reason
        run.waits_for, run.due_at, run.changed = decision.waits_for or "", decision.due_at, True
        for write in decision.writes:
            old = _write(self.subject, write.field, write.new, at=self.at)
            self.into.changes.append(
                Change(self.subject.id, write.field, old, write.new, version.spec.key, self.event_id, run, write.step)
            )
        for effect in decision.effects:
            self.into.effects.append((run, effect))
            if effect.refusal is None and (effect.kind == "send_message" or effect.once_key):
                self.subject.sent.append(Sent(effect.payload.get("channel", ""), self.at, effect.once_key))
        self.into.goals.extend((run, goal) for goal in decision.goals)

    def _refused(self, version: RunnableVersion, admission: Admission) -> None:
        part = _heading(version) | {"entry": explain.admission(admission), "steps": [], "state": "refused"}
        self.parts.append((part | {"run_id": None}, None))


def _heading(version: RunnableVersion) -> dict[str, Any]:
    return {"workflow": version.spec.key, "version": version.number, "digest": version.digest[:12]}
