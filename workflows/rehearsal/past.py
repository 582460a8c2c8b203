"""Contacts as they were at an instant, and all that happened to them since: read in chunks, a few statements each.

What is known of a contact is taken back from what it is now: fields and stage by their history, consent by the ledger,
the score by its points, runs by their traces, messages by the ledger of effects. Then what was recorded happens again,
at the instant at which it was handled. What cannot be taken back is written down in docs/replay.md and listed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from martechops.lib import bulk
from workflows.engine import consents, internal
from workflows.engine.internal import SubjectRef
from workflows.engine.scoring import Score, Scoring
from workflows.engine.snapshot import Sent
from workflows.models import (
    Assignment,
    ConsentEntry,
    Contact,
    ContactKey,
    Effect,
    FieldChange,
    InboundEvent,
    QuarantinedEvent,
    Run,
    ScoreEntry,
    Timer,
    Trace,
)
from workflows.runtime.claim import ClaimedEvent
from workflows.runtime.subjects import Person, RunState

from .recorded import UNTOLD, Edit, Handled, Recorded, Said, Story

#: Internal events that nothing of the past causes once more: the calendar and people.
_FROM_OUTSIDE = ("$schedule", internal.ANSWERED)
_COLUMNS = ("email", "lifecycle_stage")
#: How a trace says that an event only told of an effect of ours (`runtime.handle`).
_ECHO = "our own write came back"


def stories(ids: Sequence[int], *, since: datetime, until: datetime, scoring: Scoring) -> list[Story]:
    """Of these contacts, in the order of their ids. Twelve statements at most, however many there are."""
    wanted = bulk.array(ids)
    found = {person.id: Story(person) for person in _people(wanted)}
    if not found:
        return []
    handled = _handled(found, wanted, since, until)
    _take_back_fields(found, wanted, since, until)
    _take_back_consent(found, wanted, since, until)
    _take_back_scores(found, wanted, handled, scoring, since)
    _runs(found, wanted, since)
    _effects(found, wanted, since, until)
    _timers_that_rang(found, wanted, since, until)
    for story in found.values():
        _settle_answers(story)
        story.happened.sort(key=lambda one: one.at)
    return [found[id] for id in sorted(found)]


def _rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return list(cursor.fetchall())


def _people(wanted: str) -> Iterable[Person]:
    rows = _rows(
        f"""
        SELECT id, email, lifecycle_stage, score, scored_at, fields::text, (
            SELECT min(substr(key, 6)) FROM {ContactKey._meta.db_table} k
            WHERE k.contact_id = c.id AND left(key, 5) = 'user:')
        FROM {Contact._meta.db_table} c WHERE id = ANY(%s::bigint[])
        """,  # noqa: S608
        wanted,
    )
    for id, email, stage, score, scored_at, fields, user_id in rows:
        known_as = {"user_id": user_id} if user_id else {}
        person = Person(id=id, email=email, lifecycle_stage=stage, fields=orjson.loads(fields), known_as=known_as)
        person.score = Score(score, scored_at)
        yield person


def _handled(found: Mapping[int, Story], wanted: str, since: datetime, until: datetime) -> set[int]:
    """Events from outside, each with the instant at which it was handled; returns the numbers of all since then."""
    rows = _rows(
        f"""
        SELECT t.contact_id, t.at, t.event_id, e.source_id, e.type, COALESCE(q.corrected_body ->> 'event', e.name),
            e.message_id, e.occurred_at, COALESCE(q.corrected_body, e.body)::text,
            e.type = 'track' AND position('{_ECHO}' IN (t.detail -> 'contact' ->> 'notes')) > 0
        FROM {Trace._meta.db_table} t
        LEFT JOIN {InboundEvent._meta.db_table} e ON e.id = t.event_id
        LEFT JOIN {QuarantinedEvent._meta.db_table} q ON q.event_id = e.id
        WHERE t.contact_id = ANY(%s::bigint[]) AND t.at >= %s AND t.event_id IS NOT NULL
        ORDER BY t.contact_id, t.id
        """,  # noqa: S608
        wanted,
        since,
    )
    for contact_id, at, id, source_id, type, name, message_id, occurred_at, body, is_echo in rows:
        if at > until or (type == internal.TYPE and name not in _FROM_OUTSIDE):
            continue
        said = orjson.loads(body) if body else None
        if not said:
            found[contact_id].missing.append(("no longer kept", f"event {id}"))
            continue
        event = ClaimedEvent(id, source_id, type, name, message_id, occurred_at, said)
        found[contact_id].happened.append(Handled(event, at, bool(is_echo)))
    return {row[2] for row in rows}


def _take_back_fields(found: Mapping[int, Story], wanted: str, since: datetime, until: datetime) -> None:
    """Fields and stage as they were, newest change first; what people changed is to happen again."""
    rows = _rows(
        f"""
        SELECT contact_id, at, field, old::text, new::text, writer, event_id IS NULL AND run_id IS NULL
        FROM {FieldChange._meta.db_table} WHERE contact_id = ANY(%s::bigint[]) AND at >= %s
        ORDER BY contact_id, id DESC
        """,  # noqa: S608
        wanted,
        since,
    )
    for contact_id, at, name, old, new, writer, by_hand in rows:
        story = found[contact_id]
        if by_hand and at <= until and not name.startswith("consent."):
            story.happened.append(Edit(at, name, _read(new), writer))
        if name == "score" or name.startswith("consent."):
            continue
        if name in _COLUMNS:
            setattr(story.person, name, _read(old))
        elif (before := _read(old)) is None:
            story.person.fields.pop(name, None)
        else:
            story.person.fields[name] = before


def _take_back_consent(found: Mapping[int, Story], wanted: str, since: datetime, until: datetime) -> None:
    """Folded anew from what the ledger had by then; what was stated outside every event is to happen again."""
    rows = _rows(
        f"""
        SELECT contact_id, channel, purpose, state, at, recorded_at, event_id IS NULL
        FROM {ConsentEntry._meta.db_table} WHERE contact_id = ANY(%s::bigint[]) ORDER BY contact_id, id
        """,  # noqa: S608
        wanted,
    )
    for contact_id, channel, purpose, state, at, recorded_at, by_hand in rows:
        story, said_of = found[contact_id], consents.name(channel, purpose)
        if recorded_at < since:
            story.person.consent = consents.stated(story.person.consent, said_of, state, at=at)
        elif by_hand and recorded_at <= until:
            story.happened.append(Edit(recorded_at, f"consent.{said_of}", state, ""))


def _take_back_scores(
    found: Mapping[int, Story], wanted: str, handled: set[int], scoring: Scoring, since: datetime
) -> None:
    """Added up anew from points given before, and from what steps or people had set it to."""
    points = _rows(
        f"SELECT contact_id, event_id, points, at FROM {ScoreEntry._meta.db_table} "  # noqa: S608
        "WHERE contact_id = ANY(%s::bigint[]) ORDER BY contact_id, at, id",
        wanted,
    )
    written = _rows(
        f"""
        SELECT DISTINCT ON (contact_id) contact_id, new::text, at FROM {FieldChange._meta.db_table}
        WHERE contact_id = ANY(%s::bigint[]) AND at < %s AND field = 'score'
          AND (run_id IS NOT NULL OR event_id IS NULL)
        ORDER BY contact_id, id DESC
        """,  # noqa: S608
        wanted,
        since,
    )
    for story in found.values():
        story.person.score = Score()
    for contact_id, value, at in written:
        found[contact_id].person.score = Score(float(_read(value) or 0), at)
    set_at = {contact_id: at for contact_id, _, at in written}
    for contact_id, event_id, given, at in points:
        if event_id not in handled and at < since and at >= set_at.get(contact_id, at):
            person = found[contact_id].person
            person.score = scoring.add(person.score, given, at=at)


def _runs(found: Mapping[int, Story], wanted: str, since: datetime) -> None:
    """Those that had begun, where they stood then."""
    rows = _rows(
        f"""
        SELECT r.contact_id, r.workflow_id, r.version_id, r.entry_key, r.state, r.step, r.waits_for, r.entered_at, r.id,
            r.event_id, r.changed_at, r.ended_at, t.due_at
        FROM {Run._meta.db_table} r LEFT JOIN {Timer._meta.db_table} t ON t.run_id = r.id
        WHERE r.contact_id = ANY(%s::bigint[]) ORDER BY r.id
        """,  # noqa: S608
        wanted,
    )
    moved: dict[int, RunState] = {}
    for contact_id, workflow_id, version_id, entry_key, state, step, waits_for, entered_at, id, *rest in rows:
        event_id, changed_at, ended_at, due_at = rest
        story = found[contact_id]
        story.entries[id] = (workflow_id, entry_key)
        if entered_at >= since:
            continue
        ref = SubjectRef("contact", contact_id)
        run = RunState(ref, workflow_id, version_id, entry_key, state, step, waits_for, entered_at, id, event_id)
        run.due_at = due_at
        if (ended_at or changed_at) >= since:
            run.state = Run.State.WAITING
            moved[id] = run
        story.person.runs.append(run)
    if moved:
        _put_back(found, moved, since)
    waiting = [run.id for story in found.values() for run in story.person.runs if run.is_running and run.id]
    if waiting:
        _asked_before(found, waiting, since)


def _put_back(found: Mapping[int, Story], moved: Mapping[int, RunState], since: datetime) -> None:
    """Where runs stood that went on since: as their newest trace before says. What wakes them the world works out."""
    rows = _rows(
        f"SELECT detail::text FROM {Trace._meta.db_table} "  # noqa: S608
        "WHERE contact_id = ANY(%s::bigint[]) AND at < %s ORDER BY id",
        bulk.array({run.subject.contact_id for run in moved.values()}),
        since,
    )
    stood: dict[int, Mapping[str, Any]] = {}
    for (detail,) in rows:
        for part in orjson.loads(detail).get("workflows", ()):
            if part.get("run_id") in moved:
                stood[part["run_id"]] = part
    for id, run in moved.items():
        part = stood.get(id)
        if part is None or part.get("state") != Run.State.WAITING:
            story = found[run.subject.contact_id or 0]
            story.missing.append(("place unknown", f"run {id}"))
            story.person.runs.remove(run)
            continue
        run.step, run.waits_for = part["step"], UNTOLD
        run.due_at = datetime.fromisoformat(part["due_at"]) if part.get("due_at") else None


def _asked_before(found: Mapping[int, Story], waiting: Sequence[int], since: datetime) -> None:
    rows = _rows(
        f"SELECT contact_id, run_id, step, person FROM {Assignment._meta.db_table} "  # noqa: S608
        "WHERE run_id = ANY(%s::bigint[]) AND given_at < %s AND contact_id IS NOT NULL ORDER BY id",
        bulk.array(waiting),
        since,
    )
    for contact_id, run_id, step, person in rows:
        run = found[contact_id].person.run(run_id) if contact_id in found else None
        if run and run.step == step:
            run.tried = (*run.tried, person)


def _effects(found: Mapping[int, Story], wanted: str, since: datetime, until: datetime) -> None:
    rows = _rows(
        f"""
        SELECT contact_id, key, workflow_id, version_id, run_id, step, kind, system,
            coalesce(payload ->> 'channel', ''), once_key, payload::text, state, reason, planned_at, not_before,
            CASE WHEN state IN ('suppressed', 'cancelled') THEN ended_at
                WHEN state IN ('planned', 'held') THEN NULL ELSE coalesce(reserved_at, ended_at) END
        FROM {Effect._meta.db_table} WHERE contact_id = ANY(%s::bigint[]) AND planned_at <= %s ORDER BY id
        """,  # noqa: S608
        wanted,
        until,
    )
    for contact_id, *row in rows:
        row[9] = orjson.loads(row[9])
        one, story = Recorded(*row), found[contact_id]
        if one.planned_at >= since:
            story.ledger[one.key] = one
        elif one.kind == "send_message" or one.once_key:
            _remember(story, one, since)


def _remember(story: Story, one: Recorded, since: datetime) -> None:
    """A message of before: sent, or on its way, or gone."""
    is_over = one.acted_at is not None and one.acted_at < since
    if is_over and not one.happened:
        return
    at = one.acted_at if is_over and one.acted_at else one.not_before
    story.sent.append((one.workflow_id, Sent(one.channel, at, one.once_key, one.key, not is_over)))
    if not is_over:
        story.under_way.append(one)


def _timers_that_rang(found: Mapping[int, Story], wanted: str, since: datetime, until: datetime) -> None:
    """A worker that was busy or away came later than the timer was set for."""
    rows = _rows(
        f"""
        SELECT contact_id, (detail -> 'workflows' -> 0 ->> 'run_id')::bigint, detail -> 'cause' ->> 'due_at', at
        FROM {Trace._meta.db_table} WHERE contact_id = ANY(%s::bigint[]) AND at >= %s AND at <= %s
          AND event_id IS NULL AND detail -> 'cause' ->> 'kind' = 'timer'
        """,  # noqa: S608
        wanted,
        since,
        until,
    )
    for contact_id, run_id, due_at, at in rows:
        story = found[contact_id]
        if run_id in story.entries:
            story.rang[story.entries[run_id], due_at] = at


def _settle_answers(story: Story) -> None:
    """Answers name runs by number, and those of a replay have numbers of their own."""
    for place, one in enumerate(story.happened):
        if not isinstance(one, Handled) or one.event.name != internal.ANSWERED:
            continue
        said = one.event.body.get("properties") or {}
        entry = story.entries.get(said.get("run_id", 0))
        if entry is None:
            story.missing.append(("unanswered", f"run {said.get('run_id')} is gone"))
            continue
        story.happened[place] = Said(
            one.at, entry, str(said.get("step")), str(said.get("answer")), said.get("by") or "", said.get("note") or ""
        )
    story.happened = [
        one for one in story.happened if not isinstance(one, Handled) or one.event.name != internal.ANSWERED
    ]


def _read(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
