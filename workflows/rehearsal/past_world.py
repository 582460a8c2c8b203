"""One contact's past, played: a rehearsal that begins with what was, and in which everything has its recorded hour."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from workflows.engine import consents, identity, internal
from workflows.engine.conditions import Condition
from workflows.engine.spec import Step
from workflows.runtime import handle
from workflows.runtime.claim import ClaimedEvent, ClaimedTimer
from workflows.runtime.definitions import Definitions
from workflows.runtime.outcome import Change, Consent, Outcome
from workflows.runtime.recognise import Recognised
from workflows.runtime.subjects import Person, RunState

from .played import PlayedEffect
from .recorded import Edit, Handled, Recorded, Said, Story, is_untold
from .rehearsal import _EVENT, _FAR_SIDE, _TIMER, Answer, Rehearsal, _answered

#: Numbers of runs that begin in a replay: none that is recorded has such a one.
_FIRST_RUN = 1 << 52


class PastWorld(Rehearsal):
    """Whose far sides say yes when they did, and whose guards are asked once more at the hour at which they were."""

    def __init__(
        self, story: Story, defined: Definitions, *, since: datetime, watched: Mapping[str, Condition]
    ) -> None:
        super().__init__(defined, at=since, watched=watched)
        self.story = story
        #: What could not happen here as it did: reason and words.
        self.missed: list[tuple[str, str]] = []
        self._run_ids = count(_FIRST_RUN)
        self._happened = _Forgetful()
        self._echoes: Mapping[int, int] = {
            one.event.id: one.event.id for one in story.happened if isinstance(one, Handled) and one.is_echo
        }
        self._enter(story)

    def _enter(self, story: Story) -> None:
        person = story.met()
        person.sent = []
        for workflow_id, sent in story.sent:
            workflow, priority = self.defined.priority(workflow_id)
            person.sent.append(replace(sent, workflow=workflow, priority=priority))
        for run in person.runs:
            if is_untold(run):
                step = self.defined.version(run.version_id).spec.step(run.step)
                run.waits_for = wakes(step)
        self.person = self.know(person)
        for one in story.under_way:
            if one.acted_at is not None:
                self._push(one.acted_at, _FAR_SIDE, _settled(person, one, one.acted_at))
        for happened in story.happened:
            self._schedule(happened)

    def _schedule(self, happened: Handled | Edit | Said) -> None:
        if isinstance(happened, Handled):
            self.happen(happened.event, at=happened.at)
        elif isinstance(happened, Said):
            self._push(happened.at, _EVENT, lambda: self._told(happened))
        else:
            self._push(happened.at, _EVENT, lambda: self._edited(happened))

    def _recognise(self, event: ClaimedEvent) -> Recognised:
        """Whose it was is known; the address that it gave is learnt as it was then."""
        keys = identity.keys(event.body)
        self.person.is_new = False
        email = keys[0].removeprefix("email:") if keys and keys[0].startswith("email:") else None
        return Recognised(self.person.id, ("recorded",), email, ())

    def _turn(self, subject: Any, move: Any) -> None:
        if not self._echoes:
            super()._turn(subject, move)
        else:
            super()._turn(subject, lambda bench: move(replace(bench, echoes=self._echoes)))

    def _edited(self, edit: Edit) -> None:
        """Somebody writes a value, and workflows hear of it."""
        person = self.person
        if edit.field.startswith("consent."):
            self._turn(person, lambda bench: _say(person, edit, bench.into))
        elif person.read(edit.field) != edit.new:
            self._turn(person, lambda bench: _write(person, edit, bench.into))

    def _told(self, said: Said) -> None:
        """The run of the same entry is answered, if it stands there."""
        for run in self.person.runs:
            if (run.workflow_id, run.entry_key) == said.entry and run.is_running and run.step == said.step:
                answer = Answer("", said.step, said.answer, by=said.by, note=said.note)
                self._inside(_answered(run, answer, self.at))
                return
        self.missed.append(("unanswered", f"nobody stands at step {said.step} of {said.entry[1]}"))

    def _await(self, run: RunState) -> None:
        """As recorded, where the same timer rang then: whoever was busy came later."""
        due_at = run.due_at
        if not run.is_running or due_at is None:
            return
        rang_at = self.story.rang.get(((run.workflow_id, run.entry_key), due_at.isoformat()), due_at)

        def ring() -> None:
            if run.is_running and run.due_at == due_at:
                timer = ClaimedTimer(run.id or 0, run.subject.contact_id, run.subject.content_id, due_at)
                self._turn(self.person, lambda bench: handle.timer(timer, self.person, bench=bench))

        self._push(rang_at, _TIMER, ring)

    def _plan(self, run: RunState, effect: Any) -> None:
        """What somebody let go then is let go again."""
        super()._plan(run, effect)
        planned, recorded = self.played.effects[effect.key], self.story.ledger.get(effect.key)
        if planned.state == "held" and recorded and recorded.acted_at and recorded.state != "cancelled":
            planned.state, planned.reason = "planned", ""
            self._push(recorded.acted_at, _FAR_SIDE, lambda: self._reserve(planned))

    def _reserve(self, effect: PlayedEffect) -> None:
        """When it was done; what is still to come stays so, and what a person called off is called off."""
        recorded = self.story.ledger.get(effect.key)
        if effect.state != "planned":
            return
        if recorded is None:
            super()._reserve(effect)
        elif recorded.acted_at is None:
            effect.at = recorded.not_before
        elif recorded.acted_at > self.at:
            self._put_off(effect, recorded.acted_at)
        elif recorded.state == "cancelled":
            self._settle(effect, "cancelled", recorded.reason)
        else:
            super()._reserve(effect)


class _Forgetful(dict[str, list[datetime]]):
    """What a workflow did lately, for all contacts: one contact cannot know it, and it moves the hour alone."""

    def setdefault(self, key: str, default: Any = None) -> list[datetime]:
        del key
        return list(default or ())


def wakes(step: Step) -> str:
    """The event that a run waits for at a step."""
    if step.wait is None:
        return ""
    return step.wait.event or internal.change_of(step.wait.date or "") or ""


def _settled(person: Person, one: Recorded, at: datetime) -> Callable[[], None]:
    """A message of before the window is sent, or is no longer on its way."""

    def settle() -> None:
        if one.happened:
            person.sent = [replace(sent, planned=False, at=at) if sent.key == one.key else sent for sent in person.sent]
        else:
            person.sent = [sent for sent in person.sent if sent.key != one.key]

    return settle


def _write(person: Person, edit: Edit, into: Outcome) -> None:
    old = person.write(edit.field, edit.new, at=edit.at)
    into.changes.append(Change(person.ref, edit.field, old, edit.new, edit.writer))


def _say(person: Person, edit: Edit, into: Outcome) -> None:
    said_of = edit.field.removeprefix("consent.")
    channel, purpose = consents.parts(said_of)
    into.consents.append(Consent(person.id, channel, purpose, edit.new, edit.at, 0, ""))
    folded = consents.decided(person.consent, said_of, edit.new, at=edit.at)
    for name, old, new in consents.changed(person.consent, folded):
        into.changes.append(Change(person.ref, f"consent.{name}", old, new, edit.writer))
    person.consent, person.changed = folded, True
