"""Who may write which field, as the engine asks it."""

from collections.abc import Collection

from django.db.models import QuerySet

from martechops.people.models import Team
from workflows.engine.authority import Authority
from workflows.models import Field, Status


def fields(keys: Collection[str] | None = None) -> QuerySet[Field]:
    """Fields with what their authority needs; all, or those with these keys."""
    rows = Field.objects.select_related("system_of_record", "owner")
    return rows if keys is None else rows.filter(key__in=keys)


def of(row: Field) -> Authority:
    """The authority over one field."""
    return Authority(
        field=row.key,
        system=row.system_of_record.key,
        owner=row.owner.key,
        written_in=tuple(row.written_in),
        frozen=row.status == Status.FROZEN,
        owner_id=row.owner_id,
    )


def teams() -> list[str]:
    """The keys of all teams."""
    return list(Team.objects.values_list("key", flat=True))
