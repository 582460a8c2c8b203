import martechops.lib.columns
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workflows', '0009_sources_that_sign'),
    ]

    operations = [
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('holder', models.IntegerField(primary_key=True, serialize=False)),
                ('event_ids', martechops.lib.columns.JsonText()),
                ('run_ids', martechops.lib.columns.JsonText()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name='queuedevent',
            index=models.Index(condition=models.Q(('tries__gt', 0)), fields=['lane', 'event_id'], name='queued_suspect'),
        ),
        migrations.AddIndex(
            model_name='timer',
            index=models.Index(condition=models.Q(('tries__gt', 0)), fields=['run_id'], name='timer_suspect'),
        ),
        migrations.RunSQL("ALTER TABLE workflows_attempt SET UNLOGGED", migrations.RunSQL.noop),
    ]
