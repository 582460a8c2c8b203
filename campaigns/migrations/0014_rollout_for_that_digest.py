"""A rollout by a person names the approval of that version at that digest, also where a campaign was approved."""

from django.db import migrations

_GUARD = """
CREATE OR REPLACE FUNCTION campaigns_rollout_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
                     AND ({}))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'version % goes live by nobody''s word but one person''s', NEW.version_id
        USING ERRCODE = 'check_violation';
END $$;
"""
#: Of a campaign that uses the workflow, agreed to with everything that the release consists of, at the same digests.
_VERY = """
    asked.subject_kind = 'release' AND asked.digest = made.digest
        AND EXISTS (SELECT 1 FROM campaigns_release AS of_request
                    WHERE of_request.id = asked.release_id AND of_request.version_id = NEW.version_id)
    OR asked.subject_kind = 'campaign' AND asked.manifest @> made.manifest
        AND EXISTS (SELECT 1 FROM campaigns_campaign AS launch
                    JOIN campaigns_campaignworkflow AS part ON part.campaign_id = launch.id
                    WHERE launch.key = asked.subject_key AND part.workflow_id = made.workflow_id)
"""
_BEFORE = "asked.subject_kind = 'campaign' OR asked.digest = made.digest"


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0013_repairs")]
    operations = [migrations.RunSQL(_GUARD.replace("{}", _VERY), _GUARD.replace("{}", _BEFORE))]
