"""Whether anything that is defined has changed since it was read last, asked in one statement.

Reading all definitions takes some fourteen queries and compiles what is new; at a few events a batch that was most of
a batch's time, at five hundred a tenth. So a worker keeps what it read and asks for the stamp of the rows it came from:
PostgreSQL gives every version of a row its place and its transaction, and no two versions of a table's rows have the
same of both. That sees a change by whatever way, an update in bulk or by hand included, and costs a fraction of a
millisecond for a workspace of some hundred definitions.
"""

from functools import cache

from django.db import models

from martechops.lib import prepared
from martechops.people.models import Team
from workflows.models import (
    Activation,
    Alias,
    DefinitionVersion,
    EventType,
    Field,
    LifecycleStage,
    Mapping,
    MessageTemplate,
    Metric,
    NamingConvention,
    Queue,
    Scoring,
    Segment,
    Source,
    System,
    WorkCalendar,
)

#: All that `runtime.definitions` reads, but for versions: one that is live is frozen, and its activation is here.
DEFINED: tuple[type[models.Model], ...] = (
    Activation,
    Alias,
    EventType,
    Field,
    LifecycleStage,
    Mapping,
    MessageTemplate,
    Metric,
    NamingConvention,
    Queue,
    Scoring,
    Segment,
    Source,
    System,
    Team,
    WorkCalendar,
)


def of_definitions() -> str:
    """Another text whenever anything is defined otherwise than before, as this transaction sees it."""
    with prepared.cursor() as cursor:
        cursor.execute(_statement())
        return str(cursor.fetchone()[0])


@cache
def _statement() -> str:
    """Of a segment that is a draft, what was agreed of it last counts: see `segment_rules`."""
    tables = [f"SELECT ctid, xmin FROM {model._meta.db_table}" for model in DEFINED]  # noqa: S608  names of our own
    tables += [f"SELECT ctid, xmin FROM {DefinitionVersion._meta.db_table} WHERE kind = 'segment'"]  # noqa: S608
    stamp = "concat(count(*), '/', sum(hashtextextended(concat(ctid, xmin), 0)))"
    stamps = [f"(SELECT {stamp} FROM ({table}) AS rows)" for table in tables]  # noqa: S608
    return f"SELECT concat_ws(' ', {', '.join(stamps)})"
