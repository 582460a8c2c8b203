"""What is frozen has a digest (DESIGN, idea 5): the database itself refuses to change a frozen version."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION workflows_version_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.content, NEW.digest, NEW.workflow_id, NEW.number, NEW.parent_id, NEW.frozen_at)
        IS DISTINCT FROM (OLD.content, OLD.digest, OLD.workflow_id, OLD.number, OLD.parent_id, OLD.frozen_at)
    THEN
        RAISE EXCEPTION 'version % is frozen: make a new version instead', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen_stays BEFORE UPDATE OR DELETE ON workflows_version
    FOR EACH ROW WHEN (OLD.frozen_at IS NOT NULL) EXECUTE FUNCTION workflows_version_frozen();
"""

BACKWARD = """
DROP TRIGGER frozen_stays ON workflows_version;
DROP FUNCTION workflows_version_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("workflows", "0001_workflows")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
