"""Looks that tell nothing new may go, and only those; the newest of a rollout stays. Older rows are told by comparing."""

from django.db import migrations, models

FORWARD = """
ALTER TABLE campaigns_rolloutlook DISABLE TRIGGER look_stays;
UPDATE campaigns_rolloutlook look SET is_telling = true
FROM (SELECT id, stage, lag(stage) OVER before AS stage_before, verdicts, lag(verdicts) OVER before AS verdicts_before
      FROM (SELECT id, rollout_id, stage, jsonb_path_query_array(findings, '$[*].verdict') AS verdicts
            FROM campaigns_rolloutlook) AS read
      WINDOW before AS (PARTITION BY rollout_id ORDER BY id)) AS compared
WHERE look.id = compared.id
  AND (compared.stage IS DISTINCT FROM stage_before OR verdicts IS DISTINCT FROM verdicts_before);
DROP TRIGGER look_stays ON campaigns_rolloutlook;
CREATE FUNCTION campaigns_look_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT OLD.is_telling AND EXISTS (
        SELECT FROM campaigns_rolloutlook WHERE rollout_id = OLD.rollout_id AND id > OLD.id)
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'what was found of rollout % never changes', OLD.rollout_id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER look_stays BEFORE UPDATE OR DELETE ON campaigns_rolloutlook
    FOR EACH ROW EXECUTE FUNCTION campaigns_look_stays();
"""

BACKWARD = """
DROP TRIGGER look_stays ON campaigns_rolloutlook;
DROP FUNCTION campaigns_look_stays();
CREATE TRIGGER look_stays BEFORE UPDATE OR DELETE ON campaigns_rolloutlook
    FOR EACH ROW EXECUTE FUNCTION campaigns_rollout_history_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0021_criterion_marks")]
    operations = [
        migrations.AddField(
            model_name="rolloutlook",
            name="is_telling",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
