"""What the events and timers of a batch are about, locked, with all that deciding needs to know of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from martechops.lib import bulk, prepared
from martechops.lib.frozen import dataclass
from workflows.engine import consents
from workflows.engine.internal import ARRIVAL, WORKSPACE, SubjectRef, subject_of
from workflows.engine.rosters import Desk
from workflows.engine.scoring import Score, Scoring
from workflows.engine.snapshot import Earlier, Sent, Snapshot
from workflows.models import Assignment, Contact, ContactKey, ContentItem, Effect, Run

from .claim import Batch, ClaimedEvent
from .definitions import Definitions
from .recognise import Recognised, recognise

NO_SCORE = Score()

#: Fields that are columns of their own, besides the score.
_COLUMNS = ("email", "lifecycle_stage")
#: What steps may change of a content item.
_ITEM_FIELDS = ("state", "channels", "link", "body", "planned_for", "published_at")
#: Namespace of the lock that stands for the workspace itself.
_WORKSPACE_LOCK = 7303


@dataclass(slots=True)
class RunState:
    """One run, as the batch changes it."""

    subject: SubjectRef
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
    #: Who was asked at the step it waits at, in order.
    tried: tuple[str, ...] = ()
    #: From another version to its own; `past` says what it did there.
    was_moved: bool = False
    done: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()

    @property
    def is_running(self) -> bool:
        return self.state == Run.State.WAITING

    @property
    def arrives(self) -> bool:
        """It was put at its step, and has not begun it."""
        return self.waits_for == ARRIVAL


@dataclass(slots=True)
class Subject:
    """What a run is about. This one is the workspace itself; `Person` and `Item` know more."""

    runs: list[RunState] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    changed: bool = False
    ref: SubjectRef = field(init=False, default=WORKSPACE)

    def snapshot(self, *, scoring: Scoring, at: datetime, desks: Mapping[str, Desk] | None = None) -> Snapshot:
        """It as it stands at an instant, for the engine."""
        del scoring, at
        return Snapshot(0, {}, sent=tuple(self.sent), kind="workspace", desks=desks or {})

    def write(self, name: str, value: Any, *, at: datetime) -> Any:
        """Give a field another value; returns the former one. Raises KeyError for what it has no field for."""
        raise KeyError(name)

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


@dataclass(slots=True)
class Person(Subject):
    """One contact of the batch: what is known of it now, changed in memory as the batch goes on."""

    id: int = 0
    email: str | None = None
    lifecycle_stage: str | None = None
    score: Score = NO_SCORE
    #: By channel, and by channel and purpose: see `engine.consents`.
    consent: dict[str, dict[str, str]] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    #: What systems know it by, such as user_id.
    known_as: dict[str, str] = field(default_factory=dict)
    is_new: bool = False

    def __post_init__(self) -> None:
        self.ref = SubjectRef("contact", self.id)

    def snapshot(self, *, scoring: Scoring, at: datetime, desks: Mapping[str, Desk] | None = None) -> Snapshot:
        """The contact as it stands at an instant, for the engine."""
        contact = {
            **self.known_as,
            **self.fields,
            "email": self.email,
            "lifecycle_stage": self.lifecycle_stage,
            "score": scoring.now(self.score, at=at),
            **consents.facts(self.consent),
        }
        return Snapshot(contact_id=self.id, contact=contact, sent=tuple(self.sent), desks=desks or {})

    def read(self, name: str) -> Any:
        """What a field holds now, a score without its fading."""
        if name == "score":
            return round(self.score.value)
        return getattr(self, name) if name in _COLUMNS else self.fields.get(name)

    def write(self, name: str, value: Any, *, at: datetime) -> Any:
        """A score that is written fades from then on."""
        old = self.read(name)
        self.changed = True
        if name == "score":
            self.score = Score(float(value), at)
        elif name in _COLUMNS:
            setattr(self, name, value)
        else:
            self.fields[name] = value
        return old


@dataclass(slots=True)
class Item(Subject):
    """One content item of the batch, changed in its row."""

    row: ContentItem = field(default_factory=ContentItem)

    def __post_init__(self) -> None:
        self.ref = SubjectRef("content", self.row.pk)

    def snapshot(self, *, scoring: Scoring, at: datetime, desks: Mapping[str, Desk] | None = None) -> Snapshot:
        """The item as rules see it under `content.`."""
        del scoring, at
        row = self.row
        known = {
            "key": row.key,
            "name": row.name,
            "kind": row.kind,
            "state": row.state,
            "owner": row.owner.key,
            "channels": row.channels,
            "link": row.link,
            "approved": row.is_agreed,
            "planned_for": row.planned_for.isoformat() if row.planned_for else None,
            "published_at": row.published_at.isoformat() if row.published_at else None,
        }
        return Snapshot(
            0, {}, sent=tuple(self.sent), kind="content", subject_id=str(row.pk), subject=known, desks=desks or {}
        )

    def write(self, name: str, value: Any, *, at: datetime) -> Any:
        """As it is published it also gets the instant."""
        if name not in _ITEM_FIELDS:
            raise KeyError(f"a content item has no field {name} that a step may set")
        old = getattr(self.row, name)
        setattr(self.row, name, value)
        if name == "state" and value == ContentItem.State.PUBLISHED:
            self.row.published_at = at
        self.row.updated_at = at
        self.changed = True
        return old


@dataclass(slots=True)
class Subjects:
    """All that the events and timers of a batch are about."""

    people: dict[int, Person]
    items: dict[int, Item]
    workspace: Subject | None
    #: By event id; an event that names nobody is not in it.
    recognised: dict[int, Recognised]
    #: Keys learnt in this batch.
    new_keys: dict[str, int]

    def of(self, ref: SubjectRef) -> Subject | None:
        """None for one that is gone."""
        if ref.kind == "workspace":
            return self.workspace
        return (self.people if ref.kind == "contact" else self.items).get(ref.id or 0)

    def others(self) -> dict[SubjectRef, Subject]:
        """Those that are no contacts."""
        others = [*self.items.values(), *([self.workspace] if self.workspace else [])]
        return {one.ref: one for one in others}

    def all(self) -> list[Subject]:
        """Each of them once."""
        return [*self.people.values(), *self.items.values(), *([self.workspace] if self.workspace else [])]

    def versions(self) -> set[int]:
        """Versions that its runs are still on, live or finishing."""
        return {run.version_id for subject in self.all() for run in subject.runs if run.is_running}


class MergedMeanwhile(IntegrityError):
    """A contact was merged into another after it was recognised and before it was locked: take the batch again."""


def load(batch: Batch, events: Sequence[ClaimedEvent], definitions: Definitions) -> Subjects:
    """Find or make the contact of each event, lock all subjects in the order of their ids, and read what is known."""
    found = recognise([event for event in events if event.subject is None])
    refs = {event.subject for event in events if event.subject} | {timer.subject for timer in batch.timers}
    ids = {one.contact_id for one in found.recognised.values()} | {ref.id for ref in refs if ref.kind == "contact"}
    people = locked({id for id in ids if id is not None} - found.new_ids)
    if any(one.contact_id not in people and one.contact_id not in found.new_ids for one in found.recognised.values()):
        raise MergedMeanwhile
    people.update({id: Person(id=id, is_new=True, changed=True) for id in found.new_ids})
    items = _locked_items({ref.id for ref in refs if ref.kind == "content" and ref.id is not None})
    workspace = _locked_workspace() if WORKSPACE in refs else None
    subjects = Subjects(people, items, workspace, found.recognised, found.new_keys)
    _read_runs(subjects, definitions)
    read_sent(people, definitions)
    if refs:
        _read_tried(subjects)
    return subjects


def locked(ids: Iterable[int]) -> dict[int, Person]:
    """Lock contacts in the order of their ids, so that two workers never wait for each other.

    What they are known as is asked in words that only the index by contact serves: while statistics are young, that of
    keys was read from its beginning for each contact (220 µs with 3,000 of them, and the more the longer).
    """
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT id, email, lifecycle_stage, score, scored_at, consent::json, fields::json, (
                SELECT min(substr(key, 6)) FROM {ContactKey._meta.db_table} k
                WHERE k.contact_id = c.id AND left(key, 5) = 'user:')
            FROM {Contact._meta.db_table} c WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE OF c
            """,  # noqa: S608
            [bulk.array(ids)],
        )
        return {
            id: Person(
                id=id,
                email=email,
                lifecycle_stage=stage,
                score=Score(score, scored_at),
                consent=consent,
                fields=fields,
                known_as={"user_id": user_id} if user_id else {},
            )
            for id, email, stage, score, scored_at, consent, fields, user_id in cursor.fetchall()
        }


