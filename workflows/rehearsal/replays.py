"""Replays played: a chunk of contacts a turn, each chunk one transaction that keeps what it found.

Whoever takes up a replay goes on behind its last part, so that a kill at any point costs one chunk. Nothing but the
replay's own rows is ever written, and no far side is there to be reached: see `tests/architecture`.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Min

from martechops.lib import bulk, clock, crash_points, failures, garbage
from workflows.engine.conditions import Condition
from workflows.engine.parse import BadSpec
from workflows.engine.replays import Tally
from workflows.models import (
    Activation,
    Contact,
    ContactChange,
    DefinitionVersion,
    Effect,
    Merge,
    QueuedEvent,
    Replay,
    ReplayFinding,
    ReplayPart,
    Trace,
    Workflow,
)
from workflows.runtime import definitions
from workflows.runtime.definitions import Definitions

from . import candidates, comparing, past, watching
from .comparing import Course, Finding
from .past_world import PastWorld
from .played import Played
from .recorded import Story
from .rehearsal import Endless

#: Contacts of a part: some tenths of a second, after which live work gets its turn.
PART_CONTACTS = 50
#: Kept of each cause and verdict: so many of a part, and so many in all. The counts are exact whatever is kept.
SAMPLES_A_PART, SAMPLES = 10, 200
#: Exceptions are all kept, unless something is wrong from the ground up.
MOST_EXCEPTIONS = 20_000


@dataclass(frozen=True, slots=True)
class Side:
    """Everything that is live on one side, and the segments that it watches."""

    defined: Definitions
    watched: Mapping[str, Condition]


@dataclass(frozen=True, slots=True)
class Stage:
    """What one replay is played with."""

    replay: Replay
    live: Side
    candidate: Side
    course: Course
    #: Workflow's number → key.
    keys: dict[int, str]
    #: Contacts whose past is that of two.
    merged: frozenset[int]


def is_busy() -> bool:
    """Live events wait: a replay then takes one part and leaves the rest for the next doorbell."""
    return QueuedEvent.objects.exists()


def play_part(*, contacts: int = PART_CONTACTS) -> int:
    """Play the next part of the oldest replay there is; how many contacts it was through with.

    0 if there is none, or somebody is at it: however many are asked for, one worker at a time plays, and live work has
    all others.
    """
    with transaction.atomic(), garbage.not_collected():
        waiting = Replay.objects.filter(state__in=[Replay.State.WAITING, Replay.State.RUNNING])
        oldest = waiting.order_by("id").values("id")[:1]
        rows = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("workflow", "candidate")
        replay = rows.filter(id__in=oldest).first()
        if replay is None:
            return 0
        try:
            with transaction.atomic():
                return _play(replay, contacts)
        except OperationalError:  # the database is gone or was in each other's way: it is tried again
            raise
        except BadSpec as error:
            _end(replay, Replay.State.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, it would be so the next time as well
            _end(replay, Replay.State.FAILED, f"it could not be played: {failures.place(error)}")
        return 1


def _play(replay: Replay, contacts: int) -> int:
    begun = time.process_time()
    last = replay.parts.order_by("-up_to").values_list("up_to", flat=True).first()
    if last is None:
        last = _open(replay)
    ids = _next(replay, after=last, limit=contacts)
    if not ids:
        _end(replay, Replay.State.DONE)
        return 1
    stage = set_up(replay)
    tally, found = play(stage, ids)
    _keep(replay, found)
    _part(replay, ids[-1], len(ids), tally, time.process_time() - begun)
    crash_points.at("replay.written")
    return len(ids)


def _part(replay: Replay, up_to: int, contacts: int, tally: Tally, cpu_seconds: float) -> None:
    ReplayPart.objects.create(
        replay=replay,
        up_to=up_to,
        contacts=contacts,
        events=tally.counts["events"],
        cpu_seconds=cpu_seconds,
        result=tally.plain,
    )


def _open(replay: Replay) -> int:
    """The first part, before any contact: what concerns no one of them."""
    replay.state = Replay.State.RUNNING
    replay.save(update_fields=["state"])
    tally, found = Tally(), []
    changed = DefinitionVersion.objects.filter(created_at__gt=replay.since, created_at__lte=replay.until, number__gt=1)
    for kind, key, at in changed.values_list("kind", "key", "created_at"):
        tally.exceptions["definition changed"] += 1
        says = f"{kind} {key} was changed"
        found.append(Finding("exception", "definition changed", "both", None, says=says, at=at))
    window = Effect.objects.filter(planned_at__gte=replay.since, planned_at__lte=replay.until, contact_id=None)
    for workflow_id, number in window.values_list("workflow_id").annotate(Count("id")):
        tally.exceptions["of no contact"] += number
        key = Workflow.objects.values_list("key", flat=True).get(pk=workflow_id)
        says = f"{number} effects"
        found.append(Finding("exception", "of no contact", "recorded", None, workflow=key, says=says))
    _keep(replay, found)
    _part(replay, 0, 0, tally, 0.0)
    return 0


def _end(replay: Replay, state: str, reason: str = "") -> None:
    replay.state, replay.reason, replay.ended_at = state, reason, clock.now()
    replay.save(update_fields=["state", "reason", "ended_at"])


def _next(replay: Replay, *, after: int, limit: int) -> list[int]:
    """Contacts to whom something happened since, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT c.id FROM {Contact._meta.db_table} c WHERE c.id > %s AND c.id <= %s AND (
                EXISTS (SELECT FROM {Trace._meta.db_table} t WHERE t.contact_id = c.id AND t.at >= %s AND t.at <= %s)
                OR EXISTS (SELECT FROM {ContactChange._meta.db_table} f
                    WHERE f.contact_id = c.id AND f.at >= %s AND f.at <= %s))
            ORDER BY c.id LIMIT %s
            """,  # noqa: S608
            [after, replay.last_contact, *[replay.since, replay.until] * 2, limit],
        )
        return [id for (id,) in cursor.fetchall()]


def set_up(replay: Replay) -> Stage:
    """What is played with what. Raises `BadSpec`."""
    candidate = replay.candidate
    candidate.content, candidate.digest = replay.content, replay.digest
    live = _side(candidates.in_place(replay.baseline) if replay.baseline else definitions.load())
    ran = {version.version_id: version for versions in live.defined.live.values() for version in versions}
    keys = dict(Workflow.objects.values_list("pk", "key"))
    since = dict(Activation.objects.values_list("workflow_id").annotate(Min("since")))
    turns = {
        version.spec.key
        for version in ran.values()
        if any(step.action == "assign_owner" for step in version.spec.steps)
    }
    merges = Merge.objects.filter(at__gte=replay.since).values_list("kept_id", "gone_id")
    return Stage(
        replay=replay,
        live=live,
        candidate=_side(candidates.in_place(candidate)),
        course=Course({keys[pk]: at for pk, at in since.items() if pk in keys}, frozenset(ran), frozenset(turns)),
        keys=keys,
        merged=frozenset(id for pair in merges for id in pair),
    )


def _side(defined: Definitions) -> Side:
    """In the order in which live events meet workflows; of those under a rollout what is for everybody."""
    partial = {split.version_id for split in defined.splits.values()}
    meets = {
        event: tuple(sorted((one for one in found if one.version_id not in partial), key=lambda one: one.workflow_id))
        for event, found in defined.live.items()
    }
    alone = replace(defined, live=meets, splits={}, withdrawn=frozenset())
    return Side(alone, watching.rules(alone))


def play(stage: Stage, ids: Sequence[int]) -> tuple[Tally, list[Finding]]:
    """The past of these contacts, on both sides."""
    replay, tally, found = stage.replay, Tally(), []
    stories = past.stories(ids, since=replay.since, until=replay.until, scoring=stage.live.defined.scoring)
    in_flight = {run.version_id for story in stories for run in story.person.runs if run.is_running}
    for side in (stage.live, stage.candidate):
        side.defined.need(in_flight)
    for story in stories:
        found += _play_one(stage, story, tally)
    return tally, found


def _play_one(stage: Stage, story: Story, tally: Tally) -> list[Finding]:
    contact_id = story.person.id
    tally.counts["contacts"] += 1
    tally.counts["events"] += story.events
    if contact_id in stage.merged:
        return [*_listed(tally, contact_id, [("merged", "its past is that of two contacts")])]
    try:
        live, missed = _played(story, stage.live, stage.replay)
        candidate, _ = _played(story, stage.candidate, stage.replay)
    except Endless as error:
        return [*_listed(tally, contact_id, [("endless", str(error))])]
    key = stage.replay.workflow.key
    return [
        *_listed(tally, contact_id, [*story.missing, *missed]),
        *comparing.differences(tally, live, candidate, workflow=key, contact_id=contact_id, story=story),
        *comparing.against_ledger(tally, live, story, contact_id=contact_id, keys=stage.keys, course=stage.course),
    ]


def _played(story: Story, side: Side, replay: Replay) -> tuple[Played, list[tuple[str, str]]]:
    world = PastWorld(story, side.defined, since=replay.since, watched=side.watched)
    played = world.play(until=replay.until)
    refused = [("refused today", violation.reasons[0].says) for violation in played.held]
    return played, [*world.missed, *refused]


def _listed(tally: Tally, contact_id: int, reasons: Sequence[tuple[str, str]]) -> list[Finding]:
    for reason, _ in reasons:
        tally.exceptions[reason] += 1
    return [Finding("exception", reason, "recorded", contact_id, says=says) for reason, says in reasons]


def _keep(replay: Replay, found: Sequence[Finding]) -> None:
    """Every exception, and samples of every cause."""
    if not found:
        return
    rows = replay.findings.values_list("kind", "cause", "verdict").annotate(Count("id"))
    known = Counter({(kind, cause, verdict): number for kind, cause, verdict, number in rows})
    exceptions = sum(number for (kind, *_), number in known.items() if kind == "exception")
    kept: list[Finding] = []
    here: Counter[tuple[str, str, str]] = Counter()
    for one in found:
        group = (one.kind, one.cause, one.verdict)
        here[group] += 1
        if one.kind == "exception":
            exceptions += 1
            if exceptions <= MOST_EXCEPTIONS:
                kept.append(one)
        elif here[group] <= SAMPLES_A_PART and known[group] + here[group] <= SAMPLES:
            kept.append(one)
    names = tuple(field.name for field in fields(Finding))
    with connection.cursor() as cursor:
        bulk.copy_rows(
            cursor,
            ReplayFinding._meta.db_table,
            names,
            [[getattr(one, name) for name in names] for one in kept],
            same={"replay_id": replay.pk},
        )
