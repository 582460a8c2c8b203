import django.db.models.deletion
from django.db import migrations, models

import martechops.lib.columns

STAY = "".join(
    f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON reporting_{table} "
    "FOR EACH ROW EXECUTE FUNCTION campaigns_archive_stays();"
    for table in ("archivednumbers", "countedrows")
)
GO = "".join(
    f"DROP TRIGGER {table}_stays ON reporting_{table};" for table in ("archivednumbers", "countedrows")
)


class Migration(migrations.Migration):
    """Numbers of archived campaigns, kept as they were."""

    dependencies = [("reporting", "0012_views_of_rollups"), ("campaigns", "0016_chat_rooms")]

    operations = [
        migrations.CreateModel(
            name="ArchivedNumbers",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("content", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                (
                    "archive",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="numbers",
                        to="campaigns.campaignarchive",
                    ),
                ),
            ],
            options={"ordering": ["-made_at"], "verbose_name_plural": "archived numbers"},
        ),
        migrations.CreateModel(
            name="CountedRows",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("view", models.CharField(max_length=40)),
                ("rows", martechops.lib.columns.JsonText()),
                ("count", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                (
                    "numbers",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="counted",
                        to="reporting.archivednumbers",
                    ),
                ),
            ],
            options={
                "ordering": ["view"],
                "verbose_name_plural": "counted rows",
                "constraints": [
                    models.UniqueConstraint(fields=("numbers", "view"), name="counted_rows_once")
                ],
            },
        ),
        migrations.RunSQL(STAY, GO),
    ]
