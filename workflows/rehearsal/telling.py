"""A story told in a world of its own: who it is about, and then everything that happens, at its time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from workflows.engine.internal import TYPE, InternalEvent
from workflows.engine.scenarios import Given, Moment
from workflows.engine.scenarios.scenario import EMAIL, OPTIONAL, USER_ID, WILLING
from workflows.runtime.claim import ClaimedEvent
from workflows.runtime.subjects import Person

from .ground import HORIZON, Ground
from .leads import Lead, triggering
from .played import Played
from .rehearsal import Answer, Endless, Rehearsal

#: What is sent when somebody leaves a channel on our own page; see `workflows.actions.unsubscribing`.
_UNSUBSCRIBED = "Unsubscribed"


@dataclass(frozen=True, slots=True)
class Told:
    """A story and what came of it."""

    ground: Ground
    given: Given
    when: tuple[Moment, ...]
    began: datetime
    ended: datetime
    played: Played
    #: Why it was broken off; empty where it came to its end.
    endless: str = ""

    def at(self, moment: Moment) -> datetime:
        return moment.after.after(self.began)


def tell(given: Given, when: Sequence[Moment], *, ground: Ground) -> Told:
    """Everything, and then time enough for whatever waits."""
    given = _completed(given, ground)
    began = given.starts or ground.start
    world = ground.world(
        ground.defined, at=began - timedelta(days=1), agreeable=given.agreeable, watched=ground.watched
    )
    if given.known:
        _meet(world, given)
    teller = _Teller(world, given, ground, began)
    for moment in when:
        teller.happens(moment)
    last = max([moment.after.after(began) for moment in when], default=began)
    endless = ""
    try:
        world.play(until=last + HORIZON)
    except Endless as error:
        endless = str(error)
    return Told(ground, given, tuple(when), began, world.at, world.played, endless)


def spelled_out(given: Given, when: Sequence[Moment], *, ground: Ground) -> tuple[Given, tuple[Moment, ...]]:
    """The same story without "whoever has everything" and "whatever begins it", where it can be said plainly."""
    whole = _completed(given, ground)
    name, _ = triggering(ground.spec)
    plain = tuple(
        replace(moment, does="event", name=name, values=_properties(moment, given, ground), without=())
        if moment.does == "begins" and not name.startswith("$")
        else moment
        for moment in when
    )
    return replace(whole, lead="described"), plain


def _completed(given: Given, ground: Ground) -> Given:
    """With what its kind of lead brings, as far as it does not say otherwise itself."""
    if given.lead != WILLING:
        return given
    lead: Lead = ground.willing
    return replace(
        given,
        email=lead.email if given.email == EMAIL else given.email,
        stage=given.stage if given.stage is not None else lead.stage,
        score=given.score or lead.score,
        consent={**lead.consent, **given.consent},
        fields={**lead.fields, **given.fields},
    )


def _meet(world: Rehearsal, given: Given) -> Person:
    return world.meet(
        email=given.email,
        stage=given.stage,
        score=given.score,
        consent=given.consent,
        fields=given.fields,
        known_as={"user_id": USER_ID} | dict(given.known_as),
    )


def _properties(moment: Moment, given: Given, ground: Ground) -> dict[str, Any]:
    """What the workflow asks for, what the moment says, and nothing of what it leaves out."""
    name, _ = triggering(ground.spec)
    found = dict(ground.willing.properties)
    if "email" in found and given.email:
        found["email"] = given.email
    found |= moment.values
    if OPTIONAL in moment.without:
        kept = set(ground.required_of(name) or ()) | moment.values.keys()
        return {name: value for name, value in found.items() if name in kept}
    return {name: value for name, value in found.items() if name not in moment.without}


class _Teller:
    """Puts one moment after the other into a world."""

    def __init__(self, world: Rehearsal, given: Given, ground: Ground, began: datetime) -> None:
        self.world, self.given, self.ground, self.began = world, given, ground, began
        self._numbers = count(1)
        self._user_id = str(given.known_as.get("user_id") or USER_ID)
        #: By name of event: the id of the message that came last.
        self._last: dict[str, str] = {}

    def happens(self, moment: Moment) -> None:
        """It is put in its place; what it does depends on how things are by then."""
        at = moment.after.after(self.began)
        match moment.does:
            case "event":
                self._event(moment.name, dict(moment.values), moment, at)
            case "begins":
                self._begins(moment, at)
            case "consent":
                self.world.say({name: str(state) for name, state in moment.values.items()}, at=at)
            case "unsubscribes":
                self._leaves(moment, at)
            case "sets":
                self.world.put(moment.values, at=at)
            case "stage":
                self.world.then(lambda: self._moves(moment.name, at), at=at)
            case "answers":
                self.world.then(lambda: self._answers(moment, at), at=at)

    def _event(self, name: str, properties: Mapping[str, Any], moment: Moment, at: datetime) -> None:
        number = next(self._numbers)
        message = self._last.get(name) if moment.again else None
        self._last[name] = message = message or f"told-{number}"
        happened = moment.late.before(at) if moment.late else at
        body = {"type": "track", "event": name, "userId": self._user_id, "properties": dict(properties)}
        if not self.given.known and self.given.email:
            body["context"] = {"traits": {"email": self.given.email}}
        source = self.ground.sources.get(moment.source, 0)
        self.world.happen(ClaimedEvent(number, source, "track", name, message, happened, body), at=at)

    def _begins(self, moment: Moment, at: datetime) -> None:
        name, about = triggering(self.ground.spec)
        properties = _properties(moment, self.given, self.ground)
        if not name.startswith("$"):
            self._event(name, properties, moment, at)
            return
        self.world.then(lambda: self._inside(name, {**about, **properties}, at), at=at)

    def _inside(self, name: str, properties: Mapping[str, Any], at: datetime) -> None:
        person = next(iter(self.world.people.values()), None)
        subject = person.ref if person else _meet(self.world, self.given).ref
        event = InternalEvent(name, subject, at, properties)
        number = next(self._numbers)
        self.world.happen(ClaimedEvent(number, 0, TYPE, name, f"told-{number}", at, event.body()), at=at)

    def _leaves(self, moment: Moment, at: datetime) -> None:
        """As on our own page: it counts at once, and the event follows where the catalog has it."""
        self.world.say({moment.name: "denied"}, at=at, by="unsubscribe link")
        if _UNSUBSCRIBED in self.ground.defined.events:
            self._event(_UNSUBSCRIBED, {"channel": moment.name}, moment, at)

    def _moves(self, said: str, at: datetime) -> None:
        """By hand or by the CRM: to a stage by its key, or by its place beside the one that is."""
        stages = self.ground.stages
        person = next(iter(self.world.people.values()), None)
        if person is None or not stages:
            return
        now = stages.index(person.lifecycle_stage) if person.lifecycle_stage in stages else -1
        places = {"first": 0, "last": len(stages) - 1, "next": now + 1, "previous": now - 1}
        wanted = stages[min(max(places[said], 0), len(stages) - 1)] if said in places else said
        self.world.put({"lifecycle_stage": wanted}, at=at)

    def _answers(self, moment: Moment, at: datetime) -> None:
        """Whoever is asked at that step, or at any step that waits for people."""
        key = self.ground.spec.key
        steps = {run.step for run in self.world.played.runs.values() if run.is_running}
        for step in sorted({moment.step} if moment.step else steps):
            if step in self.ground.spec.positions and self.ground.spec.step(step).kind != "wait":
                self.world.answer(Answer(key, step, moment.name, by="somebody"), at=at)
