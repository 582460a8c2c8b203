
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0002_campaigns'),
        ('people', '0003_token_system'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Checklist',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=10)),
                ('key', models.CharField(max_length=160)),
                ('digest', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
                ('checked_at', models.DateTimeField(null=True)),
                ('problem', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'key', 'digest'), name='checklist_once')],
            },
        ),
        migrations.CreateModel(
            name='PageVisit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('url', models.TextField()),
                ('wanted_at', models.DateTimeField()),
                ('visited_at', models.DateTimeField(null=True)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('final_url', models.TextField(blank=True)),
                ('problem', models.TextField(blank=True)),
                ('forms', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['url'],
                'indexes': [models.Index(fields=['wanted_at'], name='page_visit_wanted')],
            },
        ),
        migrations.CreateModel(
            name='CheckResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=3)),
                ('section', models.CharField(max_length=10)),
                ('blocking', models.BooleanField()),
                ('verdict', models.CharField(choices=[('passed', 'Passed'), ('warned', 'Look at it'), ('failed', 'Failed'), ('idle', 'Nothing to check')], max_length=6)),
                ('says', models.TextField()),
                ('evidence', models.JSONField(default=list)),
                ('checked_at', models.DateTimeField()),
                ('checklist', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='results', to='campaigns.checklist')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('checklist', 'code'), name='check_result_once')],
            },
        ),
        migrations.CreateModel(
            name='ManualCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=60)),
                ('says', models.TextField()),
                ('blocking', models.BooleanField(default=True)),
                ('signed_at', models.DateTimeField(null=True)),
                ('note', models.TextField(blank=True)),
                ('checklist', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='manual', to='campaigns.checklist')),
                ('signed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='people.team')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('checklist', 'key'), name='manual_check_once')],
            },
        ),
    ]
