from django.db import migrations, models


class Migration(migrations.Migration):
    """What metrics of success criteria came to, a row a criterion and day."""

    dependencies = [
        ('campaigns', '0019_short_links'),
    ]

    operations = [
        migrations.CreateModel(
            name='CriterionValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workflow_id', models.BigIntegerField()),
                ('criterion', models.TextField()),
                ('day', models.DateField()),
                ('metric', models.TextField()),
                ('version', models.IntegerField(default=0)),
                ('digest', models.TextField(blank=True)),
                ('unit', models.TextField(blank=True)),
                ('currency', models.TextField(blank=True)),
                ('value', models.FloatField(null=True)),
                ('says', models.TextField(blank=True)),
                ('counted_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-day', 'workflow_id', 'criterion'],
                'constraints': [models.UniqueConstraint(fields=('workflow_id', 'criterion', 'day'), name='criterion_value_once')],
            },
        ),
    ]
