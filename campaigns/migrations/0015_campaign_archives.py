"""What is kept of archived campaigns; a trigger keeps it from ever changing."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_FORWARD = """
CREATE FUNCTION campaigns_archive_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'archives are kept as they are' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER archive_stays BEFORE UPDATE OR DELETE ON campaigns_campaignarchive
    FOR EACH ROW EXECUTE FUNCTION campaigns_archive_stays();
CREATE TRIGGER archived_count_stays BEFORE UPDATE OR DELETE ON campaigns_archivedcount
    FOR EACH ROW EXECUTE FUNCTION campaigns_archive_stays();
"""
_BACKWARD = """
DROP TRIGGER archived_count_stays ON campaigns_archivedcount;
DROP TRIGGER archive_stays ON campaigns_campaignarchive;
DROP FUNCTION campaigns_archive_stays();
"""
_ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
_PROTECT = django.db.models.deletion.PROTECT
_WHAT = [("run", "Run"), ("message", "Message"), ("effect", "Effect"), ("goal", "Goal")]


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0014_rollout_for_that_digest"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="CampaignArchive",
            fields=[
                ("id", _ID),
                ("content", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("people", models.PositiveIntegerField()),
                ("made_at", models.DateTimeField()),
                (
                    "campaign",
                    models.OneToOneField(on_delete=_PROTECT, related_name="archive", to="campaigns.campaign"),
                ),
                (
                    "made_by",
                    models.ForeignKey(null=True, on_delete=_PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={"ordering": ["-made_at"]},
        ),
        migrations.CreateModel(
            name="ArchivedCount",
            fields=[
                ("id", _ID),
                ("what", models.CharField(choices=_WHAT, max_length=10)),
                ("workflow", models.CharField(max_length=120)),
                ("version", models.PositiveIntegerField(null=True)),
                ("kind", models.CharField(blank=True, max_length=160)),
                ("step", models.CharField(blank=True, max_length=120)),
                ("outcome", models.CharField(blank=True, max_length=20)),
                ("count", models.PositiveIntegerField()),
                ("people", models.PositiveIntegerField()),
                (
                    "archive",
                    models.ForeignKey(on_delete=_PROTECT, related_name="counts", to="campaigns.campaignarchive"),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.RunSQL(_FORWARD, _BACKWARD),
    ]
