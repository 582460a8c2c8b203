"""One value of a field, kept in several ways (requirement B5)."""

from collections.abc import Iterator

from reporting.health.finding import BOTTLENECK, Finding, Kind, contacts
from reporting.health.scope import Scope
from workflows.models import Contact, LifecycleStage
from workflows.models import Field as FieldRow

KEY = "inconsistent-values"
_CONTACTS = Contact._meta.db_table
#: As many spellings of one value are named.
_NAMED = 4


def find(scope: Scope) -> Iterator[Finding]:
    """Of picklists: spellings that differ in case, spaces and dashes only, and values that are not allowed."""
    fields = {row.key: row for row in FieldRow.objects.filter(type="picklist").select_related("owner").order_by("key")}
    kept = [key for key in fields if key != "lifecycle_stage"]
    for key, spellings, now, former, samples in scope.rows(_SPELLINGS, fields=kept):
        yield Finding(
            kind=KEY,
            says=f"{fields[key].label} is kept as {' and as '.join(spellings[:_NAMED])}: rules for one miss the other",
            fix="Settle one spelling, list it in the field's allowed values, and normalise the contacts",
            team=fields[key].owner.key,
            count=now,
            former=former,
            samples=contacts(samples),
        )
    allowed = {key: set(map(str, fields[key].allowed_values)) for key in kept if fields[key].allowed_values}
    allowed["lifecycle_stage"] = set(LifecycleStage.objects.values_list("key", flat=True))
    for key, value, now, former, samples in scope.rows(
        _UNKNOWN, fields=list(allowed), pairs=[f"{key}={value}" for key, values in allowed.items() for value in values]
    ):
        if key in fields:
            yield Finding(
                kind=KEY,
                says=f"{fields[key].label} is {value}, which is none of its allowed values",
                fix="Allow the value, or put right where it comes from and the contacts that have it",
                team=fields[key].owner.key,
                count=now,
                former=former,
                samples=contacts(samples),
            )


#: Of each contact the fields that are asked about; `was` says whether it is older than the period.
_VALUES = f"""
    SELECT c.id, name AS field, c.updated_at < %(since)s AS was,
        CASE WHEN name = 'lifecycle_stage' THEN c.lifecycle_stage ELSE c.fields ->> name END AS value
    FROM {_CONTACTS} c CROSS JOIN unnest(%(fields)s::text[]) AS name
"""  # noqa: S608  names of our own
#: The commonest spelling is taken for the right one.
_SPELLINGS = f"""
    WITH counted AS (
        SELECT field, value, count(*) AS count, count(*) FILTER (WHERE was) AS former,
            (array_agg(id ORDER BY id DESC))[1:5] AS ids,
            lower(regexp_replace(value, '[^[:alnum:]]+', '', 'g')) AS folded
        FROM ({_VALUES}) AS values_of WHERE coalesce(value, '') <> '' GROUP BY 1, 2
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY field, folded ORDER BY count DESC, value) AS place FROM counted
    )
    SELECT field, array_agg(value ORDER BY place), (sum(count) FILTER (WHERE place > 1))::bigint,
        (sum(former) FILTER (WHERE place > 1))::bigint, max(ids) FILTER (WHERE place = 2)
    FROM ranked GROUP BY field, folded HAVING count(*) > 1 ORDER BY 1, 3 DESC
"""  # noqa: S608
_UNKNOWN = f"""
    SELECT field, value, count(*), count(*) FILTER (WHERE was), (array_agg(id ORDER BY id DESC))[1:5]
    FROM ({_VALUES}) AS values_of
    WHERE coalesce(value, '') <> '' AND NOT (field || '=' || value = ANY(%(pairs)s::text[]))
    GROUP BY 1, 2 ORDER BY 1, 3 DESC LIMIT 50
"""  # noqa: S608

KIND = Kind(
    KEY,
    "Inconsistent field values",
    BOTTLENECK,
    "One value in several spellings, or a value that its field does not allow.",
    ("B5", "A11"),
    "case-sensitive",
    find,
    codes=("DAT007",),
)
