"""Facts kept up with what they are made of, and made anew from nothing to the same result.

Triggers note each raw row that is written or changed, in the transaction that writes it (`StaleRow`). A turn takes some
of these notes and makes the facts of their rows anew: what was there is deleted and taken off the daily figures, what
is there now is inserted and added, all in the transaction that deletes the notes. So a fact is always made of its row
as it is, a turn that fails leaves nothing behind, and whatever is written meanwhile has a note of its own.

Why not in the transaction of the batch? There it would make everybody wait who waits for that batch, and a mistake in a
report's SQL would stop the work itself. What the batch pays for is the note.
"""

from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from martechops.lib import bulk, digest
from martechops.lib.frozen import dataclass
from reporting.actions import present_names, rollups
from reporting.actions.rollups import Way
from reporting.facts import FACTS, Fact, contacts
from reporting.models import DailyFigure, Projection, StaleRow
from workflows.engine.metrics import BadMetric, Conversion, measure_of, read
from workflows.models import Metric, NamingConvention
from workflows.queries import work_calendar

#: Rows whose notes are settled in one transaction: what is asked again for each costs as much as some hundred facts.
AT_ONCE = 10_000
#: Raw rows that facts are made of at once where all are made anew.
AT_ONCE_ANEW = 100_000
#: One projection at a time, whoever runs it.
_LOCK = 7_201_909
_NOTES, _DAILY = StaleRow._meta.db_table, DailyFigure._meta.db_table


@dataclass(frozen=True, slots=True)
class Rules:
    """What of the workspace's own words goes into facts; when it changes, facts are made anew."""

    #: What naming conventions allow channels to be called.
    labels: tuple[str, ...]
    #: The time zone that days are counted in.
    zone: str

    def zoned(self, daily: str) -> str:
        return daily.replace("{zone}", _quoted(self.zone))


@transaction.atomic
def turn(*, at: datetime, most: int = AT_ONCE) -> int:
    """Make the facts anew of the rows that were noted first; how many there were. 0: nothing is stale.

    Another turn that is under way is left alone, as is a projection by other rules: these make all facts anew.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        rules = current_rules()
        projected = Projection.objects.filter(basis=basis(rules)).first()
        if projected is None or not _follow_renames(cursor, projected, rules):
            return _rebuild(cursor, rules, at=at)
        ways = _follow_ways(cursor, projected, rules)
        return _take(cursor, rules, ways, most=most, at=at)


@transaction.atomic
def rebuild(*, at: datetime) -> int:
    """Make all facts anew from the raw rows; how many there are. Until it commits, readers see the former ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        return _rebuild(cursor, current_rules(), at=at)


def current_rules() -> Rules:
    """As the workspace says it now."""
    return Rules(tuple(channel_labels()), work_calendar.calendar().timezone)


def channel_labels() -> list[str]:
    """What naming conventions allow channels to be called."""
    found: set[str] = set()
    for subject, parts in NamingConvention.objects.values_list("subject", "parts"):
        for part in parts if isinstance(parts, list) else []:
            is_channel = subject == NamingConvention.Subject.CHANNEL or (
                subject == NamingConvention.Subject.CAMPAIGN and part.get("part") == "channel"
            )
            found.update(str(value).lower() for value in part.get("values", ()) if is_channel)
    return sorted(found)


def basis(rules: Rules) -> str:
    """Names the rules: two projections of one basis make equal facts of equal rows."""
    return digest.of([*([_select(fact, rules), rules.zoned(fact.daily)] for fact in FACTS), rollups.basis()])


