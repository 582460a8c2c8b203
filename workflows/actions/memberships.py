"""Who enters and who leaves the segments that live workflows watch.

A watched segment has its members in a table. The transaction that changes contacts compares those contacts with it; the
rules that move by themselves (`30 days ago`, a score that fades) are compared with all contacts by a timer. Whoever
is in a segment when it begins to be watched was in it before, and enters nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction

from martechops.lib import bulk, digest, failures
from workflows.engine import internal, triggers
from workflows.engine.conditions import BadCondition, relative
from workflows.engine.internal import InternalEvent, SubjectRef
from workflows.models import Contact, SegmentMember, SegmentWatch
from workflows.queries import conditions, live, segment_rules, segments

from . import internal_events
from .field_changes import Changed

log = structlog.get_logger()

#: How often a rule that moves by itself is compared with everybody.
EVERY = timedelta(seconds=60)
#: Contacts that are locked and compared in one transaction.
_AT_ONCE = 500
#: Differences that are looked for at once.
_A_ROUND = 20_000

_CONTACTS, _MEMBERS = Contact._meta.db_table, SegmentMember._meta.db_table
Rules = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Move:
    """One contact that came in or went out."""

    segment: str
    contact_id: int
    entered: bool

    def event(self, *, at: datetime, depth: int = 0) -> InternalEvent:
        """As the workflows that watch the segment hear of it."""
        return InternalEvent(
            name=triggers.SEGMENT_ENTERED if self.entered else triggers.SEGMENT_LEFT,
            subject=SubjectRef("contact", self.contact_id),
            at=at,
            properties={"segment": self.segment},
            depth=depth,
        )


def watched() -> dict[str, Mapping[str, Any]]:
    """Rules of segments whose members are known, by key. One query where nothing is watched."""
    known = dict(SegmentWatch.objects.values_list("segment", "digest"))
    rules = segment_rules.rules() if known else {}
    return {key: rules[key] for key in known if key in rules and digest.of(rules[key]) == known[key]}


def notice(contact_ids: Iterable[int], *, rules: Rules, at: datetime) -> list[Move]:
    """Compare these contacts, whose rows are locked, with the watched rules; who came and went. One statement."""
    asked = _asked(rules, at)
    ids = bulk.array(contact_ids)
    if not asked or ids == "{}":
        return []
    members = " UNION ALL ".join(
        f"SELECT {key} AS segment, c.id FROM {_CONTACTS} c WHERE c.id = ANY(%(ids)s::bigint[]) AND {where.member}"  # noqa: S608
        for key, where in asked.items()
    )
    values = {name: value for where in asked.values() for name, value in where.values.items()}
    keys = {f"key{i}": segment for i, segment in enumerate(rules)}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH judged AS MATERIALIZED ({members}),
            entered AS (
                INSERT INTO {_MEMBERS} (segment, contact_id, since) SELECT segment, id, %(at)s FROM judged
                ORDER BY segment, id ON CONFLICT DO NOTHING RETURNING segment, contact_id
            ), gone AS (
                DELETE FROM {_MEMBERS} m WHERE m.contact_id = ANY(%(ids)s::bigint[])
                AND m.segment IN ({", ".join(asked)})
                AND NOT EXISTS (SELECT FROM judged j WHERE j.segment = m.segment AND j.id = m.contact_id)
                RETURNING segment, contact_id
            )
            SELECT segment, contact_id, TRUE FROM entered UNION ALL SELECT segment, contact_id, FALSE FROM gone
            ORDER BY 2, 1
            """,  # noqa: S608
            {**values, **keys, "ids": ids, "at": at},
        )
        return [Move(*row) for row in cursor.fetchall()]


def _asked(rules: Rules, at: datetime) -> dict[str, conditions.Where]:
    """Each rule as SQL, by the name of the parameter that holds its key. One that cannot be asked stands aside."""
    asked = {}
    for i, (segment, rule) in enumerate(rules.items()):
        try:
            asked[f"%(key{i})s"] = conditions.where(rule, segments.terms(at, rule), prefix=f"s{i}_")
        except BadCondition as error:
            log.error("segment_cannot_be_watched", segment=segment, error=failures.place(error))
    return asked


