"""Rows in which the lifecycle stage changed leave their notes, as changes of one field did."""

import importlib

from django.db import migrations

_NOTING = importlib.import_module("reporting.migrations.0002_noting")
_MANY = importlib.import_module("reporting.migrations.0008_notes_of_many")
_TABLE = "workflows_contactchange"
_STAGED = "n.stage_at IS NOT NULL"
_CHANGED = f"{_STAGED} AND " + _MANY.distinct("{row}.contact_id, {row}.at, {row}.pairs::text")


class Migration(migrations.Migration):
    dependencies = [("reporting", "0016_former_changes_unnoted"), ("workflows", "0035_changes_by_cause")]
    operations = [
        migrations.RunSQL(
            _NOTING.noting("change", _TABLE, "TRUE", "TRUE") + _MANY.noting("change", _STAGED, _CHANGED),
            f"DROP TRIGGER reporting_note_inserted ON {_TABLE}; DROP TRIGGER reporting_note_updated ON {_TABLE};"
            "DROP FUNCTION reporting_note_change(); DROP FUNCTION reporting_note_change_change();",
        )
    ]