def _take(cursor: CursorWrapper, rules: Rules, ways: Collection[Way], *, most: int, at: datetime) -> int:
    cursor.execute(
        f"""
        WITH first AS (SELECT id, coalesce(cardinality(row_ids), 1) AS size FROM {_NOTES} ORDER BY id LIMIT %(most)s),
        chosen AS (SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM first),
        taken AS (
            DELETE FROM {_NOTES} WHERE id = ANY(ARRAY(SELECT id FROM chosen WHERE before < %(most)s))
            RETURNING kind, coalesce(row_ids, ARRAY[row_id]) AS row_ids
        )
        SELECT kind, array_agg(DISTINCT row_id), count(*) FROM taken CROSS JOIN unnest(row_ids) row_id GROUP BY kind
        """,  # noqa: S608
        {"most": most},
    )
    rows = cursor.fetchall()
    if not rows:
        return 0
    stale: dict[str, list[int]] = {kind: ids for kind, ids, _ in rows}
    _follow_contacts(cursor, stale, rules)
    with rollups.following(cursor, stale, zone=_quoted(rules.zone), ways=ways):
        for fact in FACTS:
            if ids := stale.get(fact.kind):
                _make(cursor, fact, rules, ids=ids)
    _forget_empty_cells(cursor)
    Projection.objects.update(moved_at=at)
    return sum(count for _, _, count in rows)


def _follow_ways(cursor: CursorWrapper, projected: Projection, rules: Rules) -> list[Way]:
    """Those that metrics ask about now, of which the ones that are new are added up from facts."""
    asked = ways_asked_about()
    if projected.ways != [list(way) for way in asked]:
        rollups.make_ways(cursor, zone=_quoted(rules.zone), ways=asked)
        projected.ways = [list(way) for way in asked]
        projected.save(update_fields=["ways"])
    return asked


def ways_asked_about() -> list[Way]:
    """From stage to stage, in every metric that says what share came there."""
    found: set[Way] = set()
    for type, formula in Metric.objects.filter(type="conversion").values_list("type", "formula"):
        with suppress(BadMetric):
            definition = read(type, formula)
            ends = [definition.base, definition.to] if isinstance(definition, Conversion) else []
            stages = [
                one.where.get("to_stage", ()) for one in ends if measure_of(one.measure)[0].view == "stage_changes"
            ]
            if [len(each) for each in stages] == [1, 1]:
                found.add((stages[0][0], stages[1][0]))
    return sorted(found)


def _follow_renames(cursor: CursorWrapper, projected: Projection, rules: Rules) -> bool:
    """Facts stand under the names of today; False if they cannot be brought there but by making them anew."""
    before, now = [tuple(name) for name in projected.names], present_names.in_force()
    if before == now:
        return True
    if not present_names.can_follow(before, now):
        return False
    present_names.follow(cursor, before, now)
    projected.ways = [list(way) for way in ways_asked_about()]
    rollups.make(cursor, zone=_quoted(rules.zone), ways=ways_asked_about())
    projected.names = [list(name) for name in now]
    projected.save(update_fields=["names", "ways"])
    return True


def _rebuild(cursor: CursorWrapper, rules: Rules, *, at: datetime) -> int:
    # Parts are found by index: PostgreSQL would rather read all events for each.
    cursor.execute("SET LOCAL random_page_cost = 1.1")
    # What is noted from here on is made anew once more; what was noted before is in the rows that are read below.
    cursor.execute(f"DELETE FROM {_NOTES}")  # noqa: S608
    cursor.execute(f"DELETE FROM {_DAILY}")  # noqa: S608
    made = 0
    for fact in FACTS:
        cursor.execute(f"DELETE FROM {fact.table}")  # noqa: S608
        made += sum(_insert(cursor, fact, rules, between=part) for part in _parts(cursor, fact))
    _forget_empty_cells(cursor)
    ways = ways_asked_about()
    rollups.make(cursor, zone=_quoted(rules.zone), ways=ways)
    names = [list(name) for name in present_names.in_force()]
    said = {
        "basis": basis(rules),
        "names": names,
        "ways": [list(way) for way in ways],
        "rebuilt_at": at,
        "moved_at": at,
    }
    Projection.objects.update_or_create(pk=1, defaults=said)
    return made


def _parts(cursor: CursorWrapper, fact: Fact) -> Iterator[tuple[int, int]]:
    """All raw rows, some at a time: a hash join frees what it made of an event's body with the next row that it finds,
    and where it finds none, five million bodies are 22 GB.
    """
    cursor.execute(f"SELECT min(id), max(id) FROM {fact.raw_table}")  # noqa: S608
    first, last = cursor.fetchone()
    while first is not None and first <= last:
        yield first, first + AT_ONCE_ANEW
        first += AT_ONCE_ANEW


