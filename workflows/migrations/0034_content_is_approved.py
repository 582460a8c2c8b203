"""A content item is approved at the digest of its words before it is published."""

from django.db import migrations, models

STATES = [
    ("planned", "Planned"),
    ("draft", "In draft"),
    ("approval", "In review"),
    ("approved", "Approved"),
    ("published", "Published"),
    ("promoted", "Promoted"),
]


class Migration(migrations.Migration):
    dependencies = [("workflows", "0033_metrics")]

    operations = [
        operation
        for model in ("contentitem", "historicalcontentitem")
        for operation in (
            migrations.AddField(
                model_name=model,
                name="approved_digest",
                field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=64),
            ),
            migrations.AlterField(
                model_name=model,
                name="state",
                field=models.CharField(choices=STATES, default="planned", max_length=10),
            ),
        )
    ]
