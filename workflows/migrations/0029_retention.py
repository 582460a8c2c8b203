"""How long rows of a kind are kept, and what each night's run removed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workflows", "0028_what_gates_look_for")]

    operations = [
        migrations.CreateModel(
            name="RetentionPolicy",
            fields=[
                ("kind", models.SlugField(primary_key=True, serialize=False)),
                ("keep_days", models.PositiveIntegerField(blank=True, null=True)),
                ("changed_at", models.DateTimeField()),
                ("cleared_before", models.DateTimeField(blank=True, null=True)),
            ],
            options={"verbose_name_plural": "retention policies", "ordering": ["kind"]},
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("night", models.DateField(null=True, unique=True)),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("removed", models.JSONField(default=dict)),
                ("done", models.JSONField(default=list)),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.AddIndex(
            model_name="retentionrun",
            index=models.Index(condition=models.Q(("ended_at", None)), fields=["id"], name="retention_run_open"),
        ),
    ]
