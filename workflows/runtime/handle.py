"""One cause, one subject: what changes, which runs begin or go on, and the account of it. In memory only."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import Any

from martechops.lib.frozen import dataclass
from workflows.engine import explain, internal, record_changes
from workflows.engine.authority import Refused
from workflows.engine.conditions import ConditionError
from workflows.engine.decide import Decision, decide
from workflows.engine.entry import Admission, admit, triggered_by
from workflows.engine.snapshot import Cause, Sent, Snapshot
from workflows.models import Run

from . import learn
from .arms import Arms
from .claim import ClaimedEvent, ClaimedTimer
from .definitions import Definitions, RunnableVersion
from .hands import Hands
from .learn import Lesson
from .outcome import Account, Change, Outcome, Part
from .recognise import Recognised
from .subjects import Person, RunState, Subject

#: State, reason, and the rest of a run whose version is gone.
_ROLLED_BACK = (Run.State.STOPPED, "its version was rolled back", "", None, True)


@dataclass(frozen=True, slots=True)
class Bench:
    """What every cause of a batch is handled with."""

    definitions: Definitions
    hands: Hands
    at: datetime
    into: Outcome
    #: Events that only tell of an effect of ours, and which.
    echoes: Mapping[int, int] = field(default_factory=dict)
    #: Who gets which of two versions; None where no rollout is under way.
    arms: Arms | None = None


def event(claimed: ClaimedEvent, person: Person, recognised: Recognised, *, bench: Bench) -> None:
    """An event happened to a contact: learn from it, wake what waits for it, begin what it triggers."""
    seen, into = seen_event(claimed), bench.into
    before, refused = len(into.changes), len(into.requests)
    into.deepest(person.ref, claimed.depth)
    handling, notes = _Handling(person, bench, event_id=claimed.id), list(recognised.notes)
    if effect_id := bench.echoes.get(claimed.id):
        notes.append(f"our own write came back (effect {effect_id}): nothing is learnt from it, and nothing begins")
    else:
        Lesson(claimed, seen, person, bench.definitions, bench.at, into).learn(recognised)
        handling.happened(claimed.name, Cause(kind="event", event=seen))
    detail = {
        "cause": {"kind": "event", "event_id": claimed.id, "name": claimed.name or claimed.type},
        "contact": {
            "found": "created" if person.is_new and not recognised.by else "known",
            "by": list(recognised.by),
            "notes": notes,
        },
        "changes": [(c.field, c.old, c.new, c.writer) for c in into.changes[before:] if c.run is None],
        "workflows": [part for part, _ in handling.parts],
    }
    if said := [request.document() for request in into.requests[refused:] if request.run is None]:
        detail["refused"] = said
    handling.account(claimed.id, detail)


def inside(claimed: ClaimedEvent, subject: Subject, *, bench: Bench) -> None:
    """Something happened inside: wake what waits for it, begin what it triggers. What moves nobody leaves no trace."""
    handling = _Handling(subject, bench, event_id=claimed.id, depth=claimed.depth)
    bench.into.deepest(subject.ref, claimed.depth)
    properties = claimed.body.get("properties") or {}
    cause = {"event_id": claimed.id, "name": internal.words(claimed.name, properties)}
    if claimed.name == internal.ANSWERED:
        handling.answered(properties)
        kind = "answer"
    else:
        handling.happened(claimed.name, Cause(kind="event", event=seen_event(claimed)))
        kind = "event"
    if handling.parts:
        handling.account(claimed.id, {"cause": {"kind": kind, **cause}, "changes": [], **handling.told()})


def timer(claimed: ClaimedTimer, subject: Subject, *, bench: Bench) -> None:
    """A run's time has come."""
    run = subject.run(claimed.run_id)
    if run is None or not run.is_running:
        return
    handling = _Handling(subject, bench)
    kind = "arrival" if run.arrives else "timer"
    if kind == "timer" and bench.definitions.version(run.version_id).spec.step(run.step).kind != "wait":
        bench.into.lapsed.append(run)
    handling.go_on(run, Cause(kind=kind, tried=run.tried))
    cause = {"kind": kind, "due_at": claimed.due_at.isoformat()}
    handling.account(None, {"cause": cause, "changes": [], **handling.told()})


