"""Whether the numbers of a report may be believed: fresh, by agreed definitions, and equal to what the CRM says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from martechops.sandbox.models import CrmRecord
from reporting.models import Projection, Report, StaleRow
from workflows.models import Contact, DefinitionVersion, LifecycleStage, System
from workflows.queries import unsettled

#: Figures older than this are said to be old.
_OLD = timedelta(minutes=10)
#: Of the contacts that both sides know, the share that may differ: some change while one looks.
_MAY_DIFFER = 0.01


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was verified."""

    name: str
    holds: bool
    says: str
    #: Contacts to look at.
    contacts: tuple[int, ...] = ()


def definitions(kinds: Iterable[str]) -> dict[str, list[str | int]]:
    """`kind key` → number and digest of its newest version. One query."""
    rows = DefinitionVersion.objects.filter(kind__in=list(kinds))
    newest = rows.order_by("kind", "key", "-number").distinct("kind", "key")
    return {f"{row.kind} {row.key}": [row.number, row.digest] for row in newest}


def checks(
    kinds: Iterable[str], *, now: Mapping[str, list[str | int]], former: Report | None, at: datetime
) -> list[Check]:
    """Everything that is verified of a report."""
    return [_fresh(at), _agreed(kinds), _drift(now, former), *_reconciled()]


def _fresh(at: datetime) -> Check:
    waiting = StaleRow.objects.count()
    last = Projection.objects.values_list("moved_at", "rebuilt_at").first()
    if last is None:
        return Check("Freshness", False, "facts were never made: is the worker running?")
    if waiting:
        return Check("Freshness", False, f"{waiting:,} changes are not in the figures yet")
    moved = max(when for when in last if when)
    old = at - moved > _OLD
    return Check(
        "Freshness", True, f"everything until {at:%Y-%m-%d %H:%M} UTC is in" + (", nothing new came" if old else "")
    )


def _agreed(kinds: Iterable[str]) -> Check:
    drafts = unsettled.keys()
    open_ones = [f"{kind} {key}" for kind in kinds for key in drafts.get(kind, ())]
    if open_ones:
        return Check("Agreed definitions", False, f"not agreed yet: {', '.join(open_ones)}")
    return Check("Agreed definitions", True, "everything that the numbers rest on is agreed")


def _drift(now: Mapping[str, list[str | int]], former: Report | None) -> Check:
    """A change is no fault, but a number before it and one after it do not mean the same: it is said."""
    if former is None:
        return Check("Same definitions", True, "this is the first report of its kind")
    before = former.definitions
    changed = [
        f"{name} is version {now[name][0]} now" for name in sorted(now) if name in before and before[name] != now[name]
    ]
    changed += [f"{name} is new" for name in sorted(now.keys() - before.keys())]
    changed += [f"{name} is gone" for name in sorted(before.keys() - now.keys())]
    since = f"since {former.at:%Y-%m-%d %H:%M} UTC"
    return Check("Same definitions", not changed, f"{'; '.join(changed)}, {since}" if changed else f"unchanged {since}")


def _reconciled() -> list[Check]:
    """Contacts here against records there, by address. Only of the CRM that can be read at once: the sandbox's."""
    if not System.objects.filter(connector="sandbox_crm").exists():
        return []
    stages = LifecycleStage.objects.values_list("key", "crm_statuses")
    meant = [f"{key}={status}" for key, statuses in stages for status in statuses]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*), count(*) FILTER (WHERE differs),
                (array_agg(id ORDER BY id DESC) FILTER (WHERE differs))[1:5]
            FROM (
                SELECT c.id, c.lifecycle_stage = ANY(%s)
                    AND NOT (c.lifecycle_stage || '=' || r.status = ANY(%s)) AS differs
                FROM {Contact._meta.db_table} c JOIN {CrmRecord._meta.db_table} r ON r.email = c.email
            ) AS both_sides
            """,  # noqa: S608  names of our own
            [[key for key, statuses in stages if statuses], meant],
        )
        both, differ, contacts = cursor.fetchone()
    says = f"{both - differ:,} of {both:,} contacts stand in the CRM as they do here"
    return [Check("Reconciled with the CRM", differ <= _MAY_DIFFER * both, says, tuple(contacts or ()))]