def _follow_contacts(cursor: CursorWrapper, stale: dict[str, list[int]], rules: Rules) -> None:
    """Contacts with another campaign or channel than their facts: all that takes these from them is stale, too."""
    if not (ids := stale.get(contacts.FACT.kind)):
        return
    cursor.execute(
        f"""
        SELECT id FROM unnest(%(ids)s::bigint[]) AS noted (id)
        LEFT JOIN {contacts.FACT.table} f USING (id)
        LEFT JOIN ({_select(contacts.FACT, rules, which=" AND r.id = ANY(%(ids)s::bigint[])")}) n USING (id)
        WHERE (f.campaign, f.channel) IS DISTINCT FROM (n.campaign, n.channel)
        """,  # noqa: S608
        {"ids": bulk.array(ids)},
    )
    moved = [id for (id,) in cursor.fetchall()]
    for fact in FACTS if moved else ():
        if fact.takes_from_contact:
            # What retention has deleted keeps the fact that it had.
            cursor.execute(
                f"SELECT id FROM {fact.table} f WHERE contact_id = ANY(%s::bigint[]) "  # noqa: S608
                f"AND EXISTS (SELECT FROM {fact.raw_table} r WHERE r.id = f.id)",
                [bulk.array(moved)],
            )
            known = set(stale.get(fact.kind, ()))
            stale[fact.kind] = [*known, *(id for (id,) in cursor.fetchall() if id not in known)]


def _make(cursor: CursorWrapper, fact: Fact, rules: Rules, *, ids: list[int]) -> None:
    cursor.execute(
        f"""
        WITH f AS (DELETE FROM {fact.table} WHERE id = ANY(%(ids)s::bigint[]) RETURNING *)
        {_counted(fact, rules, sign="-")}
        """,  # noqa: S608
        {"ids": bulk.array(ids)},
    )
    _insert(cursor, fact, rules, ids=ids)


def _insert(
    cursor: CursorWrapper,
    fact: Fact,
    rules: Rules,
    *,
    ids: Collection[int] = (),
    between: tuple[int, int] | None = None,
) -> int:
    which = " AND r.id = ANY(%(ids)s::bigint[])" if between is None else " AND r.id >= %(first)s AND r.id < %(end)s"
    first, end = between or (None, None)
    cursor.execute(
        f"""
        WITH f AS (
            INSERT INTO {fact.table} ({", ".join(fact.columns)}) {_select(fact, rules, which=which)} RETURNING *
        ), counted AS ({_counted(fact, rules, sign="")})
        SELECT count(*) FROM f
        """,  # noqa: S608
        {"ids": bulk.array(ids), "first": first, "end": end},
    )
    return int(cursor.fetchone()[0])


def _select(fact: Fact, rules: Rules, *, which: str = "") -> str:
    """Of all raw rows, or of those that a condition lets through besides."""
    columns = ", ".join(f"{expression} AS {name}" for name, expression in fact.columns.items())
    known = "ARRAY[" + ", ".join(_quoted(label) for label in rules.labels) + "]::text[]"
    statement = f"SELECT {columns} FROM {fact.raw_table} r {fact.joins} WHERE {fact.where}{which}"  # noqa: S608
    return statement.replace("{labels}", known)


def _quoted(label: str) -> str:
    return "'" + label.replace("'", "''").replace("%", "%%") + "'"


def _counted(fact: Fact, rules: Rules, *, sign: str) -> str:
    """Facts `f` added to the daily figures, or taken off them."""
    if not fact.daily:
        return "SELECT 1 FROM f"
    return f"""
        INSERT INTO {_DAILY} AS d (day, figure, campaign, channel, workflow_id, count, value)
        SELECT v.day, v.figure, f.campaign, f.channel, v.workflow_id, {sign}count(*), {sign}sum(v.value::numeric)
        FROM f CROSS JOIN LATERAL (VALUES {rules.zoned(fact.daily)}) v (day, figure, workflow_id, value)
        WHERE v.day IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT (figure, day, campaign, channel, workflow_id)
        DO UPDATE SET count = d.count + EXCLUDED.count, value = d.value + EXCLUDED.value
        """  # noqa: S608


def _forget_empty_cells(cursor: CursorWrapper) -> None:
    cursor.execute(f"DELETE FROM {_DAILY} WHERE count = 0")  # noqa: S608
