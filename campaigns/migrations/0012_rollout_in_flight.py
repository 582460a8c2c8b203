"""What becomes of people on their way belongs to the rollout."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0011_rollout_steps_stay")]

    operations = [
        migrations.AddField(
            model_name="rollout",
            name="in_flight",
            field=models.JSONField(db_default={}, default=dict),
        ),
    ]
