"""Leads made up so that they come to a step: what a proof by rehearsal begins with.

A first guess has everything that the version asks for. Where it does not come to the step, the explanation of that
very rehearsal says what would have turned it, and the next guess has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from workflows.engine import examples
from workflows.engine.conditions import FieldType, Segments
from workflows.engine.counterfactual.changes import NOW, Change
from workflows.engine.counterfactual.steps import Answer, why_not, why_not_triggered
from workflows.engine.internal import TYPE, InternalEvent
from workflows.engine.spec import Spec
from workflows.models import EventType
from workflows.queries import segment_rules, segments
from workflows.runtime.claim import ClaimedEvent
from workflows.runtime.definitions import Definitions

from .played import Played
from .rehearsal import Endless, Rehearsal

#: Guesses before a step counts as out of reach; a rule that people write needs two or three.
MOST_GUESSES = 12
#: What the longest usual wait is shorter than.
HORIZON = timedelta(days=400)
#: Who it is, where nothing else is asked for.
_EMAIL = "lead@example.com"
_DONE = ("done", "held")


@dataclass(frozen=True, slots=True)
class Lead:
    """A contact as it is known, and the event that it comes with."""

    email: str | None = _EMAIL
    stage: str | None = None
    score: float = 0
    #: By channel; a channel that is not there never had a statement.
    consent: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    #: What it does afterwards, a minute apart: names of events and their properties.
    does: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def without_consent(self, channel: str, state: str | None) -> "Lead":
        """The same lead, who never said anything of the channel (None) or said another thing."""
        kept = {name: said for name, said in self.consent.items() if name != channel}
        return replace(self, consent=kept | ({channel: state} if state else {}))

    def changed(self, change: Change) -> "Lead":
        """With one fact otherwise; a fact that no lead has leaves it as it is."""
        whose, _, name = change.path.partition(".")
        if whose == "event" and name.startswith("properties."):
            return replace(self, properties=_put(self.properties, name.removeprefix("properties."), change.new))
        if whose != "contact":
            return self
        if name.startswith("consent."):
            said = {**self.consent, name.removeprefix("consent."): change.new}
            return replace(self, consent={channel: state for channel, state in said.items() if state})
        if name == "lifecycle_stage":
            return replace(self, stage=change.new)
        if name in ("email", "score"):
            return replace(self, **{name: change.new})
        return replace(self, fields={**self.fields, name: change.new})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What guesses are made from besides the version: see `workflows.queries.segments.field_types`."""

    fields: Mapping[str, FieldType]
    #: JSON Schema of each event type, by its name.
    schemas: Mapping[str, Any]
    segments: Segments


def vocabulary(rules: Segments | None = None) -> Vocabulary:
    """As it is now; `rules` of segments where somebody has read them. Three to five small queries."""
    schemas = dict(EventType.objects.values_list("name", "schema"))
    rules = segment_rules.rules() if rules is None else rules
    return Vocabulary(segments.field_types(), schemas, rules or {})


@dataclass(frozen=True, slots=True)
class Attempt:
    """How far a lead came."""

    lead: Lead
    played: Played
    #: Why it did not come to the step; empty where it did.
    says: str = ""


def willing(
    spec: Spec, step: str, *, defined: Definitions, vocabulary: Vocabulary, at: datetime, wants: tuple[str, ...] = _DONE
) -> Attempt:
    """A lead for whom the step is done, or the last guess with what stood against it.

    First one who does nothing more, then one who does all that the steps before it wait for.
    """
    lead = _first_guess(spec, vocabulary)
    quiet = _guessed(lead, spec, step, defined=defined, vocabulary=vocabulary, at=at, wants=wants)
    does = tuple((name, _event_of(name, vocabulary)) for name in _awaited(spec, step))
    if not quiet.says or not does:
        return quiet
    busy = _guessed(replace(lead, does=does), spec, step, defined=defined, vocabulary=vocabulary, at=at, wants=wants)
    return quiet if busy.says else busy


def _awaited(spec: Spec, step: str) -> dict[str, None]:
    """Events that the steps before it wait for, each once, in their order."""
    keys = [one.key for one in spec.steps]
    before = spec.steps[: keys.index(step)] if step in keys else ()
    return {one.wait.event: None for one in before if one.wait is not None and one.wait.event}


def _event_of(name: str, vocabulary: Vocabulary) -> Mapping[str, Any]:
    found = examples.of_schema(vocabulary.schemas.get(name) or {"type": "object"})
    return found if isinstance(found, dict) else {}


