"""Tasks for sales have facts, too: their changes leave notes as those of messages do."""

from django.db import migrations

ENDED = "state NOT IN ('planned', 'held', 'reserved')"


def noting(kinds: str) -> str:
    """The two functions behind the triggers of effects."""
    return f"""
CREATE OR REPLACE FUNCTION reporting_note_effect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_id)
    SELECT 'effect', n.id FROM noted n WHERE n.kind IN ({kinds}) AND n.{ENDED};
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION reporting_note_effect_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_id)
    SELECT 'effect', n.id FROM noted n JOIN former o ON o.id = n.id
    WHERE n.kind IN ({kinds}) AND (n.{ENDED} OR o.{ENDED});
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("reporting", "0005_facts_of_metrics")]
    operations = [migrations.RunSQL(noting("'send_message', 'create_task'"), noting("'send_message'"))]
