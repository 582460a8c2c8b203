"""A score is points and the instant at which they stood."""

from django.db import migrations, models

FADED = """
CREATE FUNCTION workflows_faded_score(score float8, scored_at timestamptz, at timestamptz, half_life_days float8)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN scored_at IS NULL OR half_life_days IS NULL THEN round(score)
        WHEN abs(score) < 0.5 THEN 0
        ELSE round(score * power(2::float8, -least(greatest(
            extract(epoch FROM (at - scored_at))::float8 / (half_life_days * 86400::float8), 0), 1000)))
        END::integer
$$
"""


class Migration(migrations.Migration):
    dependencies = [("workflows", "0005_vocabulary")]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="scored_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="contact",
            name="score",
            field=models.FloatField(default=0),
        ),
        migrations.RunSQL(
            "UPDATE workflows_contact SET scored_at = updated_at WHERE score <> 0", migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            FADED, "DROP FUNCTION workflows_faded_score(float8, timestamptz, timestamptz, float8)"
        ),
    ]
