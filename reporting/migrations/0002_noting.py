"""Every change of a raw row leaves a note in its own transaction, from which its fact is made anew.

One statement for each statement of the batch, however many rows that wrote. An update is noted if it changed what facts
are made of: most give a contact another score or move a run one step further. Deleted rows leave no note, because what
retention deletes stays counted; a contact does, because it goes only when it is merged or erased.
"""

from django.db import migrations

#: Kind, table, which rows have facts, and the columns that these are made of.
NOTED = (
    (
        "contact",
        "workflows_contact",
        "TRUE",
        "created_at, {row}.lifecycle_stage, {row}.fields->>'utm_source', {row}.fields->>'utm_medium', "
        "{row}.fields->>'utm_campaign'",
    ),
    ("trace", "workflows_trace", "n.event_id IS NOT NULL AND n.contact_id IS NOT NULL", "contact_id, {row}.event_id"),
    ("change", "workflows_fieldchange", "n.field = 'lifecycle_stage'", "contact_id, {row}.new::text, {row}.old::text"),
    ("conversion", "workflows_conversion", "TRUE", "contact_id, {row}.campaign, {row}.value"),
    ("run", "workflows_run", "TRUE", "contact_id, {row}.version_id, {row}.state, {row}.ended_at"),
)
#: Messages have a fact once they have ended, and may begin anew: both sides of a change are asked.
ENDED = "state NOT IN ('planned', 'held', 'reserved')"
EFFECT = (
    "effect",
    "workflows_effect",
    f"n.kind = 'send_message' AND n.{ENDED}",
    f"n.kind = 'send_message' AND (n.{ENDED} OR o.{ENDED})",
)


def noting(kind: str, table: str, written: str, changed: str) -> str:
    """Functions and triggers of one table; conditions on the row as it is, `n`, and as it was, `o`."""
    return f"""
CREATE FUNCTION reporting_note_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_id) SELECT '{kind}', n.id FROM noted n WHERE {written};
    RETURN NULL;
END $$;
CREATE FUNCTION reporting_note_{kind}_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_id)
    SELECT '{kind}', n.id FROM noted n JOIN former o ON o.id = n.id WHERE {changed};
    RETURN NULL;
END $$;
CREATE TRIGGER reporting_note_inserted AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS noted FOR EACH STATEMENT EXECUTE FUNCTION reporting_note_{kind}();
CREATE TRIGGER reporting_note_updated AFTER UPDATE ON {table}
    REFERENCING NEW TABLE AS noted OLD TABLE AS former
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_note_{kind}_change();
"""


def distinct(columns: str) -> str:
    return f"(n.{columns.format(row='n')}) IS DISTINCT FROM (o.{columns.format(row='o')})"


FORWARD = "".join(
    [
        *(noting(kind, table, rows, f"{rows} AND {distinct(columns)}") for kind, table, rows, columns in NOTED),
        noting(*EFFECT),
        "CREATE TRIGGER reporting_note_deleted AFTER DELETE ON workflows_contact "
        "REFERENCING OLD TABLE AS noted FOR EACH STATEMENT EXECUTE FUNCTION reporting_note_contact();",
    ]
)
BACKWARD = "DROP TRIGGER reporting_note_deleted ON workflows_contact;" + "".join(
    f"DROP TRIGGER reporting_note_inserted ON {table}; DROP TRIGGER reporting_note_updated ON {table};"
    f"DROP FUNCTION reporting_note_{kind}(); DROP FUNCTION reporting_note_{kind}_change();"
    for kind, table, *_ in (*NOTED, EFFECT)
)


class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_facts"), ("workflows", "0024_keys_are_found_whole")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