def seen_event(claimed: ClaimedEvent) -> dict[str, Any]:
    """An event as rules and mappings see it."""
    body = claimed.body
    properties = body.get("properties") or {}
    return {
        "name": claimed.name,
        "type": claimed.type,
        "message_id": claimed.message_id,
        "occurred_at": claimed.occurred_at.isoformat(),
        "properties": properties,
        "traits": body.get("traits") or record_changes.traits(claimed.name, properties),
        "context": body.get("context") or {},
    }


@dataclass(slots=True)
class _Handling:
    """Runs that one cause moves, and the account of them."""

    subject: Subject
    bench: Bench
    event_id: int | None = None
    depth: int = 0
    parts: list[Part] = field(default_factory=list)

    def _snapshot(self) -> Snapshot:
        bench = self.bench
        return self.subject.snapshot(scoring=bench.definitions.scoring, at=bench.at, desks=bench.hands.desks)

    def happened(self, name: str, cause: Cause) -> None:
        """Runs that wait for such an event go on, and workflows that it triggers may be entered."""
        definitions = self.bench.definitions
        names = internal.names(name, (cause.event or {}).get("properties") or {})
        for run in [run for run in self.subject.runs if run.is_running and self._waits_for(run, names)]:
            self.go_on(run, cause)
        for version in definitions.live.get(name, ()):
            if version.spec.subject == self.subject.ref.kind:
                self.begin(version, cause)

    def _waits_for(self, run: RunState, names: frozenset[str]) -> bool:
        return bool(run.waits_for) and self.bench.definitions.current_event(run.waits_for) in names

    def answered(self, properties: dict[str, Any]) -> None:
        """Somebody answered the run that asked; an answer that comes after the run went on changes nothing."""
        run = self.subject.run(properties["run_id"])
        if run is None or not run.is_running or run.step != properties["step"]:
            return
        cause = Cause(
            kind="answer",
            answer=properties["answer"],
            by=properties.get("by") or "",
            note=properties.get("note") or "",
            tried=run.tried,
        )
        self.go_on(run, cause)

    def begin(self, version: RunnableVersion, cause: Cause) -> None:
        """Let the subject enter a live version, if its trigger and entry rules agree."""
        snapshot, at = self._snapshot(), self.bench.at
        facts = snapshot.facts(event=cause.event, at=at)
        admission = self._admission(version, snapshot, facts)
        if admission is None:
            return
        if self.bench.arms and not self.bench.arms.is_theirs(
            version, self.subject.ref, key=snapshot.key, facts=facts, admitted=admission.admitted
        ):
            return
        if not admission.admitted:
            self._refused(version, admission)
            return
        run = RunState(
            subject=self.subject.ref,
            workflow_id=version.workflow_id,
            version_id=version.version_id,
            entry_key=admission.entry_key,
            state=Run.State.WAITING,
            step="",
            waits_for="",
            entered_at=at,
            event_id=self.event_id,
        )
        self.subject.runs.append(run)
        self._decide(run, version, cause, snapshot, admission=admission)

    def _admission(self, version: RunnableVersion, snapshot: Snapshot, facts: Mapping[str, Any]) -> Admission | None:
        """None where the event does not begin the workflow at all."""
        try:
            if not triggered_by(version.spec, facts):
                return None
        except ConditionError as error:
            return Admission(admitted=False, says=f"the trigger rule cannot be answered: {error}")
        return admit(
            version.spec,
            facts=facts,
            contact_id=snapshot.contact_id,
            earlier=self.subject.earlier(version.workflow_id),
            at=self.bench.at,
            subject=snapshot.key,
        )

    def go_on(self, run: RunState, cause: Cause) -> None:
        """Take a waiting run further, on its version; one that was rolled back takes nobody further.

        One that was moved there does nothing twice.
        """
        if run.version_id in self.bench.definitions.withdrawn:
            run.state, run.reason, run.waits_for, run.due_at, run.changed = _ROLLED_BACK
            return
        known = replace(cause, done=run.done, denied=run.denied) if run.was_moved else cause
        self._decide(run, self.bench.definitions.version(run.version_id), known, self._snapshot())

    def _decide(
        self,
        run: RunState,
        version: RunnableVersion,
        cause: Cause,
        snapshot: Snapshot,
        *,
        admission: Admission | None = None,
    ) -> None:
        decision = decide(
            version.spec,
            catalog=self.bench.definitions.catalog,
            snapshot=snapshot,
            entry_key=run.entry_key,
            waiting_at=run.step or None,
            cause=cause,
            at=self.bench.at,
        )
        self._take(run, version, decision)
        part = _heading(version) | {"entry": explain.admission(admission) if admission else None}
        self.parts.append((part | explain.decision(decision), run))

    def _take(self, run: RunState, version: RunnableVersion, decision: Decision) -> None:
        into = self.bench.into
        if not decision.stays:
            run.state, run.step, run.reason = decision.state, decision.step, decision.reason
            run.waits_for, run.due_at, run.changed = decision.waits_for or "", decision.due_at, True
        self._write(run, version, decision)
        self._plan(run, version, decision)
        for asked in decision.requests:
            into.requests.append(
                learn.request(
                    self.subject.ref,
                    asked.field,
                    asked.value,
                    writer=version.spec.key,
                    refused=Refused(asked.because, may_ask=asked.may_ask),
                    definitions=self.bench.definitions,
                    event_id=self.event_id,
                    run=run,
                )
            )
        into.goals.extend((run, goal) for goal in decision.goals)
        self.bench.hands.take(run, decision, self.subject, writer=version.spec.key, depth=self.depth, into=into)

    def _write(self, run: RunState, version: RunnableVersion, decision: Decision) -> None:
        """What the run sets; a field that the subject does not have fails it, visibly."""
        for write in decision.writes:
            try:
                old = self.subject.write(write.field, write.new, at=self.bench.at)
            except KeyError as error:
                run.state, run.reason = Run.State.FAILED, f"step {write.step} cannot be done: {error.args[0]}"
                return
            self.bench.into.changes.append(
                Change(
                    self.subject.ref,
                    write.field,
                    old,
                    write.new,
                    version.spec.key,
                    self.event_id,
                    run,
                    write.step,
                    self.depth,
                )
            )

    def _plan(self, run: RunState, version: RunnableVersion, decision: Decision) -> None:
        gone = {displaced.key for displaced in decision.displaced}
        if gone:
            self.bench.into.displaced.extend(decision.displaced)
            self.subject.sent = [sent for sent in self.subject.sent if sent.key not in gone]
        for effect in decision.effects:
            self.bench.into.effects.append((run, effect))
            if effect.refusal is None and (effect.kind == "send_message" or effect.once_key):
                self.subject.sent.append(
                    Sent(
                        channel=effect.payload.get("channel", ""),
                        at=effect.not_before or self.bench.at,
                        once_key=effect.once_key,
                        key=effect.key,
                        planned=True,
                        workflow=version.spec.key,
                        priority=effect.priority,
                    )
                )

    def _refused(self, version: RunnableVersion, admission: Admission) -> None:
        part = _heading(version) | {"entry": explain.admission(admission), "steps": [], "state": "refused"}
        self.parts.append((part | {"run_id": None}, None))

    def told(self) -> dict[str, Any]:
        """The runs' part of the account."""
        return {"workflows": [part for part, _ in self.parts]}

    def account(self, event_id: int | None, detail: dict[str, Any]) -> None:
        """Leave the trace."""
        account = Account(subject=self.subject.ref, event_id=event_id, detail=detail, parts=tuple(self.parts))
        self.bench.into.accounts.append(account)


def _heading(version: RunnableVersion) -> dict[str, Any]:
    return {"workflow": version.spec.key, "version": version.number, "digest": version.digest[:12]}
