"""Facts follow a rename: what stands there under the former name is written under the present one.

Facts that are made from now on have it anyway (`reporting.facts.names`). Making all of them anew would say the same,
but would lose what retention has deleted since, and a rename is no reason for a series to begin anew.
"""

from collections.abc import Collection, Iterator

from django.db.backends.utils import CursorWrapper

from reporting.facts import FACTS
from reporting.facts.names import CAMPAIGN, EVENT, STAGE
from reporting.models import ContactFact, DailyFigure, DealFact, StageFact, TouchFact
from workflows.models import Alias

#: Kind, former name, present name.
Name = tuple[str, str, str]
_DAILY = DailyFigure._meta.db_table
_KEY = ("day", "figure", "campaign", "channel", "workflow_id")


def in_force() -> list[Name]:
    """Every alias that facts ask for, in order."""
    rows = Alias.objects.filter(kind__in=[STAGE, EVENT, CAMPAIGN], until=None).order_by("kind", "old")
    return list(rows.values_list("kind", "old", "new"))


def can_follow(before: Collection[Name], now: Collection[Name]) -> bool:
    """Whether former names only gave way to others; one that was taken back is in facts under a name not its own."""
    present = {(kind, old) for kind, old, _ in now}
    gone = [name for name in before if name not in now]
    return all((kind, old) in present or (kind, new) in present for kind, old, new in gone)


def follow(cursor: CursorWrapper, before: Collection[Name], now: Collection[Name]) -> None:
    """Bring facts and daily figures to the present names."""
    for kind, old, new in now:
        if (kind, old, new) in before:
            continue
        for table, column in _columns(kind):
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", [new, old])  # noqa: S608
        if kind == STAGE:
            _move(cursor, "figure", f"stage {old}", f"stage {new}")
        elif kind == CAMPAIGN:
            _move(cursor, "campaign", old, new)


def _columns(kind: str) -> Iterator[tuple[str, str]]:
    if kind == STAGE:
        stages = StageFact._meta.db_table
        yield from ((stages, "from_stage"), (stages, "to_stage"), (ContactFact._meta.db_table, "stage"))
    elif kind == EVENT:
        yield from ((TouchFact._meta.db_table, "event"), (DealFact._meta.db_table, "event"))
    elif kind == CAMPAIGN:
        yield from ((fact.table, "campaign") for fact in FACTS)


def _move(cursor: CursorWrapper, column: str, old: str, new: str) -> None:
    """Cells of one name added to those of the other."""
    chosen = ", ".join("%(new)s" if name == column else name for name in _KEY)
    cursor.execute(
        f"""
        INSERT INTO {_DAILY} AS d ({", ".join(_KEY)}, count, value)
        SELECT {chosen}, count, value FROM {_DAILY} WHERE {column} = %(old)s
        ON CONFLICT (figure, day, campaign, channel, workflow_id)
        DO UPDATE SET count = d.count + EXCLUDED.count, value = d.value + EXCLUDED.value
        """,  # noqa: S608
        {"new": new, "old": old},
    )
    cursor.execute(f"DELETE FROM {_DAILY} WHERE {column} = %s", [old])  # noqa: S608
