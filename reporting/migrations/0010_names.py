from django.db import migrations, models


class Migration(migrations.Migration):
    """Which former names facts stand under their present ones of."""

    dependencies = [("reporting", "0009_reports")]

    operations = [
        migrations.AddField(model_name="projection", name="names", field=models.JSONField(default=list)),
    ]
