"""One cause, one contact: what changes, which runs begin or go on, and the account of it. In memory only."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflows.engine import explain
from workflows.engine.authority import Refused
from workflows.engine.conditions import ConditionError
from workflows.engine.decide import Decision, decide
from workflows.engine.entry import Admission, admit, triggered_by
from workflows.engine.snapshot import Cause, Sent, Snapshot
from workflows.models import Run

from . import learn
from .claim import ClaimedEvent, ClaimedTimer
from .definitions import Definitions, RunnableVersion
from .learn import Lesson
from .outcome import Account, Change, Outcome, Part
from .subjects import Recognised, RunState, Subject


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
    before, refused = len(into.changes), len(into.requests)
    Lesson(claimed, seen, subject, definitions, at, into).learn(recognised)
    handling = _Handling(subject=subject, definitions=definitions, at=at, into=into, event_id=claimed.id)
    cause = Cause(kind="event", event=seen)
    for run in [run for run in subject.runs if run.is_running and _waits_for(run, claimed.name, definitions)]:
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
    if said := [request.document() for request in into.requests[refused:] if request.run is None]:
        detail["refused"] = said
    into.accounts.append(
        Account(contact_id=subject.id, event_id=claimed.id, detail=detail, parts=tuple(handling.parts))
    )


def _waits_for(run: RunState, name: str, definitions: Definitions) -> bool:
    return bool(name) and bool(run.waits_for) and definitions.current_event(run.waits_for) == name


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
            old = self.subject.write(write.field, write.new, at=self.at)
            self.into.changes.append(
                Change(self.subject.id, write.field, old, write.new, version.spec.key, self.event_id, run, write.step)
            )
        for effect in decision.effects:
            self.into.effects.append((run, effect))
            if effect.refusal is None and (effect.kind == "send_message" or effect.once_key):
                self.subject.sent.append(Sent(effect.payload.get("channel", ""), self.at, effect.once_key))
        for asked in decision.requests:
            self.into.requests.append(
                learn.request(
                    self.subject.id,
                    asked.field,
                    asked.value,
                    writer=version.spec.key,
                    refused=Refused(asked.because, may_ask=asked.may_ask),
                    definitions=self.definitions,
                    event_id=self.event_id,
                    run=run,
                )
            )
        self.into.goals.extend((run, goal) for goal in decision.goals)

    def _refused(self, version: RunnableVersion, admission: Admission) -> None:
        part = _heading(version) | {"entry": explain.admission(admission), "steps": [], "state": "refused"}
        self.parts.append((part | {"run_id": None}, None))


def _heading(version: RunnableVersion) -> dict[str, Any]:
    return {"workflow": version.spec.key, "version": version.number, "digest": version.digest[:12]}
