"""A world in memory: contacts, a queue and a clock of its own, and far sides that always say yes.

>>> from datetime import UTC, datetime
>>> world = Rehearsal(nothing_defined(), at=datetime(2026, 11, 23, tzinfo=UTC))
>>> world.play().effects
{}
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

from workflows.engine import consents, guards, identity, internal
from workflows.engine.conditions import Condition
from workflows.engine.internal import InternalEvent, SubjectRef
from workflows.engine.scoring import Score, Scoring
from workflows.engine.snapshot import Catalog
from workflows.engine.triggers import SEGMENT_ENTERED, SEGMENT_LEFT
from workflows.queries.live import Today
from workflows.runtime import consequences, handle
from workflows.runtime.claim import ClaimedEvent, ClaimedTimer
from workflows.runtime.definitions import Definitions
from workflows.runtime.hands import Hands
from workflows.runtime.outcome import Change, Consent, Outcome
from workflows.runtime.recognise import Recognised, preferred
from workflows.runtime.subjects import Item, Person, RunState, Subject, Subjects
from workflows.runtime.validate import sort_out

from . import watching
from .played import Logged, Played, PlayedEffect

#: Of what is due at one instant, events come first, then timers, then far sides.
_EVENT, _TIMER, _FAR_SIDE = 0, 1, 2
#: A story that sets itself off in a circle ends here.
MOST_TURNS = 20_000


class Endless(Exception):
    """The story goes on and on: workflows of it set each other off."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody answers a run that asked: "yes" or "no" to a question, "accepted" or "refused" to work passed on."""

    workflow: str
    step: str
    answer: str
    by: str = ""
    note: str = ""


