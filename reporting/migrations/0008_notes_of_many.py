"""One note for up to 200 rows that a statement wrote, where there was one for each of them.

A note for each row was 4.5 rows an event of the bench, with an index entry each: 0.55 kB of write-ahead log. What is
updated is compared by hash join: whoever writes may have told the planner to keep to indexes (`workflows.runtime.claim`),
and then each row of the one transition table was compared with each of the other.

The column `row_id` stays for what triggers of former versions write; 200 ids stay below what is stored out of line.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

IDS_A_NOTE = 200


def noting(kind: str, written: str, changed: str) -> str:
    """The two functions behind the triggers of one kind, which stay as they are."""
    return f"""
CREATE OR REPLACE FUNCTION reporting_note_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_ids)
    SELECT '{kind}', array_agg(id) FROM (
        SELECT n.id, (row_number() OVER () - 1) / {IDS_A_NOTE} AS part FROM noted n WHERE {written}
    ) AS written GROUP BY part;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reporting_note_{kind}_change() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = on SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_ids)
    SELECT '{kind}', array_agg(id) FROM (
        SELECT n.id, (row_number() OVER () - 1) / {IDS_A_NOTE} AS part
        FROM noted n JOIN former o ON o.id = n.id WHERE {changed}
    ) AS changed GROUP BY part;
    RETURN NULL;
END $$;
"""


def each(kind: str, written: str, changed: str) -> str:
    """As they were: a note for each row."""
    return f"""
CREATE OR REPLACE FUNCTION reporting_note_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_id) SELECT '{kind}', n.id FROM noted n WHERE {written};
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reporting_note_{kind}_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_id)
    SELECT '{kind}', n.id FROM noted n JOIN former o ON o.id = n.id WHERE {changed};
    RETURN NULL;
END $$;
"""


def distinct(columns: str) -> str:
    return f"({columns.format(row='n')}) IS DISTINCT FROM ({columns.format(row='o')})"


#: Kind, which rows have facts, and which changes of them count, as they were (0002); of effects few have facts.
KINDS = (
    (
        "contact",
        "TRUE",
        distinct(
            "{row}.created_at, {row}.lifecycle_stage, {row}.fields->>'utm_source', {row}.fields->>'utm_medium', "
            "{row}.fields->>'utm_campaign'"
        ),
    ),
    (
        "trace",
        "n.event_id IS NOT NULL AND n.contact_id IS NOT NULL",
        "n.event_id IS NOT NULL AND n.contact_id IS NOT NULL AND " + distinct("{row}.contact_id, {row}.event_id"),
    ),
    (
        "change",
        "n.field = 'lifecycle_stage'",
        "n.field = 'lifecycle_stage' AND " + distinct("{row}.contact_id, {row}.new::text, {row}.old::text"),
    ),
    ("conversion", "TRUE", distinct("{row}.contact_id, {row}.campaign, {row}.value")),
    ("run", "TRUE", distinct("{row}.contact_id, {row}.version_id, {row}.state, {row}.ended_at")),
)


class Migration(migrations.Migration):
    dependencies = [("reporting", "0007_views_of_metrics")]
    operations = [
        migrations.AddField("stalerow", "row_ids", ArrayField(models.BigIntegerField(), null=True)),
        migrations.AlterField("stalerow", "row_id", models.BigIntegerField(null=True)),
        migrations.RunSQL("".join(noting(*one) for one in KINDS), "".join(each(*one) for one in KINDS)),
    ]
