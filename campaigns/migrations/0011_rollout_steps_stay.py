"""What a rollout did is history: its steps and looks are only added to. Rollouts from before there were steps are done."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION campaigns_rollout_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what rollout % did never changes', OLD.rollout_id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER step_stays BEFORE UPDATE OR DELETE ON campaigns_rolloutstep
    FOR EACH ROW EXECUTE FUNCTION campaigns_rollout_history_stays();
CREATE TRIGGER look_stays BEFORE UPDATE OR DELETE ON campaigns_rolloutlook
    FOR EACH ROW EXECUTE FUNCTION campaigns_rollout_history_stays();
INSERT INTO campaigns_rolloutstep (rollout_id, number, verb, state, stage, by_id, because, at)
    SELECT id, 1, 'complete', 'done', 0, started_by_id, '', started_at FROM campaigns_rollout;
"""

BACKWARD = """
DROP TRIGGER look_stays ON campaigns_rolloutlook;
DROP TRIGGER step_stays ON campaigns_rolloutstep;
DROP FUNCTION campaigns_rollout_history_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0010_rollout_stages")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
