"""Where teams read notices by chat, and what was posted there."""

import django.db.models.deletion
from django.db import migrations, models

_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
_CASCADE = django.db.models.deletion.CASCADE
_STATES = [
    ("planned", "Planned"),
    ("reserved", "Reserved"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("uncertain", "Uncertain"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0015_campaign_archives"),
        ("people", "0001_people"),
        ("workflows", "0025_arms"),
    ]
    operations = [
        migrations.CreateModel(
            name="ChatRoom",
            fields=[
                ("id", _ID),
                (
                    "owner",
                    models.OneToOneField(on_delete=_CASCADE, related_name="chat_room", to="people.team"),
                ),
                (
                    "system",
                    models.ForeignKey(on_delete=_CASCADE, related_name="+", to="workflows.system"),
                ),
            ],
            options={"ordering": ["owner__name"]},
        ),
        migrations.CreateModel(
            name="ChatNote",
            fields=[
                ("id", _ID),
                ("key", models.UUIDField(unique=True)),
                ("system", models.TextField()),
                ("text", models.TextField()),
                ("state", models.CharField(choices=_STATES, default="planned", max_length=10)),
                ("says", models.TextField(blank=True)),
                ("planned_at", models.DateTimeField()),
                ("reserved_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("owner", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="people.team")),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["planned", "reserved"])), fields=["id"], name="chat_note_open"
                    )
                ],
            },
        ),
    ]