def _locked_items(ids: Collection[int]) -> dict[int, Item]:
    if not ids:
        return {}
    rows = ContentItem.objects.select_for_update(of=("self",)).select_related("owner").filter(pk__in=ids).order_by("pk")
    return {row.pk: Item(row=row) for row in rows}


def _locked_workspace() -> Subject:
    with prepared.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_WORKSPACE_LOCK])
    return Subject()


def locked_others(refs: Collection[SubjectRef]) -> dict[SubjectRef, Subject]:
    """Those that are no contacts; lock contacts first, as `load` does."""
    items = _locked_items({ref.id for ref in refs if ref.kind == "content" and ref.id is not None})
    found: dict[SubjectRef, Subject] = {item.ref: item for item in items.values()}
    return found | {WORKSPACE: _locked_workspace()} if WORKSPACE in refs else found


def _read_runs(subjects: Subjects, definitions: Definitions) -> None:
    """Every run that the subjects are in or have been through; of the workspace, those of workflows that are live."""
    ours = "contact_id IS NULL AND content_id IS NULL AND workflow_id = ANY(%s::bigint[])" if subjects.workspace else ""
    live = {v.workflow_id for versions in definitions.live.values() for v in versions}
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT contact_id, content_id, workflow_id, version_id, entry_key, state, step, waits_for, entered_at, id,
                moved_at IS NOT NULL
            FROM {Run._meta.db_table} WHERE contact_id = ANY(%s::bigint[])
            {"OR content_id = ANY(%s::bigint[])" if subjects.items else ""} {"OR " + ours if ours else ""} ORDER BY id
            """,  # noqa: S608
            [
                bulk.array(subjects.people),
                *([bulk.array(subjects.items)] if subjects.items else []),
                *([bulk.array(live)] if ours else []),
            ],
        )
        for contact_id, content_id, *row in cursor.fetchall():
            ref = subject_of(contact_id=contact_id, content_id=content_id)
            if subject := subjects.of(ref):
                run = RunState(ref, *row[:-1])
                run.was_moved = row[-1]
                subject.runs.append(run)


def _read_tried(subjects: Subjects) -> None:
    """Who was asked to look after the subjects of runs that wait."""
    waiting = {run.id: run for subject in subjects.all() for run in subject.runs if run.is_running and run.id}
    rows = Assignment.objects.filter(run_id__in=waiting).order_by("pk") if waiting else ()
    for row in rows:
        run = waiting[row.run_id]
        if run.step == row.step:
            run.tried = (*run.tried, row.person)


def read_sent(by_id: Mapping[int, Person], definitions: Definitions | None = None, *, planned: bool = True) -> None:
    """What guards ask for of all that was done or may have been; with `planned`, of what is to be done too."""
    states = ["reserved", "done", "uncertain"] + (["planned", "held"] if planned else [])
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT contact_id, coalesce(payload ->> 'channel', ''), coalesce(reserved_at, not_before), once_key, key,
                state IN ('planned', 'held'), workflow_id
            FROM {Effect._meta.db_table}
            WHERE contact_id = ANY(%s::bigint[]) AND (kind = 'send_message' OR once_key IS NOT NULL)
              AND state = ANY(%s::text[])
            """,  # noqa: S608
            [bulk.array(by_id), bulk.array(states)],
        )
        for contact_id, channel, at, once_key, key, is_planned, workflow_id in cursor.fetchall():
            workflow, priority = definitions.priority(workflow_id) if definitions else ("", 50)
            by_id[contact_id].sent.append(Sent(channel, at, once_key, key, is_planned, workflow, priority))
