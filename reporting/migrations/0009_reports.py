from django.db import migrations, models

import martechops.lib.columns


class Migration(migrations.Migration):
    """Reports as they were made."""

    dependencies = [("reporting", "0008_notes_of_many")]

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.TextField()),
                ("at", models.DateTimeField()),
                ("run_id", models.BigIntegerField(null=True)),
                ("table", martechops.lib.columns.JsonText()),
                ("definitions", martechops.lib.columns.JsonText()),
                ("checks", martechops.lib.columns.JsonText()),
                ("holds", models.BooleanField()),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["key", "-id"], name="report_newest")],
            },
        ),
    ]
