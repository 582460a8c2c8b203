"""What is rare among millions of rows is found without a walk through all of them; see the models for who asks.

Two of the indexes are BRIN: a summary for every 32 pages, made behind the writer's back, so that an insert costs as
much as before. Bloom filters tell in which of them a name or a kind can be, ranges in which a source.
"""

from django.db import migrations, models

_FOUND = """
CREATE INDEX inbound_found ON workflows_inboundevent USING brin (
    received_at, upper(name) text_bloom_ops, type text_bloom_ops, source_id int8_minmax_multi_ops
) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX effect_found ON workflows_effect USING brin (
    planned_at, kind text_bloom_ops
) WITH (pages_per_range = 32, autosummarize = on);
"""


class Migration(migrations.Migration):
    dependencies = [("workflows", "0029_retention")]

    operations = [
        migrations.RunSQL(_FOUND, "DROP INDEX inbound_found; DROP INDEX effect_found;"),
        migrations.AddIndex(
            model_name="quarantinedevent",
            index=models.Index(
                condition=models.Q(("state__in", ["replayed", "dismissed"])),
                fields=["state", "-at"],
                name="quarantine_settled",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("state__in", ["failed", "stopped"])),
                fields=["state", "-id"],
                name="run_ended_otherwise",
            ),
        ),
    ]