@transaction.atomic
def follow(changes: Sequence[Changed], *, at: datetime) -> None:
    """After contacts were changed outside a batch, their rows locked: tell the workflows that wait for it."""
    if not changes:
        return
    caused = [
        event
        for row in changes
        for event in internal.changed(SubjectRef("contact", row.contact_id), row.field, old=row.old, new=row.new, at=at)
    ]
    rules = watched()
    moves = notice(sorted({row.contact_id for row in changes}), rules=rules, at=at) if rules else []
    internal_events.write([*live.awaited(caused), *(move.event(at=at, depth=1) for move in moves)])


def keep(*, at: datetime) -> int:
    """Begin to watch what is used, forget what is not, and compare the rules that moved; how many came and went."""
    used = live.watched_segments(trigger.trigger for trigger in live.triggers())
    gone = SegmentWatch.objects.exclude(segment__in=used)
    for segment in list(gone.values_list("segment", flat=True)):
        with transaction.atomic():
            SegmentMember.objects.filter(segment=segment).delete()
            SegmentWatch.objects.filter(segment=segment).delete()
    rules = segment_rules.rules()
    return sum(_keep_one(key, rules[key], at) for key in sorted(used & rules.keys()))


def _keep_one(segment: str, rule: Mapping[str, Any], at: datetime) -> int:
    """Compare one segment with everybody, unless another worker does or nothing can have moved."""
    now = digest.of(rule)
    watch, is_new = SegmentWatch.objects.get_or_create(segment=segment, defaults={"digest": "", "checked_at": at})
    if not is_new and not (_is_due(watch, rule, now, at) and _is_mine(watch, at)):
        return 0
    moved = _compare(segment, rule, at=at, tell=bool(watch.digest))
    if watch.digest != now:
        SegmentWatch.objects.filter(pk=segment).update(digest=now)
        # What changed while everybody was compared, before batches began to look at this rule themselves.
        moved += _compare(segment, rule, at=at, tell=True)
    return moved


def _is_due(watch: SegmentWatch, rule: Mapping[str, Any], now: str, at: datetime) -> bool:
    return watch.checked_at <= at - EVERY and (watch.digest != now or moves_by_itself(rule))


def _is_mine(watch: SegmentWatch, at: datetime) -> bool:
    """The first to say so compares; one that died at it is followed when the next comparison is due."""
    return bool(SegmentWatch.objects.filter(pk=watch.pk, checked_at=watch.checked_at).update(checked_at=at))


def moves_by_itself(rule: Any) -> bool:
    """May somebody enter or leave it though nothing happened to them?

    >>> moves_by_itself({"contact.country": "DE"}), moves_by_itself({"contact.since": {"$lt": {"days_ago": 30}}})
    (False, True)
    """
    if isinstance(rule, Mapping):
        if relative.distance(rule) or "segment" in rule or "contact.score" in rule:
            return True
        return any(map(moves_by_itself, rule.values()))
    return isinstance(rule, list) and any(map(moves_by_itself, rule))


def _compare(segment: str, rule: Mapping[str, Any], *, at: datetime, tell: bool) -> int:
    """Find who differs without a lock, then judge those again under their lock: nobody is held up for long."""
    count = 0
    while ids := _differing(segment, rule, at):
        settled = 0
        for start in range(0, len(ids), _AT_ONCE):
            settled += _settle(segment, rule, ids[start : start + _AT_ONCE], at=at, tell=tell)
        count += settled
        if not settled or len(ids) < _A_ROUND:
            break
    return count


def _differing(segment: str, rule: Mapping[str, Any], at: datetime) -> list[int]:
    try:
        where = conditions.where(rule, segments.terms(at, rule))
    except BadCondition:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT coalesce(c.id, m.contact_id) FROM {_CONTACTS} c
            FULL JOIN (SELECT contact_id FROM {_MEMBERS} WHERE segment = %(segment)s) m ON m.contact_id = c.id
            WHERE (c.id IS NOT NULL AND {where.member}) <> (m.contact_id IS NOT NULL)
            ORDER BY 1 LIMIT {_A_ROUND}
            """,  # noqa: S608
            {**where.values, "segment": segment},
        )
        return [contact_id for (contact_id,) in cursor.fetchall()]


@transaction.atomic
def _settle(segment: str, rule: Mapping[str, Any], ids: Sequence[int], *, at: datetime, tell: bool) -> int:
    """Under the contacts' lock, as a batch that changes them would."""
    list(Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    moves = notice(ids, rules={segment: rule}, at=at)
    if tell:
        internal_events.write([move.event(at=at) for move in moves])
    return len(moves)
