"""What is kept and for how long: kinds of rows, their sizes, and what a shorter policy would remove.

Why batches, and no partitions that are dropped whole? What grows most must stay for ever in part: an event's key, so
that a repeat is known after years, and what explains a contact, as long as there is the contact. A partition by time
could not hold the unique keys, and would take both away. So the rows stay and what makes them large goes, and only rows
that nothing refers to are deleted. They are found by a BRIN index on their time, which costs an insert next to nothing
(`docs/operations.md` has the figures).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from workflows.models import RetentionPolicy, RetentionRun

from . import work_calendar

#: When a night's run begins, in the time zone of the working calendar.
NIGHTLY_AT = time(2, 0)
#: What is counted before a policy is saved: beyond it the number is "more than".
MOST_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row that a policy removes, in part or whole."""

    key: str
    label: str
    #: What goes, and what stays.
    says: str
    table: str
    #: The column, or expression, that says how old a row `t` is.
    stamp: str
    #: Which rows can go: those that are not gone already, and that nobody works on.
    when: str = "true"
    #: What is set in its place; empty: the row is deleted.
    set: str = ""
    key_column: str = "id"

    @property
    def statement(self) -> str:
        """Removes up to `%(most)s` rows from `%(since)s` on and before `%(until)s`, past rows that are locked."""
        rows = f"SELECT t.ctid FROM {self.table} t WHERE {self._aged} LIMIT %(most)s FOR UPDATE OF t SKIP LOCKED"  # noqa: S608
        verb = f"UPDATE {self.table} SET {self.set}" if self.set else f"DELETE FROM {self.table}"  # noqa: S608
        return f"{verb} WHERE ctid = ANY(ARRAY({rows}))"

    @property
    def count(self) -> str:
        rows = f"SELECT FROM {self.table} t WHERE {self._aged} LIMIT %(most)s"
        return f"SELECT count(*) FROM ({rows}) AS found"  # noqa: S608

    @property
    def _aged(self) -> str:
        since = f"(%(since)s::timestamptz IS NULL OR {self.stamp} >= %(since)s)"
        return f"{since} AND {self.stamp} < %(until)s AND {self.when}"


KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "event-bodies",
            "Bodies of events",
            "What a message said. Its key, name and time stay, so that a repeat is still recognised and stories still "
            "name it; it can no longer be replayed or tried against a rule.",
            "workflows_inboundevent",
            "t.received_at",
            "t.body::text <> '{}' AND NOT EXISTS (SELECT FROM workflows_queuedevent q WHERE q.event_id = t.id) AND NOT "
            "EXISTS (SELECT FROM workflows_quarantinedevent h WHERE h.event_id = t.id AND h.state = 'held')",
            set="body = '{}'",
        ),
        Kind(
            "corrections",
            "Corrected bodies",
            "What a person made of a message in quarantine, once it was replayed or dismissed. That it was held, and "
            "why, stays.",
            "workflows_quarantinedevent",
            "t.at",
            "t.corrected_body IS NOT NULL AND t.state <> 'held'",
            set="corrected_body = NULL",
            key_column="event_id",
        ),
        Kind(
            "conflicts",
            "Messages under a taken id",
            "Another message that came under the id of an event: the event's page shows it beside what counted.",
            "workflows_eventconflict",
            "t.received_at",
        ),
        Kind(
            "sent-content",
            "Content of effects",
            "What was sent, word for word. What was asked for, when, and what the far side answered stay, and with "
            "them the key that keeps it from happening twice.",
            "workflows_effect",
            "t.planned_at",
            "t.state IN ('done', 'failed', 'suppressed', 'cancelled') AND t.outcome::jsonb ? 'content'",
            set="outcome = (outcome::jsonb - 'content')::json",
        ),
        Kind(
            "refused-rows",
            "Refused rows of imports",
            "The cells of rows that an import did not take. The import and its numbers stay; its error file is empty.",
            "workflows_importrefusal",
            "(SELECT i.ended_at FROM workflows_import i WHERE i.id = t.owner_id)",
        ),
        Kind(
            "captured-messages",
            "Captured mailbox",
            "Messages that the sandbox captured instead of sending them.",
            "sandbox_mailboxmessage",
            "t.sent_at",
        ),
        Kind(
            "rollout-looks",
            "Looks at rollouts",
            "Counts between one change and the next, of which one every few minutes is kept. Each look at which a "
            "verdict or the stage changed stays, and the newest of each rollout; why a step was taken is in its log.",
            "campaigns_rolloutlook",
            "t.at",
            "NOT t.is_telling AND EXISTS (SELECT FROM campaigns_rolloutlook n WHERE n.rollout_id = t.rollout_id AND "
            "n.id > t.id)",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Fixed:
    """What no policy shortens, and why."""

    label: str
    kept: str
    says: str
    tables: Sequence[str]


FIXED = (
    Fixed(
        "Explanations",
        "while the contact exists",
        "Traces, changes of fields and points, and the consent ledger: what answers why and why not.",
        (
            "workflows_trace",
            "workflows_contactchange",
            "workflows_consententry",
            "workflows_scoreentry",
        ),
    ),
    Fixed("Keys of events", "for ever", "So that a repeated event is recognised.", ("workflows_inboundevent",)),
    Fixed(
        "Runs and effects",
        "for ever",
        "So that no entry and no effect happens twice.",
        ("workflows_run", "workflows_effect", "workflows_conversion"),
    ),
    Fixed("Audit log", "for ever", "Each entry holds the next one's proof.", ("audit_auditentry",)),
)


@dataclass(frozen=True, slots=True)
class Size:
    """Of a table with its indexes; rows as the database estimates them, never counted."""

    bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class Line:
    """One kind as the page shows it."""

    kind: Kind
    keep_days: int | None
    size: Size
    oldest: datetime | None
    #: By the last run.
    removed: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy would remove the next night."""

    kind: Kind
    before: datetime
    count: int

    @property
    def is_more(self) -> bool:
        return self.count > MOST_COUNTED


def lines() -> list[Line]:
    """Every kind with its policy, size and age. A query for sizes, one a kind for its oldest row."""
    policies = RetentionPolicy.objects.in_bulk()
    found, last = sizes([kind.table for kind in KINDS.values()]), last_run()
    return [
        Line(
            kind=kind,
            keep_days=policies[key].keep_days if key in policies else None,
            size=found.get(kind.table, Size(0, 0)),
            oldest=_oldest(kind, policies.get(key)),
            removed=last.removed.get(key) if last else None,
        )
        for key, kind in KINDS.items()
    ]


def fixed() -> list[tuple[Fixed, Size]]:
    """What is not removed, and how large it is."""
    found = sizes([table for one in FIXED for table in one.tables])
    none = Size(0, 0)
    return [
        (one, Size(*(sum(getattr(found.get(t, none), part) for t in one.tables) for part in ("bytes", "rows"))))
        for one in FIXED
    ]


def last_run() -> RetentionRun | None:
    """The newest that is over."""
    return RetentionRun.objects.exclude(ended_at=None).first()


def next_run(*, at: datetime) -> datetime | None:
    """When the next night's begins; None while no policy removes anything."""
    if not RetentionPolicy.objects.exclude(keep_days=None).exists():
        return None
    return last_night(at=at + timedelta(days=1))


def last_night(*, at: datetime) -> datetime:
    """The last instant at which a night's run was to begin."""
    zone = ZoneInfo(work_calendar.calendar().timezone)
    here = at.astimezone(zone)
    night = datetime.combine(here.date(), NIGHTLY_AT, zone)
    return night if night <= here else datetime.combine(here.date() - timedelta(days=1), NIGHTLY_AT, zone)


def preview(kind: Kind, *, keep_days: int, at: datetime) -> Preview:
    """Counted up to `MOST_COUNTED`."""
    before = at - timedelta(days=keep_days)
    policy = RetentionPolicy.objects.filter(pk=kind.key).first()
    since = policy.cleared_before if policy else None
    with connection.cursor() as cursor:
        cursor.execute(kind.count, {"since": since, "until": before, "most": MOST_COUNTED + 1})
        return Preview(kind, before, int(cursor.fetchone()[0]))


def sizes(tables: Sequence[str]) -> dict[str, Size]:
    """By what the database knows of them without looking."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname, pg_total_relation_size(oid), greatest(reltuples, 0)::bigint
            FROM pg_class WHERE relkind = 'r' AND oid = ANY(ARRAY(SELECT to_regclass(t) FROM unnest(%s::text[]) AS t))
            """,
            [list(tables)],
        )
        return {name: Size(size, rows) for name, size, rows in cursor.fetchall()}


def first_of(kind: Kind) -> datetime | None:
    """How old the row is that was written first. By the primary key."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {kind.stamp} FROM {kind.table} t ORDER BY t.{kind.key_column} LIMIT 1")  # noqa: S608
        row = cursor.fetchone()
    return row[0] if row else None


def _oldest(kind: Kind, policy: RetentionPolicy | None) -> datetime | None:
    """Of the first row, or since when nothing was removed."""
    first, cleared = first_of(kind), policy.cleared_before if policy else None
    return max(first, cleared) if first and cleared and kind.set else first
