"""The naming convention in force for each kind of name (requirements A11, C10)."""

from workflows.engine.naming import BadConvention, Convention, compile_convention
from workflows.models import NamingConvention, Status


def in_force(subject: str) -> Convention | None:
    """The one that people agreed on, compiled; None where none is, and names are free."""
    row = row_in_force(subject)
    if row is None:
        return None
    try:
        return compile_convention(row.parts, separator=row.separator)
    except BadConvention:  # written past the check on save: it is shown as broken on its own page
        return None


def row_in_force(subject: str) -> NamingConvention | None:
    """Its row: agreed or frozen, and of several the first by key."""
    return rows_in_force(subject).get(subject)


def rows_in_force(*subjects: str) -> dict[str, NamingConvention]:
    """As `row_in_force`, by subject, in one query."""
    rows = NamingConvention.objects.filter(subject__in=subjects, status__in=(Status.AGREED, Status.FROZEN))
    return {row.subject: row for row in rows.order_by("subject", "-key")}
