"""What is too old is removed at night, in small batches: none holds a lock for long, and a kill costs one batch."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from martechops.audit import entries
from workflows.models import RetentionPolicy, RetentionRun
from workflows.queries import retention
from workflows.queries.retention import KINDS, Kind

#: Rows of one transaction.
BATCH = 2_000
#: How much time one statement looks at, at first: wider where little is found, narrower where it is full.
_SLICE = timedelta(hours=1)
_NARROWEST = timedelta(seconds=1)
#: Statements of one transaction.
_MOST_SLICES = 50
_BY = "retention"


def keep(*, at: datetime) -> bool:
    """Remove the next batch, if it is night and something is too old; is there more to do?"""
    with transaction.atomic():
        run = RetentionRun.objects.select_for_update(skip_locked=True).filter(ended_at=None).first()
        run = run or _tonights(at)
        return run is not None and _go_on(run, at=at)


def all_of_it(*, at: datetime) -> RetentionRun:
    """A run by hand, from beginning to end."""
    run = RetentionRun.objects.create(began_at=at)
    more = True
    while more:
        with transaction.atomic():
            run = RetentionRun.objects.select_for_update().get(pk=run.pk)
            more = _go_on(run, at=at)
    return run


def _tonights(at: datetime) -> RetentionRun | None:
    """The run that is due; one that another worker begins at this moment is that worker's."""
    night = retention.last_night(at=at)
    known = RetentionPolicy.objects.exclude(keep_days=None).filter(changed_at__lt=night).exists()
    if not known or RetentionRun.objects.filter(Q(night__gte=night.date()) | Q(ended_at=None)).exists():
        return None
    run, _ = RetentionRun.objects.get_or_create(night=night.date(), defaults={"began_at": at})
    if night.day == 1:  # what was worked on when its time came is looked at again
        RetentionPolicy.objects.update(cleared_before=None)
    return RetentionRun.objects.select_for_update(skip_locked=True).filter(pk=run.pk, ended_at=None).first()


def _go_on(run: RetentionRun, *, at: datetime) -> bool:
    """One batch of the first kind that is not done; the end is an entry in the audit log. Is there more to do?"""
    policies = RetentionPolicy.objects.filter(keep_days__isnull=False, changed_at__lte=run.began_at)
    policy = policies.exclude(kind__in=run.done).order_by("pk").first()
    if policy is not None:
        count, is_done = _remove(policy, before=run.began_at - timedelta(days=policy.keep_days or 0))
        run.removed[policy.kind] = run.removed.get(policy.kind, 0) + count
        run.done += [policy.kind] if is_done else []
        run.save(update_fields=["removed", "done"])
        return True
    run.ended_at = at
    run.save(update_fields=["ended_at"])
    key, detail = str(run.pk), {"removed": run.removed}
    entries.record(action="retention.run", object_kind="retention", object_key=key, by=_BY, at=at, detail=detail)
    return False


def _remove(policy: RetentionPolicy, *, before: datetime) -> tuple[int, bool]:
    """Up to about `BATCH` rows, slice by slice from where the last one ended; how many, and was that all?

    A slice that is full is cut in half and tried again, so that no statement wades through what it removed before.
    """
    kind = KINDS.get(policy.kind)
    if kind is None:  # a kind that a newer version of this code knows
        return 0, True
    since, width, count = policy.cleared_before, _SLICE, 0
    for _ in range(_MOST_SLICES):
        until = min(before, (since or retention.first_of(kind) or before) + width)
        found = _statement(kind, since, until)
        count += found
        if found >= BATCH:
            width = max(width / 2, _NARROWEST)
        else:
            since, width = until, width * (4 if found < BATCH // 10 else 1)
        if count >= BATCH or since == before:
            break
    RetentionPolicy.objects.filter(pk=policy.pk).update(cleared_before=since)
    return count, since == before


def _statement(kind: Kind, since: datetime | None, until: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(kind.statement, {"since": since, "until": until, "most": BATCH})
        return int(cursor.rowcount)
