"""Contacts of a batch, found or made and locked, with all that deciding needs to know of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from martechops.lib import bulk
from workflows.engine import identity
from workflows.engine.scoring import Score, Scoring
from workflows.engine.snapshot import Earlier, Sent, Snapshot
from workflows.models import Contact, ContactKey, Effect, Run

from .claim import Batch, ClaimedEvent

NO_SCORE = Score()


#: Fields that are columns of their own, besides the score.
_COLUMNS = ("email", "lifecycle_stage")


@dataclass(slots=True)
class RunState:
    """One run of a contact, as the batch changes it."""

    contact_id: int
    workflow_id: int
    version_id: int
    entry_key: str
    state: str
    step: str
    waits_for: str
    entered_at: datetime
    #: None until a new run is written.
    id: int | None = None
    event_id: int | None = None
    reason: str = ""
    due_at: datetime | None = None
    changed: bool = False

    @property
    def is_running(self) -> bool:
        return self.state == Run.State.WAITING


@dataclass(slots=True)
class Subject:
    """One contact of the batch: what is known of it now, changed in memory as the batch goes on."""

    id: int
    email: str | None = None
    lifecycle_stage: str | None = None
    score: Score = NO_SCORE
    #: By channel: {"state": …, "at": …}.
    consent: dict[str, dict[str, str]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    runs: list[RunState] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    is_new: bool = False
    changed: bool = False

    def snapshot(self, *, scoring: Scoring, at: datetime) -> Snapshot:
        """The contact as it stands at an instant, for the engine."""
        contact = {
            **self.fields,
            "email": self.email,
            "lifecycle_stage": self.lifecycle_stage,
            "score": scoring.now(self.score, at=at),
            "consent": {channel: entry["state"] for channel, entry in self.consent.items()},
        }
        return Snapshot(contact_id=self.id, contact=contact, sent=tuple(self.sent))

    def read(self, name: str) -> Any:
        """What a field holds now, a score without its fading."""
        if name == "score":
            return round(self.score.value)
        return getattr(self, name) if name in _COLUMNS else self.fields.get(name)

    def write(self, name: str, value: Any, *, at: datetime) -> Any:
        """Give a field another value; returns the former one. A score that is written fades from then on."""
        old = self.read(name)
        self.changed = True
        if name == "score":
            self.score = Score(float(value), at)
        elif name in _COLUMNS:
            setattr(self, name, value)
        else:
            self.fields[name] = value
        return old

    def earlier(self, workflow_id: int) -> tuple[Earlier, ...]:
        """Its runs of one workflow, whatever the version."""
        return tuple(
            Earlier(
                entry_key=run.entry_key,
                entered_at=run.entered_at,
                running=run.is_running,
                stopped=run.state == Run.State.STOPPED,
            )
            for run in self.runs
            if run.workflow_id == workflow_id
        )

    def run(self, run_id: int) -> RunState | None:
        return next((run for run in self.runs if run.id == run_id), None)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose event it is, and by what that was seen."""

    contact_id: int
    by: tuple[str, ...]
    #: The address that the event gave, in its one spelling.
    email: str | None
    #: Keys that belong to somebody else: two contacts may be one person.
    notes: tuple[str, ...]


@dataclass(slots=True)
class Subjects:
    """All contacts of a batch."""

    by_id: dict[int, Subject]
    #: By event id; an event that names nobody is not in it.
    recognised: dict[int, Recognised]
    #: Keys learnt in this batch.
    new_keys: dict[str, int]

    def versions(self) -> set[int]:
        """Versions that its runs are still on, live or finishing."""
        return {run.version_id for person in self.by_id.values() for run in person.runs if run.is_running}


def load(batch: Batch, events: Sequence[ClaimedEvent]) -> Subjects:
    """Find or make the contact of each event, lock them all in the order of their ids, and read what is known."""
    recognised, new_keys, new_ids = _recognise(events)
    ids = {found.contact_id for found in recognised.values()} | {
        timer.contact_id for timer in batch.timers if timer.contact_id is not None
    }
    by_id = locked(ids - new_ids)
    by_id.update({id: Subject(id=id, is_new=True, changed=True) for id in new_ids})
    read_runs(by_id)
    read_sent(by_id)
    return Subjects(by_id=by_id, recognised=recognised, new_keys=new_keys)


