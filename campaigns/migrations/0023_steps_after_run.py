"""A step of a rollout knows the newest run that there was; steps of old are told by the clock."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0022_looks_that_tell")]
    operations = [
        migrations.AddField(model_name="rolloutstep", name="after_run", field=models.BigIntegerField(null=True)),
    ]