class Rehearsal:
    """One world. Not for two threads."""

    def __init__(
        self,
        defined: Definitions,
        *,
        at: datetime,
        agreeable: bool = False,
        watched: Mapping[str, Condition] | None = None,
    ) -> None:
        """With `agreeable`, whoever is asked says yes at once. `watched`: `watching.rules`, where it is known."""
        self.defined, self.at, self.agreeable = defined, at, agreeable
        self.played = Played()
        self.people: dict[int, Person] = {}
        self.items: dict[int, Item] = {}
        self.keys: dict[str, int] = {}
        self._workspace = Subject()
        self._hands = Hands(defined)
        self._due: list[tuple[datetime, int, int, Callable[[], None]]] = []
        self._order, self._run_ids, self._event_ids, self._ids = count(), count(1), count(1), count(1)
        self._happened: dict[str, list[datetime]] = {}
        self._rules = watching.rules(defined) if watched is None else watched
        self._members: dict[tuple[str, int], bool] = {}
        self._received: set[tuple[int, str]] = set()

    def meet(
        self,
        *,
        id: int | None = None,
        email: str | None = None,
        stage: str | None = None,
        score: float = 0,
        consent: Mapping[str, str] | None = None,
        fields: Mapping[str, Any] | None = None,
        known_as: Mapping[str, str] | None = None,
    ) -> Person:
        """A contact who is known before the story begins; `consent` by channel."""
        person = Person(id=id or next(self._ids), email=email, lifecycle_stage=stage, fields=dict(fields or {}))
        person.score = Score(float(score), self.at) if score else person.score
        stated = self.at.isoformat()
        person.consent = {channel: {"state": state, "at": stated} for channel, state in (consent or {}).items()}
        person.known_as = dict(known_as or {})
        names = {"traits": {"email": email}, **({"userId": person.known_as["user_id"]} if known_as else {})}
        self.keys |= dict.fromkeys(identity.keys(names), person.id)
        return self.know(person)

    def know(self, person: Person) -> Person:
        """A contact as the database has it."""
        self.people[person.id] = person
        for run in person.runs:
            if run.id is not None:
                self.played.runs[run.id] = run
                self._await(run)
        for segment, rule in self._rules.items():
            self._members[segment, person.id] = watching.holds(rule, person, self.defined.scoring, self.at)
        return person

    def happen(self, event: ClaimedEvent, *, at: datetime | None = None) -> None:
        """An event comes in when it happened, or at `at`."""
        self._push(at or event.occurred_at, _EVENT, lambda: self._take(event))

    def track(self, name: str, *, at: datetime, email: str, source_id: int = 0, **properties: Any) -> None:
        """A track event of somebody with that address."""
        number = next(self._event_ids)
        body = {"type": "track", "event": name, "properties": {"email": email, **properties}}
        self.happen(
            ClaimedEvent(number, source_id, "track", name, f"story-{number}", at, body),
        )

    def answer(self, said: Answer, *, at: datetime) -> None:
        """Whatever run waits at that step then is answered."""
        self._push(at, _EVENT, lambda: self._answer(said))

    def say(self, said: Mapping[str, str], *, at: datetime, by: str = "preference page") -> None:
        """Somebody states consent here and now, by channel, outside every event."""
        self._push(at, _EVENT, lambda: self._with_person(lambda person, into: self._say(person, said, by, into)))

    def put(self, fields: Mapping[str, Any], *, at: datetime, by: str = "CRM") -> None:
        """A system that may write these fields writes them."""
        self._push(at, _EVENT, lambda: self._with_person(lambda person, into: self._put(person, fields, by, into)))

    def then(self, do: Callable[[], None], *, at: datetime) -> None:
        """Whatever is to be done to this world at an instant."""
        self._push(at, _EVENT, do)

    def play(self, *, until: datetime | None = None) -> Played:
        """Let everything happen that is due, up to `until`, or until nothing is due any more. Raises Endless."""
        for _ in range(MOST_TURNS):
            if not self._due or (until and self._due[0][0] > until):
                self.at = max(self.at, until or self.at)
                return self.played
            at, _, _, turn = heapq.heappop(self._due)
            self.at = max(self.at, at)
            turn()
        raise Endless(f"after {MOST_TURNS} turns the story still goes on, at {self.at:%Y-%m-%d %H:%M} UTC")

    def _push(self, at: datetime, rank: int, turn: Callable[[], None]) -> None:
        heapq.heappush(self._due, (max(at, self.at), rank, next(self._order), turn))

    def _with_person(self, move: Callable[[Person, Outcome], None]) -> None:
        """The contact of the story, if there is one by now: stories are about one."""
        if person := next(iter(self.people.values()), None):
            self._turn(person, lambda bench: move(person, bench.into))

    def _say(self, person: Person, said: Mapping[str, str], by: str, into: Outcome) -> None:
        for name, state in said.items():
            channel, purpose = consents.parts(name)
            folded = consents.decided(person.consent, name, state, at=self.at)
            stated = datetime.fromisoformat(folded[consents.name(channel, purpose)]["at"])
            into.consents.append(Consent(person.id, channel, purpose, state, stated, 0, ""))
            for of, old, new in consents.changed(person.consent, folded):
                into.changes.append(Change(person.ref, f"consent.{of}", old, new, by))
            person.consent, person.changed = folded, True

    def _put(self, person: Person, fields: Mapping[str, Any], by: str, into: Outcome) -> None:
        for name, value in fields.items():
            if person.read(name) != value:
                old = person.write(name, value, at=self.at)
                into.changes.append(Change(person.ref, name, old, value, by))

    def _was_received(self, event: ClaimedEvent) -> bool:
        """The door takes each message of a source once, whatever it says the second time."""
        before, message = len(self._received), (event.source_id, event.message_id)
        self._received.add(message)
        return event.type != internal.TYPE and len(self._received) == before

    def _take(self, received: ClaimedEvent) -> None:
        if self._was_received(received):
            return
        event = self.defined.current(received)
        good, violations = sort_out([event], self.defined)
        self.played.held += violations
        self._log(*violations)
        if not good:
            return
        if event.subject is not None:
            if subject := self._of(event.subject):
                self._turn(subject, lambda bench: handle.inside(event, subject, bench=bench))
            return
        recognised = self._recognise(event)
        person = self.people[recognised.contact_id]
        self._turn(person, lambda bench: handle.event(event, person, recognised, bench=bench))

    def _recognise(self, event: ClaimedEvent) -> Recognised:
        """As live: by the strongest key that is known; the others are learnt."""
        keys = identity.keys(event.body)
        by = preferred(keys, self.keys, {self.keys[key] for key in keys if self._has_email(key)})
        if by is None:
            person = self.know(Person(id=next(self._ids), is_new=True))
        else:
            person = self.people[self.keys[by]]
            person.is_new = False
        for key in keys:
            self.keys.setdefault(key, person.id)
        email = keys[0].removeprefix("email:") if keys[0].startswith("email:") else None
        return Recognised(person.id, (by,) if by else (), email, ())

    def _has_email(self, key: str) -> bool:
        return key in self.keys and self.people[self.keys[key]].email is not None

    def _of(self, ref: SubjectRef) -> Subject | None:
        if ref.kind == "workspace":
            return self._workspace
        return (self.people if ref.kind == "contact" else self.items).get(ref.id or 0)

    def _answer(self, said: Answer) -> None:
        for run in list(self.played.runs.values()):
            version = self.defined.version(run.version_id)
            if run.is_running and run.step == said.step and version.spec.key == said.workflow:
                self._inside(_answered(run, said, self.at))

    def _inside(self, event: InternalEvent) -> None:
        """Something happened inside: it is next, unless workflows go round in a circle."""
        if event.is_a_loop:
            raise Endless(internal.loop_says(event))
        number = next(self._event_ids)
        claimed = ClaimedEvent(number, 0, internal.TYPE, event.name, f"story-{number}", self.at, event.body())
        self._push(self.at, _EVENT, lambda: self._take(claimed))

    def _turn(self, subject: Subject, move: Callable[[handle.Bench], None]) -> None:
        into = Outcome()
        move(handle.Bench(self.defined, self._hands, self.at, into))
        self._keep_runs(subject)
        self.played.changes += into.changes
        accounts = [account.told() for account in into.accounts]
        self.played.accounts += accounts
        self._log(*into.consents, *into.changes, *accounts)
        self.played.goals += [(run, goal.name) for run, goal in into.goals]
        self._keep_asked(into)
        for displaced in into.displaced:
            self._settle(self.played.effects[displaced.key], "suppressed", displaced.because)
        for run, effect in into.effects:
            self._plan(run, effect)
        caused = consequences.caused(_alone(subject), into, self.defined, at=self.at)
        for event in [*caused, *self._moved(subject, into)]:
            self._inside(event)

    def _keep_runs(self, subject: Subject) -> None:
        for run in subject.runs:
            if run.id is None:
                run.id = next(self._run_ids)
                self.played.runs[run.id] = run
            if run.changed:
                run.changed = False
                self._await(run)

    def _keep_asked(self, into: Outcome) -> None:
        self.played.asked += [(run, asked.step, asked.team) for run, asked in into.questions]
        self.played.asked += [(run, made.step, made.to_team) for run, made, _ in into.handoffs]
        self.played.asked += [(run, given.step, given.owner) for run, given in into.assignments]
        if self.agreeable:
            asking = [(run, "yes") for run, _ in into.questions]
            asking += [(run, "accepted") for run, made, _ in into.handoffs if made.must_accept]
            asking += [(run, "accepted") for run, given in into.assignments if given.due_at]
            for run, answer in asking:
                self._inside(_answered(run, Answer("", run.step, answer, by="somebody"), self.at))

    def _await(self, run: RunState) -> None:
        """Its timer; one that was set before and is no longer meant does nothing."""
        due_at = run.due_at
        if not run.is_running or due_at is None:
            return

        def ring() -> None:
            subject = self._of(run.subject)
            if subject and run.is_running and run.due_at == due_at:
                timer = ClaimedTimer(run.id or 0, run.subject.contact_id, run.subject.content_id, due_at)
                self._turn(subject, lambda bench: handle.timer(timer, subject, bench=bench))

        self._push(due_at, _TIMER, ring)

    def _plan(self, run: RunState, effect: Any) -> None:
        if effect.key in self.played.effects:
            return
        version = self.defined.version(run.version_id)
        planned = PlayedEffect(
            key=effect.key,
            subject=run.subject,
            workflow=version.spec.key,
            version=version.number,
            step=effect.step,
            kind=effect.kind,
            system=effect.system,
            payload=effect.payload,
            run=run,
            decided_at=self.at,
            once_key=effect.once_key,
            at=effect.not_before,
        )
        self.played.effects[effect.key] = planned
        if effect.refusal is not None:
            self._settle(planned, "suppressed", effect.refusal)
        elif effect.hold_for is not None and not self.agreeable:
            planned.state, planned.reason = "held", f"somebody of {effect.hold_for} has to let it go"
        else:
            self._push(effect.not_before or self.at, _FAR_SIDE, lambda: self._reserve(planned))

    def _reserve(self, effect: PlayedEffect) -> None:
        """The guards are asked once more; then it is done, for no far side is there to refuse."""
        if effect.state != "planned":
            return
        version = self.defined.version(effect.run.version_id)
        person = self.people.get(effect.subject.contact_id or 0)
        if person is not None:
            verdicts = self._verdicts(effect, version.spec, person)
            if refusal := guards.refusal(verdicts):
                self._settle(effect, "suppressed", refusal)
                return
            if opening := guards.held_until(verdicts):
                self._put_off(effect, opening)
                return
        limit, happened = version.spec.limits, self._happened.setdefault(version.spec.key, [])
        if limit and (free := guards.free_at(limit, happened=happened, at=self.at)) > self.at:
            self._put_off(effect, free)
            return
        happened.append(self.at)
        self._settle(effect, "done", "")
        if person is not None:
            effect.consent = person.consent.get(effect.channel, {}).get("state")
            effect.facts = person.snapshot(scoring=self.defined.scoring, at=self.at).contact
            person.sent = [
                replace(sent, planned=False, at=self.at) if sent.key == effect.key else sent for sent in person.sent
            ]

    def _verdicts(self, effect: PlayedEffect, spec: Any, person: Person) -> tuple[guards.Verdict, ...]:
        snapshot = person.snapshot(scoring=self.defined.scoring, at=self.at)
        asked = spec.step(effect.step).guards
        still = tuple(path for path in asked.require if path.startswith("contact."))
        return guards.check(
            replace(asked, require=still),
            facts={"contact": snapshot.contact},
            sent=[sent for sent in person.sent if not sent.planned],
            channel=effect.channel or None,
            once_key=effect.once_key,
            at=self.at,
            terms=guards.terms(spec, catalog=self.defined.catalog, snapshot=snapshot),
        )

    def _put_off(self, effect: PlayedEffect, until: datetime) -> None:
        effect.at = until
        self._push(until, _FAR_SIDE, lambda: self._reserve(effect))

    def _settle(self, effect: PlayedEffect, state: str, reason: str) -> None:
        effect.state, effect.reason, effect.at = state, reason, self.at
        self._log(effect)

    def _log(self, *what: Any) -> None:
        self.played.log += [Logged(self.at, one) for one in what]

    def _moved(self, subject: Subject, into: Outcome) -> list[InternalEvent]:
        """Watched segments that it came into or went out of."""
        if not isinstance(subject, Person) or not subject.changed:
            return []
        subject.changed = False
        depth = into.depths.get(subject.id, 0) + 1
        moves = []
        for segment, rule in self._rules.items():
            now = watching.holds(rule, subject, self.defined.scoring, self.at)
            if self._members.get((segment, subject.id), False) != now:
                self._members[segment, subject.id] = now
                name = SEGMENT_ENTERED if now else SEGMENT_LEFT
                moves.append(InternalEvent(name, subject.ref, self.at, {"segment": segment}, depth=depth))
        return moves


def _answered(run: RunState, said: Answer, at: datetime) -> InternalEvent:
    properties = {"run_id": run.id, "step": run.step, "answer": said.answer, "by": said.by, "note": said.note}
    return InternalEvent(internal.ANSWERED, run.subject, at, properties)


def _alone(subject: Subject) -> Subjects:
    people = {subject.id: subject} if isinstance(subject, Person) else {}
    items = {subject.row.pk: subject} if isinstance(subject, Item) else {}
    return Subjects(people, items, None if people or items else subject, {}, {})


def nothing_defined() -> Definitions:
    """A workspace without any definition."""
    none = Today.of({}, {})
    return Definitions(Catalog({}, {}, {}), {}, {}, Scoring(()), {}, none)
