"""Four eyes (FAULTS F17, S19): what the actions hold to, the database holds them to once more."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION campaigns_approval_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE asked campaigns_approvalrequest;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'approval % never changes', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    SELECT * INTO asked FROM campaigns_approvalrequest WHERE id = NEW.request_id;
    IF asked.state <> 'open' OR NEW.digest <> asked.digest THEN
        RAISE EXCEPTION 'request % is not open at that digest', NEW.request_id USING ERRCODE = 'check_violation';
    END IF;
    IF asked.barred @> to_jsonb(NEW.user_id) OR asked.barred @> to_jsonb(coalesce(NEW.delegated_from_id, NEW.user_id))
    THEN
        RAISE EXCEPTION 'nobody approves what they wrote' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_guard BEFORE INSERT OR UPDATE OR DELETE ON campaigns_approval
    FOR EACH ROW EXECUTE FUNCTION campaigns_approval_guard();

CREATE FUNCTION campaigns_request_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE floor integer;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'request % is kept', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.subject_kind, NEW.subject_key, NEW.release_id, NEW.manifest, NEW.digest, NEW.sections,
            NEW.risk, NEW.needs, NEW.barred, NEW.requested_by_id)
        IS DISTINCT FROM (OLD.subject_kind, OLD.subject_key, OLD.release_id, OLD.manifest, OLD.digest, OLD.sections,
            OLD.risk, OLD.needs, OLD.barred, OLD.requested_by_id)
    THEN
        RAISE EXCEPTION 'what request % asks for never changes', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'approved' AND (TG_OP = 'INSERT' OR OLD.state <> 'approved') THEN
        floor := CASE NEW.risk WHEN 'low' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END;
        IF TG_OP = 'UPDATE' AND OLD.state <> 'open' THEN
            RAISE EXCEPTION 'request % is closed', OLD.id USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            SELECT 1 FROM jsonb_object_keys(NEW.sections) AS section
            WHERE (SELECT count(DISTINCT coalesce(given.delegated_from_id, given.user_id))
                   FROM campaigns_approval AS given
                   WHERE given.request_id = NEW.id AND given.section = section
                     AND given.digest = NEW.digest AND given.verdict = 'approve')
                < greatest(floor, (SELECT max((need->>'count')::integer) FROM jsonb_array_elements(NEW.needs) AS need
                                   WHERE need->>'section' = section))
        ) THEN
            RAISE EXCEPTION 'request % lacks approvals', NEW.id USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER request_guard BEFORE INSERT OR UPDATE OR DELETE ON campaigns_approvalrequest
    FOR EACH ROW EXECUTE FUNCTION campaigns_request_guard();

CREATE FUNCTION campaigns_rollout_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE made campaigns_release;
BEGIN
    IF NEW.started_by_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT * INTO made FROM campaigns_release WHERE id = NEW.release_id AND version_id = NEW.version_id;
    IF made.risk = 'low'
        OR EXISTS (SELECT 1 FROM campaigns_breakglass WHERE id = NEW.break_glass_id AND release_id = made.id)
        OR EXISTS (SELECT 1 FROM campaigns_approvalrequest AS asked
                   WHERE asked.id = NEW.approval_id AND asked.state = 'approved' AND asked.expires_at > NEW.started_at
                     AND (asked.subject_kind = 'campaign' OR asked.digest = made.digest))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'version % goes live by nobody''s word but one person''s', NEW.version_id
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER rollout_guard BEFORE INSERT ON campaigns_rollout
    FOR EACH ROW EXECUTE FUNCTION campaigns_rollout_guard();
"""

BACKWARD = """
DROP TRIGGER rollout_guard ON campaigns_rollout;
DROP FUNCTION campaigns_rollout_guard();
DROP TRIGGER request_guard ON campaigns_approvalrequest;
DROP FUNCTION campaigns_request_guard();
DROP TRIGGER approval_guard ON campaigns_approval;
DROP FUNCTION campaigns_approval_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0006_approvals")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
