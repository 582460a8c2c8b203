"""Success criteria measured while workflows run: spans opened, looked at and settled, and teams told of risks.

A tick may end anywhere and two may come at once: each part is one transaction under one lock, and does nothing twice.
What it costs follows what is new and what is open, never what there is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from campaigns.actions import letters
from campaigns.budgets import Level
from campaigns.models import CriterionSpan, CriterionStanding
from campaigns.queries import criteria, criterion_moments
from campaigns.queries.criteria import DAYS, Standing
from campaigns.queries.criterion_moments import Wanted
from martechops.audit import entries
from workflows.engine.spec import Criterion, Moment
from workflows.models import Run, Version
from workflows.queries import aliases, specs, work_calendar

#: Spans opened and looked at in one tick.
AT_ONCE = 2_000
#: Runs that become visible later than one with a higher number are found as long as so many have not come since.
_SLACK = 10_000
_LOCK = 7_201_911
_BY = "criteria"


def tick(*, at: datetime) -> int:
    """Open what is new, look at what is open, and tell teams where they stand; how many spans were looked at."""
    with transaction.atomic():
        if not _is_mine():
            return 0
        _open(at=at)
        looked = _look(at=at)
        _tell(at=at)
    return looked


def _is_mine() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _open(*, at: datetime) -> None:
    """A span for each new run of a live version and each of its criteria about a span of time."""
    pairs = [(one.version_id, of.key) for one in criteria.live() for of in one.spec.success if _is_span(of)]
    spans, runs = CriterionSpan._meta.db_table, Run._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {spans} (workflow_id, criterion, version_id, run_id, contact_id, content_id, state, is_settled,
                looked_at)
            SELECT r.workflow_id, c.criterion, r.version_id, r.id, r.contact_id, r.content_id, 'open', false,
                r.entered_at
            FROM {runs} r JOIN unnest(%(versions)s::bigint[], %(criteria)s::text[]) AS c (version_id, criterion)
                ON c.version_id = r.version_id
            WHERE r.id > coalesce((SELECT max(run_id) FROM {spans}), 0) - {_SLACK} AND r.entered_at > %(since)s
              AND r.entered_at <= %(at)s
              AND NOT EXISTS (SELECT FROM {spans} s WHERE s.run_id = r.id AND s.criterion = c.criterion)
            ORDER BY r.id LIMIT {AT_ONCE} ON CONFLICT DO NOTHING
            """,  # noqa: S608  names of our own
            {
                "versions": [version for version, _ in pairs],
                "criteria": [key for _, key in pairs],
                "since": at - timedelta(days=DAYS),
                "at": at,
            },
        )


def _is_span(criterion: Criterion) -> bool:
    return criterion.is_measurable and not criterion.metric


def _look(*, at: datetime) -> int:
    """At those that were not looked at for longest."""
    spans = list(
        CriterionSpan.objects.select_for_update(skip_locked=True)
        .filter(is_settled=False, looked_at__lt=at)
        .order_by("looked_at", "pk")[:AT_ONCE]
    )
    runs = Run.objects.in_bulk({span.run_id for span in spans})
    asked = _asked({span.version_id for span in spans})
    began = _moments([span for span in spans if span.began_at is None], runs, asked, ends=False)
    calendar = work_calendar.calendar()
    for span in spans:
        criterion = asked.get((span.version_id, span.criterion))
        if span.began_at is None and criterion and criterion.within and span.pk in began:
            span.began_at = began[span.pk]
            span.due_at = criterion.within.after(span.began_at, calendar)
    ended = _moments([span for span in spans if span.began_at is not None], runs, asked, ends=True)
    let_off = _let_off([span for span in spans if span.pk not in ended], runs, asked)
    for span in spans:
        run, criterion = runs.get(span.run_id), asked.get((span.version_id, span.criterion))
        _settle(span, run, criterion, ended.get(span.pk), let_off=span.pk in let_off, at=at)
    CriterionSpan.objects.bulk_update(
        spans, ["began_at", "due_at", "ended_at", "state", "is_settled", "looked_at"], batch_size=500
    )
    return len(spans)


def _asked(versions: set[int]) -> Mapping[tuple[int, str], Criterion]:
    """Runs are pinned to the version that they entered, and so are the criteria that they are measured by."""
    rows = Version.objects.filter(pk__in=versions)
    return {(row.pk, one.key): one for row in rows for one in specs.of(row).spec.success if _is_span(one)}