def _guessed(
    lead: Lead,
    spec: Spec,
    step: str,
    *,
    defined: Definitions,
    vocabulary: Vocabulary,
    at: datetime,
    wants: tuple[str, ...],
) -> Attempt:
    attempt = Attempt(lead, Played(), "nothing was tried")
    for _ in range(MOST_GUESSES):
        try:
            played = play(lead, spec=spec, defined=defined, at=at)
        except Endless as error:
            return Attempt(lead, Played(), str(error))
        if any(outcome in wants for outcome, _ in played.outcomes(spec.key, step)):
            return Attempt(lead, played)
        answer = _asked(spec, step, lead, played, vocabulary, at)
        attempt = Attempt(lead, played, answer.says or "it went another way")
        better = lead
        for change in answer.changes or ():
            if change.path == NOW:
                at = datetime.fromisoformat(change.new)
            better = better.changed(change)
        if better == lead and not any(change.path == NOW for change in answer.changes or ()):
            return attempt
        lead = better
    return attempt


def play(lead: Lead, *, spec: Spec, defined: Definitions, at: datetime) -> Played:
    """The lead's story: known for a day, then what begins the workflow happens, and everybody who is asked agrees."""
    world = Rehearsal(defined, at=at - timedelta(days=1), agreeable=True)
    person = world.meet(
        email=lead.email,
        stage=lead.stage,
        score=lead.score,
        consent=lead.consent,
        fields=lead.fields,
        known_as={"user_id": "lead"},
    )
    world.happen(_beginning(spec, lead, person.ref, at))
    for number, (name, properties) in enumerate(lead.does, start=1):
        then = at + timedelta(minutes=number)
        body = {"type": "track", "event": name, "userId": "lead", "properties": dict(properties)}
        world.happen(ClaimedEvent(1 + number, 0, "track", name, f"does-{number}", then, body))
    return world.play(until=at + HORIZON)


def _beginning(spec: Spec, lead: Lead, subject: Any, at: datetime) -> ClaimedEvent:
    """What the workflow waits for, with the lead's properties."""
    name, about = triggering(spec)
    if name.startswith("$"):
        event = InternalEvent(name, subject, at, {**about, **lead.properties})
        return ClaimedEvent(1, 0, TYPE, name, "begins", at, event.body())
    body = {"type": "track", "event": name, "userId": "lead", "properties": dict(lead.properties)}
    return ClaimedEvent(1, 0, "track", name, "begins", at, body)


def triggering(spec: Spec) -> tuple[str, dict[str, Any]]:
    """The event that begins it, and what it has to say where it says something by itself."""
    if spec.trigger is None:
        return "", {}
    name, values = spec.trigger.wants or ("", frozenset())
    return spec.trigger.names[0], {name: sorted(values)[0]} if values else {}


def _first_guess(spec: Spec, vocabulary: Vocabulary) -> Lead:
    """Everything there that any guard requires, every channel agreed to, and an event as its schema would have it."""
    name, _ = triggering(spec)
    lead = Lead(properties=_event_of(name, vocabulary))
    for step in spec.steps:
        if step.guards.consent:
            lead = lead.changed(Change(f"contact.consent.{step.guards.consent.channel}", None, "granted"))
        for path in step.guards.require:
            if path not in ("contact.email", "contact.score"):
                lead = lead.changed(Change(path, None, _example(path, vocabulary)))
    return replace(lead, email=_EMAIL)


def _example(path: str, vocabulary: Vocabulary) -> Any:
    field = vocabulary.fields.get(path)
    return examples.of_field(field) if field else "something"


def _asked(spec: Spec, step: str, lead: Lead, played: Played, vocabulary: Vocabulary, at: datetime) -> Answer:
    """What stood against it, by the explanation of the rehearsal itself."""
    if played.held:
        return Answer("", f"the event is refused: {played.held[0].reasons[0].says}")
    parts = [part for account in played.accounts for part, _ in account.parts if part["workflow"] == spec.key]
    if not parts:
        event = {"name": triggering(spec)[0], "properties": dict(lead.properties), "traits": {}}
        contact = {**lead.fields, "email": lead.email, "lifecycle_stage": lead.stage, "consent": dict(lead.consent)}
        facts = {"contact": {**contact, "score": lead.score}, "event": event, "now": at}
        return why_not_triggered(spec, facts, fields=vocabulary.fields, segments=vocabulary.segments)
    whole = {**parts[-1], "entry": parts[0].get("entry"), "steps": [one for part in parts for one in part["steps"]]}
    return why_not(spec, step, whole, at=at, fields=vocabulary.fields, segments=vocabulary.segments)


def _put(document: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    inner = document.get(first)
    return {**document, first: _put(inner if isinstance(inner, Mapping) else {}, rest, value) if rest else value}
