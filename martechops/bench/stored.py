"""Does it stay as fast when much is stored? The same events with little in the tables, and with millions.

What is stored is made of what the engine itself has just left, by the database: a twentieth as many contacts as events,
each with its keys, runs, changes, consent and effects, and an event with its trace for everything that ever came.
"""

from collections.abc import Iterator

from django.db import connection, transaction

from martechops.bench.crew import Crew

from . import storing
from .advance import Stock
from .figures import Report
from .sizes import Sizes

SECTION = "With much stored"
#: Events to a contact.
EACH = 20
#: Copies of the pattern a transaction.
_TOGETHER = 25
#: People of the pattern.
_PATTERN = 1_000

_PEOPLE = """
    CREATE TEMP TABLE pattern AS
    SELECT r.contact_id, min(r.id) AS run_id, min(r.event_id) AS event_id,
        row_number() OVER (ORDER BY r.contact_id) AS n
    FROM workflows_run r GROUP BY r.contact_id ORDER BY r.contact_id LIMIT %s
"""
#: Table → what stands for the columns that name somebody or something; the others are copied. `k` is the copy's number.
_OF_PEOPLE = {
    "workflows_contact": ("contact", {"id": "{id}", "email": "c.k || '.' || t.email"}),
    "workflows_contactkey": ("contact", {"key": "t.key || '.' || c.k", "contact_id": "{id}"}),
    "workflows_run": (
        "run",
        {"id": "{id}", "contact_id": "{id}", "entry_key": "t.entry_key || '.' || c.k", "event_id": "{id}"},
    ),
    "workflows_contactchange": (
        "contact",
        {"id": "nextval('workflows_contactchange_id_seq')", "contact_id": "{id}", "run_id": "{id}"}
        | {"event_id": "{id}"},
    ),
    "workflows_consententry": (
        "contact",
        {"id": "nextval('workflows_consententry_id_seq')", "contact_id": "{id}", "event_id": "{id}"},
    ),
    "workflows_effect": (
        "contact",
        {"id": "nextval('workflows_effect_id_seq')", "contact_id": "{id}", "run_id": "{id}"}
        | {"key": "md5(t.key::text || c.k)::uuid", "once_key": "t.once_key || '.' || c.k", "state": "'done'"},
    ),
}
#: A row for each event that came, of its person; every twentieth is the one that began the run.
_OF_EVENTS = {
    "workflows_inboundevent": {
        "id": "{id} + e",
        "key": "md5(t.key::text || c.k || '.' || e)::uuid",
        "message_id": "t.message_id || '.' || c.k || '.' || e",
    },
    "workflows_trace": {
        "id": "nextval('workflows_trace_id_seq')",
        "contact_id": "{id}",
        "event_id": "{id} + e",
        "detail": "CASE WHEN e = 0 THEN t.detail ELSE "
        "json_build_object('cause', t.detail -> 'cause', 'changes', '[]'::json, 'workflows', '[]'::json) END",
    },
}
#: Ids of copies begin here, far from those that the sequences give.
_FAR = 1_000_000_000_000


def measure(crew: Crew, stock: Stock, sizes: Sizes, report: Report) -> None:
    """Rounds with little stored, then as many with much."""
    empty = [_rate(crew, stock, sizes, report) for _ in range(sizes.rounds + 1)][1:]
    fill(sizes.stored, report)
    full = [_rate(crew, stock, sizes, report) for _ in range(sizes.rounds + 1)][1:]
    contacts = sizes.stored // EACH
    report.add(SECTION, "events with little stored, 2 workers", empty, unit="/s")
    report.add(SECTION, f"events with {sizes.stored:,} events and {contacts:,} contacts stored", full, unit="/s")
    report.ratio(SECTION, f"{sizes.stored:,} events stored ÷ little", full, empty, at_least=0.8)


def _rate(crew: Crew, stock: Stock, sizes: Sizes, report: Report) -> float:
    stock.queue(sizes.events, report)
    return sizes.events / crew.tell("advance", workers=2).seconds


def fill(events: int, report: Report) -> None:
    """So many events more, and all that belongs to them."""
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [_PATTERN])
        cursor.execute("SELECT count(*) FROM pattern")
        people = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM workflows_inboundevent")
        before = cursor.fetchone()[0]
    copies = events // (people * EACH)
    for first in range(1, copies + 1, _TOGETHER):
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in _statements(people):
                cursor.execute(statement, [first, min(first + _TOGETHER - 1, copies)])
        report.say(f"  {min(first + _TOGETHER - 1, copies) * people * EACH:,} of {events:,} stored")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM workflows_inboundevent")
        report.check("events stored beforehand", found=cursor.fetchone()[0] - before, expected=copies * people * EACH)
    storing.settle_statistics()


def _statements(people: int) -> Iterator[str]:
    """Each takes the first and the last copy's number."""
    id = f"{_FAR} + (c.k * {people} + p.n) * {EACH}"
    for table, (found_by, given) in _OF_PEOPLE.items():
        column = "id" if table in ("workflows_contact", "workflows_run") else f"{found_by}_id"
        yield _copy(table, given, id, on=f"t.{column} = p.{found_by}_id")
    for table, given in _OF_EVENTS.items():
        on = "t.id = p.event_id" if table == "workflows_inboundevent" else "t.event_id = p.event_id"
        yield _copy(table, given, id, on=on, each=f"CROSS JOIN generate_series(0, {EACH - 1}) AS e")


def _copy(table: str, given: dict[str, str], id: str, *, on: str, each: str = "") -> str:
    with connection.cursor() as cursor:
        names = [column.name for column in connection.introspection.get_table_description(cursor, table)]
    values = ", ".join(given[name].format(id=id) if name in given else f't."{name}"' for name in names)
    return f"""
        INSERT INTO {table} ({", ".join(f'"{name}"' for name in names)})
        SELECT {values} FROM pattern p JOIN {table} t ON {on}
        CROSS JOIN generate_series(%s::int, %s::int) AS c (k) {each}
        """  # noqa: S608 - names of our own
