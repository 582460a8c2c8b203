from django.db import migrations, models


class Migration(migrations.Migration):
    """Whom metrics of success criteria counted in each arm of a rollout."""

    dependencies = [("campaigns", "0020_criterion_values")]

    operations = [
        migrations.CreateModel(
            name="CriterionMarks",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("rollout_id", models.BigIntegerField()),
                ("criterion", models.TextField()),
                ("metric", models.TextField()),
                ("version", models.IntegerField()),
                ("digest", models.TextField(blank=True)),
                ("first_digest", models.TextField(blank=True)),
                ("marks", models.JSONField(default=list)),
                ("problem", models.TextField(blank=True)),
                ("counted_at", models.DateTimeField()),
                ("took_seconds", models.FloatField(default=0)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("rollout_id", "criterion"), name="criterion_marks_once"),
                ],
            },
        ),
    ]
