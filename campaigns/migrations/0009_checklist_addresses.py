
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0008_letters'),
    ]

    operations = [
        migrations.AddField(
            model_name='checklist',
            name='addresses',
            field=models.JSONField(default=list),
        ),
    ]