def locked(ids: Iterable[int]) -> dict[int, Subject]:
    """Lock contacts in the order of their ids, so that two workers never wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id, email, lifecycle_stage, score, scored_at, consent::json, fields::json
            FROM {Contact._meta.db_table} WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE
            """,  # noqa: S608
            [bulk.array(ids)],
        )
        return {
            id: Subject(id, email, stage, Score(score, scored_at), consent, fields)
            for id, email, stage, score, scored_at, consent, fields in cursor.fetchall()
        }


def read_runs(by_id: Mapping[int, Subject]) -> None:
    """Every run that the contacts are in or have been through."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT contact_id, workflow_id, version_id, entry_key, state, step, waits_for, entered_at, id
            FROM {Run._meta.db_table} WHERE contact_id = ANY(%s::bigint[]) ORDER BY id
            """,  # noqa: S608
            [bulk.array(by_id)],
        )
        for row in cursor.fetchall():
            by_id[row[0]].runs.append(RunState(*row))


def read_sent(by_id: Mapping[int, Subject], *, planned: bool = True) -> None:
    """What guards ask for of all that was done or may have been; with `planned`, of what is to be done too."""
    states = ["reserved", "done", "uncertain"] + (["planned", "held"] if planned else [])
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT contact_id, coalesce(payload ->> 'channel', ''), coalesce(reserved_at, planned_at), once_key
            FROM {Effect._meta.db_table}
            WHERE contact_id = ANY(%s::bigint[]) AND (kind = 'send_message' OR once_key IS NOT NULL)
              AND state = ANY(%s::text[])
            """,  # noqa: S608
            [bulk.array(by_id), bulk.array(states)],
        )
        for contact_id, channel, at, once_key in cursor.fetchall():
            by_id[contact_id].sent.append(Sent(channel=channel, at=at, once_key=once_key))


def _recognise(events: Sequence[ClaimedEvent]) -> tuple[dict[int, Recognised], dict[str, int], set[int]]:
    """Whose each event is; keys learnt on the way count for the events after it."""
    keys_of = {event.id: keys for event in events if (keys := identity.keys(event.body))}
    known, with_email = _known({key for keys in keys_of.values() for key in keys})
    stored = frozenset(known)
    spare_ids = iter(_take_contact_ids(len(keys_of)) if any(set(k) - stored for k in keys_of.values()) else ())
    recognised: dict[int, Recognised] = {}
    new_ids: set[int] = set()
    for event_id, keys in keys_of.items():
        by = _recognised_by(keys, known, with_email)
        contact_id = known[by] if by else next(spare_ids)
        if by is None:
            new_ids.add(contact_id)
        if _email(keys):
            with_email.add(contact_id)
        notes = []
        for key in keys:
            owner = known.setdefault(key, contact_id)
            if owner != contact_id:
                notes.append(f"{key.partition(':')[0]} key belongs to contact {owner}")
        recognised[event_id] = Recognised(
            contact_id=contact_id, by=(by,) if by else (), email=_email(keys), notes=tuple(notes)
        )
    return recognised, {key: owner for key, owner in known.items() if key not in stored}, new_ids


def _recognised_by(keys: tuple[str, ...], known: Mapping[str, int], with_email: set[int]) -> str | None:
    """The strongest known key.

    A shared browser is not a person: an anonymous id whose contact has an address does not take in another address.
    """
    by = next((key for key in keys if key in known), None)
    if by and by.startswith("anonymous:") and _email(keys) and known[by] in with_email:
        return None
    return by


def _email(keys: tuple[str, ...]) -> str | None:
    """An address is the strongest key, so it comes first if there is one."""
    return keys[0].removeprefix("email:") if keys[0].startswith("email:") else None


def _known(keys: set[str]) -> tuple[dict[str, int], set[int]]:
    """Contacts by key, and which of them have an e-mail address."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT k.key, k.contact_id, c.email IS NOT NULL
            FROM json_array_elements_text(%s::json) AS wanted (key)
            JOIN {ContactKey._meta.db_table} k ON k.key = wanted.key
            JOIN {Contact._meta.db_table} c ON c.id = k.contact_id
            """,  # noqa: S608
            [bulk.texts(keys)],
        )
        rows = cursor.fetchall()
    return {key: contact_id for key, contact_id, _ in rows}, {contact_id for _, contact_id, has in rows if has}


def _take_contact_ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        return bulk.take_ids(cursor, Contact._meta.db_table, count)
