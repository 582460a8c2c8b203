"""What runs ask of people: questions, hand-offs and owners, with the desks that turns are taken at."""

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime

from django.db.backends.utils import CursorWrapper

from martechops.lib import bulk
from martechops.lib.bulk import Json
from martechops.lib.frozen import dataclass
from workflows.engine.decide import Decision
from workflows.engine.rosters import Desk as DeskNow
from workflows.models import Assignment, Desk, Handoff, Run, StepApproval
from workflows.queries import rosters

from .definitions import Definitions, RunnableVersion
from .outcome import Change, Outcome
from .subjects import RunState, Subject, Subjects


@dataclass(slots=True)
class Hands:
    """Teams by key, and the desks as the batch moves them on."""

    definitions: Definitions
    #: Empty unless a workflow of the batch gives owners: then they are locked to its end.
    desks: dict[str, DeskNow] = field(default_factory=dict)

    def take(
        self, run: RunState, decision: Decision, subject: Subject, *, writer: str, depth: int, into: Outcome
    ) -> None:
        """What a decision asks of people; a team that is not there fails the run, visibly."""
        named = [asked.team for asked in decision.questions] + [made.to_team for made in decision.handoffs]
        if unknown := [team for team in named if team not in self.definitions.teams]:
            run.state, run.reason = Run.State.FAILED, f"step {decision.step} cannot be done: no team {unknown[0]}"
            return
        into.questions.extend((run, question) for question in decision.questions)
        into.handoffs.extend((run, handoff, depth) for handoff in decision.handoffs)
        for given in decision.assignments:
            into.assignments.append((run, given))
            run.tried = (*run.tried, given.owner)
            if given.desk is not None:
                desk = self.desks.get(given.desk, DeskNow())
                load = desk.open.get(given.owner, 0) + 1
                self.desks[given.desk] = DeskNow(last=given.owner, open={**desk.open, given.owner: load})
            if "owner" in self.definitions.catalog.fields:
                old = subject.write("owner", given.owner, at=run.entered_at)
                cause = (writer, run.event_id, run, given.step, depth)
                into.changes.append(Change(subject.ref, "owner", old, given.owner, *cause))


def laid_out(definitions: Definitions, versions: Iterable[RunnableVersion]) -> Hands:
    """With the desks of the queues that these versions take turns at, if any do."""
    wanted = {
        str(step.arguments.get("queue") or step.arguments.get("table"))
        for version in versions
        for step in version.spec.steps
        if step.action == "assign_owner"
    }
    used = [roster for key, roster in definitions.catalog.rosters.items() if key in wanted]
    return Hands(definitions, rosters.desks(used) if used else {})


def versions_at_work(subjects: Subjects, names: Iterable[str], definitions: Definitions) -> list[RunnableVersion]:
    """Versions that a batch may decide by: triggered by its events, or on their way for its subjects."""
    begun = [version for name in set(names) for version in definitions.live.get(name, ())]
    return [*begun, *(definitions.version(version_id) for version_id in subjects.versions())]


def write(
    cursor: CursorWrapper, outcome: Outcome, definitions: Definitions, *, desks: dict[str, DeskNow], at: datetime
) -> None:
    """Everything that was asked of people, and what is no longer asked because its time was over."""
    _lapse(cursor, outcome, at)
    _questions(cursor, outcome, definitions, at)
    _handoffs(cursor, outcome, definitions, at)
    _assignments(cursor, outcome, desks, at)


def _lapse(cursor: CursorWrapper, outcome: Outcome, at: datetime) -> None:
    """Nobody answered in time: the row says so, and is no longer on anybody's page."""
    ids = bulk.array(run.id for run in outcome.lapsed)
    if ids == "{}":
        return
    for table, was, ended in (
        (StepApproval._meta.db_table, "asked", "decided_at"),
        (Handoff._meta.db_table, "offered", "ended_at"),
        (Assignment._meta.db_table, "open", "ended_at"),
    ):
        cursor.execute(
            f"UPDATE {table} SET state = 'lapsed', {ended} = %s "  # noqa: S608  names of our own
            f"WHERE run_id = ANY(%s::bigint[]) AND state = %s AND due_at <= %s",
            [at, ids, was, at],
        )


def _questions(cursor: CursorWrapper, outcome: Outcome, definitions: Definitions, at: datetime) -> None:
    bulk.copy_records(
        cursor,
        StepApproval._meta.db_table,
        [
            {
                "key": asked.key,
                "run_id": run.id,
                "workflow_id": run.workflow_id,
                "step": asked.step,
                "contact_id": run.subject.contact_id,
                "content_id": run.subject.content_id,
                "owner_id": definitions.teams[asked.team],
                "says": asked.says,
                "state": StepApproval.State.ASKED,
                "reason": "",
                "asked_at": at,
                "due_at": asked.due_at,
            }
            for run, asked in outcome.questions
        ],
    )


def _handoffs(cursor: CursorWrapper, outcome: Outcome, definitions: Definitions, at: datetime) -> None:
    bulk.copy_records(
        cursor,
        Handoff._meta.db_table,
        [
            {
                "key": made.key,
                "run_id": run.id,
                "workflow_id": run.workflow_id,
                "step": made.step,
                "contact_id": run.subject.contact_id,
                "content_id": run.subject.content_id,
                "from_team_id": definitions.teams.get(made.from_team),
                "owner_id": definitions.teams[made.to_team],
                "payload": Json(made.payload),
                "awaited": made.must_accept,
                "state": Handoff.State.OFFERED,
                "reason": "",
                "offered_at": at,
                "due_at": made.due_at,
            }
            for run, made, _ in outcome.handoffs
        ],
    )


def _assignments(cursor: CursorWrapper, outcome: Outcome, desks: dict[str, DeskNow], at: datetime) -> None:
    """Without a time-out nobody is asked whether they take it: it is theirs."""
    bulk.copy_records(
        cursor,
        Assignment._meta.db_table,
        [
            {
                "key": given.key,
                "run_id": run.id,
                "workflow_id": run.workflow_id,
                "step": given.step,
                "contact_id": run.subject.contact_id,
                "desk": given.desk or "",
                "by": given.by,
                "person": given.owner,
                "state": Assignment.State.OPEN if given.due_at else Assignment.State.TAKEN,
                "given_at": at,
                "due_at": given.due_at,
            }
            for run, given in outcome.assignments
        ],
    )
    moved = {given.desk for _, given in outcome.assignments if given.desk}
    if moved:
        cursor.execute(
            f"UPDATE {Desk._meta.db_table} d SET last = r.last "  # noqa: S608
            "FROM json_to_recordset(%s::json) AS r (key text, last text) WHERE d.key = r.key",
            [bulk.records({"key": key, "last": desks[key].last} for key in sorted(moved))],
        )
