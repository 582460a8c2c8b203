"""Changes of fields are about to be rows by cause (`workflows` 0035): the triggers of their former table go first.

Nothing is missed between: both steps are of one `migrate`, and facts of stages are made anew after it, because what
they are made of is asked otherwise.
"""

import importlib

from django.db import migrations

_NOTING = importlib.import_module("reporting.migrations.0002_noting")
_MANY = importlib.import_module("reporting.migrations.0008_notes_of_many")
_TABLE = "workflows_fieldchange"


def _former() -> str:
    """As 0002 and 0008 left them."""
    (kind,) = [one for one in _MANY.KINDS if one[0] == "change"]
    return _NOTING.noting("change", _TABLE, "TRUE", "TRUE") + _MANY.noting(*kind)


class Migration(migrations.Migration):
    dependencies = [("reporting", "0015_views_of_credits"), ("workflows", "0034_content_is_approved")]
    run_before = [("workflows", "0035_changes_by_cause")]
    operations = [
        migrations.RunSQL(
            f"DROP TRIGGER reporting_note_inserted ON {_TABLE}; DROP TRIGGER reporting_note_updated ON {_TABLE};"
            "DROP FUNCTION reporting_note_change(); DROP FUNCTION reporting_note_change_change();",
            _former(),
        )
    ]
