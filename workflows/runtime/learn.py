"""What an event teaches about its contact: fields, consent, stage and score, each under its field's authority."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from martechops.lib.frozen import dataclass
from workflows.engine import consents, record_changes
from workflows.engine.authority import Allowed, Refused, Verdict, Writer, consent_verdict, verdict
from workflows.engine.internal import SubjectRef
from workflows.engine.mapping import CompiledMapping

from .claim import ClaimedEvent
from .definitions import Definitions, EventRule
from .outcome import Change, Consent, Outcome, Points, Request
from .recognise import Recognised
from .subjects import Person, RunState

_UNKNOWN = Writer("source", "identity")
_NEVER_EMPTY = ("email", "lifecycle_stage", "score", "consent.")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One event, as far as it says something of its contact."""

    claimed: ClaimedEvent
    #: The event as rules and mappings see it.
    seen: Mapping[str, Any]
    subject: Person
    definitions: Definitions
    at: datetime
    into: Outcome

    def learn(self, recognised: Recognised) -> None:
        """Everything, in the order in which later parts may rely on earlier ones."""
        source = self.definitions.sources.get(self.claimed.source_id)
        if recognised.email:
            self._set("email", recognised.email, source.writer if source else _UNKNOWN)
        if source and source.mapping:
            self._fields(source.mapping, source.writer)
        if self.claimed.type != "track":
            return
        if rule := self.definitions.events.get(self.claimed.name):
            self._effects_of(rule)
        self._score()

    def _fields(self, mapping: CompiledMapping, writer: Writer) -> None:
        text_version = str(self.seen["properties"].get("consent_text_version") or "")
        for target, value in mapping.apply({"event": self.seen}).values.items():
            if target.startswith("consent."):
                self._consent(target.removeprefix("consent."), value, writer, text_version)
            elif target == "lifecycle_stage":
                self._stage(value, writer)
            else:
                self._set(target, value, writer)
        if self.claimed.name == record_changes.NAME:
            self._emptied(mapping, writer)

    def _stage(self, said: Any, writer: Writer) -> None:
        """A stage by its key, or by the CRM's word for it; what is neither is noted, and nobody could decide on it."""
        if (stage := self.definitions.catalog.stage_of(said, now=self.subject.lifecycle_stage)) is not None:
            self._set("lifecycle_stage", stage, writer)
        else:
            refused = Refused(f"{said} is no stage, and no CRM status that means one", may_ask=False)
            self._ask("lifecycle_stage", said, writer, refused)

    def _emptied(self, mapping: CompiledMapping, writer: Writer) -> None:
        """A field that is empty now in the system that tells of it; an address, a stage and consent never are."""
        emptied = {f"event.traits.{name}" for name, value in self.seen["traits"].items() if value in (None, "")}
        for row in mapping.rows:
            if row.source in emptied and row.default is None and not row.target.startswith(_NEVER_EMPTY):
                self._set(row.target, None, writer)

    def _effects_of(self, rule: EventRule) -> None:
        """What the catalog says that the event does by itself: consent and stage (requirements F1, F2)."""
        writer = Writer("event-type", f"event {rule.name}")
        for said_of, state in rule.consent_effect.items():
            self._consent(said_of, state, writer)
        if rule.stage_effect:
            stages = self.definitions.catalog.stages
            now = stages.get(self.subject.lifecycle_stage or "")
            wanted = stages[rule.stage_effect]
            if now is None or now.position < wanted.position:
                self._set("lifecycle_stage", wanted.key, writer)

    def _score(self) -> None:
        """Points that the event is worth, from the instant when it happened."""
        scoring, subject, happened_at = self.definitions.scoring, self.subject, self.claimed.occurred_at
        given = scoring.given(self.seen)
        if not given:
            return
        writer = Writer("event-type", f"event {self.claimed.name}")
        found = self._verdict("score", writer)
        if isinstance(found, Refused):
            # Points add up to what the score was then; nobody could decide on them later.
            refused = Refused(found.because, may_ask=False)
            self._ask("score", sum(one.points for one in given), writer, refused)
            return
        old = scoring.now(subject.score, at=self.at)
        for one in given:
            subject.score = scoring.add(subject.score, one.points, at=happened_at)
            self.into.points.append(Points(subject.id, self.claimed.id, one, happened_at))
        subject.changed = True
        new = scoring.now(subject.score, at=self.at)
        if old != new:
            self.into.changes.append(self._change("score", old, new, writer))

    def _consent(self, said_of: str, state: str, writer: Writer, text_version: str = "") -> None:
        """Enter a statement of a channel, or a purpose of it, in the ledger; `engine.consents` says what it changes."""
        channel, purpose = consents.parts(said_of)
        said_of = consents.name(channel, purpose)
        subject, happened_at, field = self.subject, self.claimed.occurred_at, f"consent.{said_of}"
        authority = self.definitions.catalog.fields.get(field)
        found = consent_verdict(authority, name=field, state=state, writer=writer)
        if isinstance(found, Refused):
            self._ask(field, state, writer, found)
            return
        self.into.consents.append(
            Consent(
                contact_id=subject.id,
                channel=channel,
                purpose=purpose,
                state=state,
                at=happened_at,
                event_id=self.claimed.id,
                text_version=text_version,
            )
        )
        folded = consents.stated(subject.consent, said_of, state, at=happened_at)
        if folded == subject.consent:
            return
        for name, old, new in consents.changed(subject.consent, folded):
            self.into.changes.append(self._change(f"consent.{name}", old, new, writer))
        subject.consent, subject.changed = folded, True

    def _set(self, name: str, value: Any, writer: Writer) -> None:
        """Write what the field's authority allows, ask for the rest. By a first address somebody is known at all."""
        old = self.subject.read(name)
        if old == value:
            return
        found = self._verdict(name, writer)
        if isinstance(found, Allowed) or (name == "email" and old is None):
            self.subject.write(name, value, at=self.claimed.occurred_at)
            self.into.changes.append(self._change(name, old, value, writer))
        else:
            self._ask(name, value, writer, found)

    def _change(self, name: str, old: Any, new: Any, writer: Writer) -> Change:
        return Change(self.subject.ref, name, old, new, writer.name, self.claimed.id, depth=self.claimed.depth)

    def _verdict(self, name: str, writer: Writer) -> Verdict:
        return verdict(self.definitions.catalog.fields.get(name), name=name, writer=writer)

    def _ask(self, name: str, value: Any, writer: Writer, refused: Refused) -> None:
        self.into.requests.append(
            request(
                self.subject.ref,
                name,
                value,
                writer=writer.name,
                refused=refused,
                definitions=self.definitions,
                event_id=self.claimed.id,
            )
        )


def request(
    subject: SubjectRef,
    name: str,
    value: Any,
    *,
    writer: str,
    refused: Refused,
    definitions: Definitions,
    event_id: int | None,
    run: RunState | None = None,
) -> Request:
    """What a refusal becomes; without an owner to ask, a note in the trace only."""
    authority = definitions.catalog.fields.get(name)
    owner_id = authority.owner_id if authority and refused.may_ask and subject.contact_id else None
    return Request(subject.contact_id, name, value, writer, refused.because, owner_id, event_id, run)
