"""What a batch causes inside: stages reached, fields changed, segments entered and left, work handed over.

Only what some live version triggers on, or some run of the subject waits for, is written at all.
"""

from collections.abc import Iterator
from datetime import datetime

from workflows.actions import memberships
from workflows.engine import internal, triggers
from workflows.engine.internal import InternalEvent, SubjectRef
from workflows.queries import live

from .definitions import Definitions
from .outcome import Outcome
from .subjects import Subjects


def of(subjects: Subjects, outcome: Outcome, definitions: Definitions, *, at: datetime) -> list[InternalEvent]:
    """The internal events to be written, after everything else is: segments are asked of the database."""
    inside = definitions.inside
    wanted = caused(subjects, outcome, definitions, at=at)
    if live.watched_segments(inside):
        wanted += _moved(subjects, outcome, at)
    return wanted


def caused(subjects: Subjects, outcome: Outcome, definitions: Definitions, *, at: datetime) -> list[InternalEvent]:
    """What is told by the outcome alone, without the segments. In memory only."""
    inside = definitions.inside
    awaited = {
        (run.subject, run.waits_for)
        for subject in subjects.all()
        for run in subject.runs
        if run.is_running and run.waits_for.startswith("$")
    }
    if not inside and not awaited:
        return []
    happened = [
        event
        for change in outcome.changes
        for event in internal.changed(
            change.subject, change.field, old=change.old, new=change.new, at=at, depth=change.depth + 1
        )
    ]
    happened += _handed(outcome, definitions, at)
    wanted = live.listened(happened, inside)
    wanted += [event for event in happened if _is_awaited(event, awaited) and event not in wanted]
    return wanted


def _is_awaited(event: InternalEvent, awaited: set[tuple[SubjectRef, str]]) -> bool:
    return any((event.subject, name) in awaited for name in event.names)


def _handed(outcome: Outcome, definitions: Definitions, at: datetime) -> Iterator[InternalEvent]:
    for run, made, depth in outcome.handoffs:
        workflow = definitions.version(run.version_id).spec.key
        properties = {"team": made.to_team, "from": made.from_team, "workflow": workflow, "payload": dict(made.payload)}
        yield InternalEvent(triggers.HANDOFF, run.subject, at, properties, depth=depth + 1)


def _moved(subjects: Subjects, outcome: Outcome, at: datetime) -> list[InternalEvent]:
    """Contacts of the batch that came into watched segments or went out of them."""
    changed = sorted(person.id for person in subjects.people.values() if person.changed)
    rules = memberships.watched()
    moves = memberships.notice(changed, rules=rules, at=at) if changed and rules else []
    return [move.event(at=at, depth=outcome.depths.get(move.contact_id, 0) + 1) for move in moves]
