from django.db import migrations, models

import martechops.lib.columns


class Migration(migrations.Migration):
    """What the last look at the workspace's health found."""

    dependencies = [("reporting", "0003_views")]

    operations = [
        migrations.CreateModel(
            name="HealthLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("took_seconds", models.FloatField()),
                ("found", martechops.lib.columns.JsonText()),
            ],
        ),
    ]
