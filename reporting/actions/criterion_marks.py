"""Metrics of success criteria for the two arms of a rollout: whom the definition counted since they met it.

A sequential test compares people of whom each is marked at most once, and by the coin that gave them their arm. So the
definition is asked of every contact that met the rollout by a coin: does it count at least one row of theirs, of this
workflow, from that instant on? Of a share the numerator is asked about, of a conversion metric the second thing. One
statement a criterion, over documented views, along each fact's index by contact.
"""

import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import OperationalError, connection, transaction

from campaigns.models import CriterionMarks, Rollout
from campaigns.queries import rollout_counts, rollouts
from reporting import compile
from reporting.metrics import BadQuestion, Formula, Fraction, Journey, Leaf, Node, Period, Question, Rolling
from reporting.queries import metrics
from reporting.queries.metrics import Catalog
from workflows.engine.metrics import MODELS, entity_column
from workflows.engine.spec import Criterion

#: Counted anew after so long, or so many times as long as it took.
EVERY, TIMES = timedelta(seconds=15), 50
#: A statement that takes longer is given up until it is due again.
MOST_SECONDS = 60
_LOCK = 7_201_924


def keep(*, at: datetime) -> int:
    """Count every open rollout's metrics that are due; how many were. Another turn under way is left alone."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return 0
        asked = [(one, of) for one in rollouts.open_ones() for of in rollout_counts.metric_criteria(one.version)]
        if not asked:
            return 0
        kept = {(row.rollout_id, row.criterion): row for row in _kept(one.pk for one, _ in asked)}
        due = [(one, of) for one, of in asked if _is_due(kept.get((one.pk, of.key)), at=at)]
        known = metrics.catalog() if due else None
        for rollout, criterion in due:
            assert known is not None
            _count(rollout, criterion, known, kept.get((rollout.pk, criterion.key)), at=at)
        return len(due)


def _kept(rollout_ids: Iterable[int]) -> Iterable[CriterionMarks]:
    return CriterionMarks.objects.filter(rollout_id__in=set(rollout_ids))


def _is_due(kept: CriterionMarks | None, *, at: datetime) -> bool:
    """Also where it was counted by a clock that has been put back since: marks of an hour would be missing."""
    if kept is None or at < kept.counted_at:
        return True
    return at - kept.counted_at >= max(EVERY, timedelta(seconds=TIMES * kept.took_seconds))


def _count(
    rollout: Rollout, criterion: Criterion, known: Catalog, kept: CriterionMarks | None, *, at: datetime
) -> None:
    begun = time.monotonic()
    metric = known.metrics.get(criterion.metric)
    marks, digest, problem = _marks(rollout, criterion, known)
    CriterionMarks.objects.update_or_create(
        rollout_id=rollout.pk,
        criterion=criterion.key,
        defaults={
            "metric": criterion.metric,
            "version": metric.version if metric else 0,
            "digest": digest,
            "first_digest": kept.first_digest if kept else digest,
            "marks": marks,
            "problem": problem,
            "counted_at": at,
            "took_seconds": time.monotonic() - begun,
        },
    )


def _marks(rollout: Rollout, criterion: Criterion, known: Catalog) -> tuple[list[list[int]], str, str]:
    """People by share and arm, by which definitions, and why not."""
    # The time is none: who met the rollout when says from when on.
    someday = Period(date(2000, 1, 1), date(2000, 1, 2))
    try:
        within = known.within(criterion.metric, rollout.version.workflow.key)
        plan = known.plan(Question(criterion.metric, someday, where=within))
    except BadQuestion as error:
        return [], "", str(error)
    digest = known.digest_of(plan.rests_on)
    leaf = mark_of(plan.root)
    if leaf is None or entity_column(MODELS[leaf.view], "contact") is None:
        return [], digest, "it cannot be told person by person, so the arms cannot be compared by it"
    statement = compile.marked(leaf, rollout_id=rollout.pk, zone=metrics.zone())
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(MOST_SECONDS * 1000)])
            return _by_share(metrics.rows_of(statement)), digest, ""
    except OperationalError:
        return [], digest, f"it takes more than {MOST_SECONDS} s to count"


def mark_of(node: Node) -> Leaf | None:
    """The rows of which one marks a person; None: no one kind of row decides."""
    match node:
        case Leaf():
            return node
        case Fraction(over=over):
            return mark_of(over)
        case Formula(expression=expression, parts=((name, part),)) if expression.strip() == name:
            return mark_of(part)
        case Rolling(of=leaf):
            return leaf
        case Journey(to=leaf):
            return leaf
        case _:
            return None


def _by_share(rows: Iterable[tuple[int, str, int]]) -> list[list[int]]:
    counts: dict[int, dict[str, int]] = {}
    for share, arm, count in rows:
        counts.setdefault(share, {})[arm] = count
    return [[share, by.get("candidate", 0), by.get("stable", 0)] for share, by in sorted(counts.items())]
