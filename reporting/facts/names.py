"""Names of today for names as they were written: a rename mid-stream leaves every series in one piece (requirement I2).

What these give depends on the aliases in force, so `reporting.actions.renames` follows each new one.
"""

from workflows.models import Alias

#: Kinds of aliases, and which columns of facts hold such names: table → columns.
STAGE, EVENT, CAMPAIGN = "stage", "event-type", "value:utm_campaign"


def current(kind: str, name: str) -> str:
    """The present name for an SQL expression that gives a former or present one."""
    alias = f"SELECT a.new FROM {Alias._meta.db_table} a WHERE a.kind = '{kind}' AND a.old = {name} AND a.until IS NULL"  # noqa: S608
    return f"coalesce(({alias}), {name})"
