from django.db import migrations, models


class Migration(migrations.Migration):
    """Success criteria as they are measured."""

    dependencies = [("campaigns", "0016_chat_rooms")]

    operations = [
        migrations.CreateModel(
            name="CriterionSpan",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("workflow_id", models.BigIntegerField()),
                ("criterion", models.TextField()),
                ("version_id", models.BigIntegerField()),
                ("run_id", models.BigIntegerField()),
                ("contact_id", models.BigIntegerField(null=True)),
                ("content_id", models.BigIntegerField(null=True)),
                ("began_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("met", "In time"), ("missed", "Late"), ("left", "Does not count")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("is_settled", models.BooleanField(default=False)),
                ("looked_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_settled", False)), fields=["looked_at", "id"], name="criterion_span_open"
                    ),
                    models.Index(fields=["workflow_id", "criterion", "due_at"], name="criterion_span_due"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run_id", "criterion"), name="criterion_span_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CriterionStanding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("workflow_id", models.BigIntegerField()),
                ("criterion", models.TextField()),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("well", "WELL"),
                            ("at-risk", "AT_RISK"),
                            ("broken", "BROKEN"),
                            ("waiting", "WAITING"),
                        ],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workflow_id", "criterion"), name="criterion_standing_once"),
                ],
            },
        ),
    ]