def _moments(
    spans: Sequence[CriterionSpan], runs: Mapping[int, Run], asked: Mapping[tuple[int, str], Criterion], *, ends: bool
) -> Mapping[int, datetime]:
    names = aliases.names()
    wanted: dict[Moment, list[Wanted]] = {}
    for span in spans:
        run, criterion = runs.get(span.run_id), asked.get((span.version_id, span.criterion))
        moment = (criterion.ends if ends else criterion.begins) if criterion else None
        if run and moment:
            since = run.entered_at if moment.kind == "step" or not (ends and span.began_at) else span.began_at
            wanted.setdefault(moment, []).append(
                Wanted(span.pk, run.pk, run.contact_id, run.content_id, None if ends else run.event_id, since)
            )
    return {
        span_id: when
        for moment, group in wanted.items()
        for span_id, when in criterion_moments.found(moment, group, names).items()
    }


def _let_off(
    spans: Sequence[CriterionSpan], runs: Mapping[int, Run], asked: Mapping[tuple[int, str], Criterion]
) -> frozenset[int]:
    """Those whose runs are over without having come to the step that is asked for: a rule took them elsewhere."""
    by_step: dict[str, list[Wanted]] = {}
    for span in spans:
        run, criterion = runs.get(span.run_id), asked.get((span.version_id, span.criterion))
        if run and _is_over(run) and criterion and criterion.ends and criterion.ends.kind == "step":
            by_step.setdefault(criterion.ends.name, []).append(
                Wanted(span.pk, run.pk, run.contact_id, run.content_id, None, run.entered_at)
            )
    return frozenset(id for step, wanted in by_step.items() for id in criterion_moments.let_off(step, wanted))


def _is_over(run: Run) -> bool:
    return run.state in (Run.State.DONE, Run.State.STOPPED)


def _settle(
    span: CriterionSpan,
    run: Run | None,
    criterion: Criterion | None,
    ended_at: datetime | None,
    *,
    let_off: bool,
    at: datetime,
) -> None:
    """What is known of it now. Who is late and still on the way may be let off by a rule yet."""
    state, is_settled = CriterionSpan.State.OPEN, False
    is_late = span.due_at is not None and at > span.due_at
    if criterion is None or run is None:
        state, is_settled = CriterionSpan.State.LEFT, True
    elif span.due_at is not None and ended_at is not None:
        state = CriterionSpan.State.MET if ended_at <= span.due_at else CriterionSpan.State.MISSED
        is_settled = True
    elif run.state == Run.State.WAITING or _is_on_its_way(run, at):
        state = CriterionSpan.State.MISSED if is_late else state
    elif let_off or span.began_at is None:
        state, is_settled = CriterionSpan.State.LEFT, True
    elif is_late or (criterion.ends is not None and criterion.ends.kind == "step"):
        state, is_settled = CriterionSpan.State.MISSED, True
    span.state, span.is_settled, span.ended_at, span.looked_at = state, is_settled, ended_at, at


def _is_on_its_way(run: Run, at: datetime) -> bool:
    """Its last effects may not have been carried out yet."""
    return run.ended_at is not None and at - run.ended_at < timedelta(hours=1)


def _tell(*, at: datetime) -> None:
    """Teams hear of what is at risk, broken, or well again; of each change once."""
    known = {(row.workflow_id, row.criterion): row for row in CriterionStanding.objects.select_for_update()}
    for standing in criteria.standings(at=at):
        place = (standing.workflow.pk, standing.criterion.key)
        row = known.get(place) or CriterionStanding(
            workflow_id=place[0], criterion=place[1], level=Level.WAITING, since=at
        )
        if row.pk is not None and row.level == standing.level:
            continue
        told = _says(standing, before=Level(row.level))
        row.level, row.since = standing.level, at
        row.save()
        if told:
            letters.criterion_moved(standing.workflow, says=told, at=at)
            entries.record(
                action=f"criterion.{standing.level}",
                object_kind="workflow",
                object_key=standing.workflow.key,
                by=_BY,
                at=at,
            )


def _says(standing: Standing, *, before: Level) -> str:
    named = standing.criterion.says or standing.criterion.key
    if standing.level in (Level.BROKEN, Level.AT_RISK):
        return f"{'does not hold' if standing.level is Level.BROKEN else 'is at risk'}: {named} ({figures(standing)})"
    if standing.level is Level.WELL and before in (Level.BROKEN, Level.AT_RISK):
        return f"holds again: {named}"
    return ""


def figures(standing: Standing) -> str:
    """What it comes to, in words."""
    if standing.budget is None:
        return standing.came_to
    return f"{standing.budget.met} of {standing.budget.total} in time"
