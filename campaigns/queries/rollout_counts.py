"""What is counted of a rollout for its gates: people of each arm, and what happened to them with their arm's version.

A handful of statements, each over those who met the rollout: marks are looked for among the rows that are few (what
failed, who left, who converted), and all that the candidate did is looked at person by person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Count

from campaigns.gates.evidence import Marks
from campaigns.gates.observed import Breach, Kept, MetricMarks, Observed
from campaigns.models import CriterionMarks, CriterionSpan, Rollout
from campaigns.ramps import Ramp
from campaigns.rollout_states import State
from workflows.engine.arms import Arm
from workflows.engine.spec import Criterion
from workflows.models import ConsentEntry, Contact, Conversion, Effect, Exposure, FieldChange, Run, Version
from workflows.queries import replays, specs

_MET, _RUNS, _EFFECTS = Exposure._meta.db_table, Run._meta.db_table, Effect._meta.db_table
_CONTACTS, _CONSENTS = Contact._meta.db_table, ConsentEntry._meta.db_table
_CONVERSIONS, _CHANGES = Conversion._meta.db_table, FieldChange._meta.db_table

#: Of the candidate's people; an effect that was withheld, or called off, is none of it.
_HAPPENS = "('planned', 'held', 'reserved', 'done', 'uncertain')"
#: To do one of these twice changes nothing at the far side.
_REPEATABLE = "('upsert_record', 'add_to_audience', 'remove_from_audience')"
#: Of how many earlier runs it is known how long one takes, and from how many on that says anything.
_EARLIER, _ENOUGH = 500, 20
#: Where rows are found by time, a clock may have been put back by so much meanwhile.
_CLOCKS = timedelta(days=1)
#: As many breaches are read.
_MOST = 50
#: Records of so many people of each arm are looked into.
_RECORDS = 1_000


#: What makes an effect that of an exposure.
_OF_NO_CONTACT = "e.contact_id IS NULL AND e.workflow_id = %(workflow)s"
_DID = {
    "contact": "e.contact_id = m.contact_id",
    "content": f"{_OF_NO_CONTACT} AND e.content_id = m.content_id",
    "workspace": f"{_OF_NO_CONTACT} AND e.content_id IS NULL",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """One rollout, as the statements need it."""

    rollout_id: int
    workflow_id: int
    candidate: int
    since: datetime
    #: The first run that can be of it.
    first_run: int
    at: datetime
    #: What the workflow is about: contact, content or workspace.
    subject: str = "contact"

    @property
    def did(self) -> str:
        """Which effects `e` are of whom `m` names; of contacts along their index, of others along that of theirs."""
        return _DID[self.subject]

    @property
    def plain(self) -> dict[str, Any]:
        return {
            "rollout": self.rollout_id,
            "workflow": self.workflow_id,
            "candidate": self.candidate,
            "lately": self.since - _CLOCKS,
            "first": self.first_run,
            "at": self.at,
        }


def met(rollout: Rollout, *, since: datetime) -> int:
    """How many people met the candidate since then."""
    return Exposure.objects.filter(rollout_id=rollout.pk, arm=Arm.CANDIDATE, at__gte=since).count()


def observed(rollout: Rollout, ramp: Ramp, *, since: datetime, at: datetime) -> Observed:
    """Everything that the gates judge by; `since` is when the first stage began."""
    subject = specs.of(rollout.version).spec.subject
    first = _first_run(rollout, since)
    scope = Scope(rollout.pk, rollout.version.workflow_id, rollout.version_id, since, first, at, subject)
    everybody = Exposure.objects.filter(rollout_id=rollout.pk).order_by()
    totals = dict(everybody.values_list("arm").annotate(Count("pk")))
    tossed = everybody.exclude(share_percent=None).values_list("share_percent", "arm").annotate(Count("pk"))
    longest = _longest(scope.workflow_id, first, since)
    kept, writers = _fields(scope)
    return Observed(
        subject=subject,
        candidate=totals.get(Arm.CANDIDATE, 0),
        stable=totals.get(Arm.STABLE, 0),
        coins=_by_share(tossed),
        has_stable=rollout.stable_id is not None,
        duplicates=_duplicates(scope),
        without_consent=_without_consent(scope),
        odd_stages=_odd_stages(scope, rollout, ramp),
        unforeseen=_unforeseen(scope, rollout.version),
        fields=kept,
        writers=writers,
        errors=_marked(_FAILED, scope),
        complaints=_left(scope),
        conversions=_marked(_CONVERTED, scope),
        slow=None if longest is None else _marked(_SLOW, scope, longest=longest),
        late=_marked(_LATE, scope) if _has_spans(rollout.version) else None,
        metrics=tuple(_metrics(rollout)),
    )


def _first_run(rollout: Rollout, since: datetime) -> int:
    """Runs are numbered as they come, so the number tells what came later, though a clock was put back meanwhile."""
    steps = rollout.steps.exclude(state=State.SCHEDULED).order_by("number")
    last = steps.values_list("after_run", flat=True).first()
    return (_last_before(since) if last is None else last) + 1


@lru_cache(maxsize=256)
def _last_before(since: datetime) -> int:
    """Of rollouts from before steps knew it."""
    last = Run.objects.filter(entered_at__lt=since).order_by("-pk").values_list("pk", flat=True).first()
    return last or 0


@lru_cache(maxsize=256)
def _longest(workflow_id: int, first_run: int, since: datetime) -> timedelta | None:
    """How long nine in ten runs took before the rollout. Asked once a rollout: it is a yardstick, and does not move."""
    ended = Run.objects.filter(workflow_id=workflow_id, state=Run.State.DONE, ended_at__lt=since, pk__lt=first_run)
    took = sorted(
        end - begin for begin, end in ended.order_by("-pk").values_list("entered_at", "ended_at")[:_EARLIER] if end
    )
    return took[len(took) * 9 // 10] if len(took) >= _ENOUGH else None


#: People marked by rows of the runtime: who, and with which arm's version. Those of another arm's version do not count.
_OF_ARM = "CASE WHEN {version} = %(candidate)s THEN 'candidate' ELSE 'stable' END"
_WHO = "coalesce({row}.contact_id, 0), coalesce({row}.content_id, 0)"
_FAILED = f"""
    SELECT {_WHO.format(row="r")}, {_OF_ARM.format(version="r.version_id")} FROM {_RUNS} r
    WHERE r.workflow_id = %(workflow)s AND r.state = 'failed' AND r.id >= %(first)s
    UNION
    SELECT {_WHO.format(row="e")}, {_OF_ARM.format(version="e.version_id")} FROM {_EFFECTS} e
    WHERE e.workflow_id = %(workflow)s AND e.state IN ('failed', 'uncertain') AND e.run_id >= %(first)s
"""  # noqa: S608  names of our own
_CONVERTED = f"""
    SELECT {_WHO.format(row="r")}, {_OF_ARM.format(version="r.version_id")} FROM {_CONVERSIONS} v
    JOIN {_RUNS} r ON r.id = v.run_id
    WHERE v.workflow_id = %(workflow)s AND v.at >= %(lately)s AND r.id >= %(first)s
"""  # noqa: S608
_SLOW = f"""
    SELECT {_WHO.format(row="r")}, {_OF_ARM.format(version="r.version_id")} FROM {_RUNS} r
    WHERE r.workflow_id = %(workflow)s AND r.id >= %(first)s
      AND coalesce(r.ended_at, %(at)s) - r.entered_at > %(longest)s
"""  # noqa: S608


_LATE = f"""
    SELECT {_WHO.format(row="s")}, {_OF_ARM.format(version="s.version_id")} FROM {CriterionSpan._meta.db_table} s
    WHERE s.workflow_id = %(workflow)s AND s.run_id >= %(first)s AND s.state = 'missed'
"""  # noqa: S608


def _has_spans(version: Version) -> bool:
    return any(one.is_measurable and not one.metric for one in specs.of(version).spec.success)


def metric_criteria(version: Version) -> list[Criterion]:
    """What a version asks of metrics."""
    return [one for one in specs.of(version).spec.success if one.metric and one.is_measurable]


def _metrics(rollout: Rollout) -> Iterable[MetricMarks]:
    """As reporting counted them last, by the definitions."""
    asked = metric_criteria(rollout.version)
    if not asked:
        return
    kept = {row.criterion: row for row in CriterionMarks.objects.filter(rollout_id=rollout.pk)}
    for one in asked:
        row, worse = kept.get(one.key), 1 if one.at_least is None else -1
        if row is None:
            yield MetricMarks(one.metric, 0, (), worse, problem="it has not been counted yet")
            continue
        is_moved = row.digest != row.first_digest
        problem = row.problem or ("its definition was changed while the candidate was out" if is_moved else "")
        marks = tuple(Marks(share / 100, candidate, stable) for share, candidate, stable in row.marks)
        yield MetricMarks(one.metric, row.version, marks, worse, problem, is_moved)


def _marked(rows: str, scope: Scope, **more: object) -> tuple[Marks, ...]:
    """People among those met by a coin whom the rows name, each once."""
    return _by_share(
        _rows(
            f"""
            WITH marked (contact_id, content_id, arm) AS (SELECT DISTINCT * FROM ({rows}) AS found)
            SELECT m.share_percent, m.arm, count(*) FROM {_MET} m
            JOIN marked ON marked.contact_id = coalesce(m.contact_id, 0)
                AND marked.content_id = coalesce(m.content_id, 0) AND marked.arm = m.arm
            WHERE m.rollout_id = %(rollout)s AND m.share_percent IS NOT NULL GROUP BY 1, 2
            """,  # noqa: S608
            scope,
            **more,
        )
    )


def _left(scope: Scope) -> tuple[Marks, ...]:
    """Who withdrew a consent after they met it."""
    return _by_share(
        _rows(
            f"""
            SELECT m.share_percent, m.arm, count(DISTINCT m.contact_id) FROM {_MET} m
            JOIN {_CONSENTS} c ON c.contact_id = m.contact_id AND c.state = 'denied' AND c.recorded_at >= %(lately)s
                AND c.recorded_at > m.at
            WHERE m.rollout_id = %(rollout)s AND m.share_percent IS NOT NULL GROUP BY 1, 2
            """,  # noqa: S608
            scope,
        )
    )


def _duplicates(scope: Scope) -> tuple[Breach, ...]:
    found = _rows(
        f"""
        SELECT e.contact_id, e.content_id, min(e.kind), string_agg(DISTINCT e.step, ', ') FROM {_MET} m
        JOIN {_EFFECTS} e ON {scope.did}
        WHERE m.rollout_id = %(rollout)s AND m.arm = 'candidate' AND e.version_id = %(candidate)s
          AND e.state IN {_HAPPENS} AND e.kind NOT IN {_REPEATABLE}
        GROUP BY e.contact_id, e.content_id, e.run_id, e.kind, e.system, e.payload::text
        HAVING count(*) > 1 AND max(e.planned_at) - min(e.planned_at) < interval '1 hour' ORDER BY 1, 2 LIMIT {_MOST}
        """,  # noqa: S608
        scope,
    )
    return tuple(
        Breach(contact or 0, f"{_whose(contact, content)} gets one {kind.replace('_', ' ')} twice, by {steps}")
        for contact, content, kind, steps in found
    )


def _whose(contact: int | None, content: int | None) -> str:
    if contact is not None:
        return f"contact {contact}"
    return "the workspace" if content is None else f"content item {content}"


def _without_consent(scope: Scope) -> tuple[Breach, ...]:
    """As the ledger had it when the message was reserved, or planned; of contacts from before the ledger, as it is now.

    Consent for one purpose is consent, unless the channel was left. Of one batch the ledger knows no order: what was
    planned in one that also recorded a consent is asked by the guards before it leaves, and judged once it is reserved.
    """
    found = _rows(
        f"""
        SELECT e.contact_id, e.step, e.payload ->> 'channel' FROM {_MET} m
        JOIN {_EFFECTS} e ON e.contact_id = m.contact_id
        JOIN {_CONTACTS} contact ON contact.id = e.contact_id
        LEFT JOIN LATERAL (
            SELECT bool_or(latest.state = 'granted') AND NOT bool_or(latest.purpose = 'marketing'
                AND latest.state = 'denied') AS given
            FROM (SELECT DISTINCT ON (c.purpose) c.purpose, c.state FROM {_CONSENTS} c
                  WHERE c.contact_id = e.contact_id AND c.channel = e.payload ->> 'channel'
                    AND c.recorded_at <= coalesce(e.reserved_at, e.planned_at)
                  ORDER BY c.purpose, c.at DESC, c.id DESC) AS latest
        ) AS ledger ON true
        WHERE m.rollout_id = %(rollout)s AND m.arm = 'candidate' AND e.version_id = %(candidate)s
          AND e.kind = 'send_message' AND e.state IN {_HAPPENS} AND e.payload ->> 'channel' <> 'chat'
          AND (e.reserved_at IS NOT NULL OR NOT EXISTS (
            SELECT FROM {_CONSENTS} c WHERE c.contact_id = e.contact_id AND c.channel = e.payload ->> 'channel'
              AND c.state = 'granted' AND c.recorded_at = e.planned_at))
          AND NOT coalesce(ledger.given, contact.consent -> (e.payload ->> 'channel') ->> 'state' = 'granted', false)
        ORDER BY e.id LIMIT {_MOST}
        """,  # noqa: S608
        scope,
    )
    return tuple(
        Breach(contact, f"{step} writes to contact {contact}, who has not agreed to {channel}")
        for contact, step, channel in found
    )


def _odd_stages(scope: Scope, rollout: Rollout, ramp: Ramp) -> tuple[Breach, ...]:
    expected = ramp.expected_stages
    if expected is None:
        if rollout.stable is None:
            return ()
        expected = tuple(stages_set_by(rollout.stable))
    found = _rows(
        f"""
        SELECT DISTINCT c.contact_id, c.new #>> '{{}}', c.step FROM {_MET} m
        JOIN {_CHANGES} c ON c.contact_id = m.contact_id AND c.field = 'lifecycle_stage'
        JOIN {_RUNS} r ON r.id = c.run_id AND r.version_id = %(candidate)s
        WHERE m.rollout_id = %(rollout)s AND m.arm = 'candidate' AND c.new #>> '{{}}' <> ALL(%(expected)s::text[])
        ORDER BY 1 LIMIT {_MOST}
        """,  # noqa: S608
        scope,
        expected=list(expected),
    )
    return tuple(
        Breach(contact, f"{step} takes contact {contact} to {stage}, which was not announced")
        for contact, stage, step in found
    )


def _unforeseen(scope: Scope, candidate: Version) -> tuple[Breach, ...] | None:
    """Messages of steps that wrote to nobody in the replay of exactly this content; None where none says enough."""
    forecast = replays.forecast(candidate)
    if forecast is None or forecast.entries < _ENOUGH:
        return None
    found = _rows(
        f"""
        SELECT e.contact_id, e.content_id, e.step FROM {_MET} m
        JOIN {_EFFECTS} e ON {scope.did}
        WHERE m.rollout_id = %(rollout)s AND m.arm = 'candidate' AND e.version_id = %(candidate)s
          AND e.kind = 'send_message' AND e.state IN {_HAPPENS} AND e.step <> ALL(%(foreseen)s::text[])
        ORDER BY e.id LIMIT {_MOST}
        """,  # noqa: S608
        scope,
        foreseen=[one.step for one in forecast.steps if forecast.foresees(one.step, "send_message")],
    )
    return tuple(
        Breach(
            contact or 0,
            f"{step} writes to {_whose(contact, content)}: of {forecast.entries:,} who entered in replay"
            f" {forecast.replay_id} it wrote to nobody",
        )
        for contact, content, step in found
    )


def stages_set_by(version: Version) -> set[str]:
    """Lifecycle stages that its steps may set."""
    steps = specs.of(version).spec.steps
    by_stage = {str(step.arguments["stage"]) for step in steps if step.action == "set_stage"}
    by_field = {
        str(step.arguments["value"])
        for step in steps
        if step.action == "set_field" and step.arguments.get("field") == "lifecycle_stage"
    }
    return by_stage | by_field


def _fields(scope: Scope) -> tuple[tuple[Kept, ...], Mapping[str, tuple[int, int]]]:
    """Of the newest people of each arm: which fields their runs filled in at which system, all steps together."""
    found = _rows(
        f"""
        WITH newest AS (
            (SELECT contact_id, content_id, arm FROM {_MET} WHERE rollout_id = %(rollout)s AND arm = 'candidate'
             ORDER BY id DESC LIMIT {_RECORDS})
            UNION ALL
            (SELECT contact_id, content_id, arm FROM {_MET} WHERE rollout_id = %(rollout)s AND arm = 'stable'
             ORDER BY id DESC LIMIT {_RECORDS})
        ), written AS MATERIALIZED (
            SELECT m.arm, e.system, e.run_id, e.payload FROM newest m
            JOIN {_EFFECTS} e ON {scope.did} AND e.workflow_id = %(workflow)s
                AND e.run_id >= %(first)s AND e.kind = 'upsert_record' AND e.state IN {_HAPPENS}
                AND (e.version_id = %(candidate)s) = (m.arm = 'candidate')
        )
        SELECT system, '' AS field, count(DISTINCT run_id) FILTER (WHERE arm = 'candidate'),
            count(DISTINCT run_id) FILTER (WHERE arm = 'stable') FROM written GROUP BY system
        UNION ALL
        SELECT system, one.key, count(DISTINCT run_id) FILTER (WHERE arm = 'candidate'),
            count(DISTINCT run_id) FILTER (WHERE arm = 'stable')
        FROM written, json_each_text(payload -> 'fields') AS one
        WHERE one.value <> '' GROUP BY system, one.key
        """,  # noqa: S608
        scope,
    )
    kept = tuple(Kept(*row) for row in found if row[1])
    return kept, {system: (candidate, stable) for system, field, candidate, stable in found if not field}


def _by_share(rows: Iterable[tuple[int, str, int]]) -> tuple[Marks, ...]:
    counts: dict[int, dict[str, int]] = {}
    for share, arm, count in rows:
        counts.setdefault(share, {})[arm] = count
    return tuple(
        Marks(share / 100, by.get(Arm.CANDIDATE, 0), by.get(Arm.STABLE, 0)) for share, by in sorted(counts.items())
    )


def _rows(statement: str, scope: Scope, **more: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, scope.plain | more)
        return list(cursor.fetchall())
