"""All tables of the campaigns at once: what is new starts here, what is older has come the long way."""

import campaigns.lifecycle
import campaigns.models.campaign
import django.core.validators
import django.db.models.deletion
import martechops.lib.columns
import simple_history.models
from django.conf import settings
from django.db import migrations, models

_RELEASES_STAY = """
CREATE FUNCTION campaigns_release_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'release % never changes: make a new one instead', OLD.id USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER release_stays BEFORE UPDATE OR DELETE ON campaigns_release
    FOR EACH ROW EXECUTE FUNCTION campaigns_release_stays();
"""

_APPROVALS_ARE_GUARDED = """
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

_ROLLOUT_STEPS_STAY = """
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

_ROLLOUTS_ARE_AGREED_TO = """
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

_VERY = """
    asked.subject_kind = 'release' AND asked.digest = made.digest
        AND EXISTS (SELECT 1 FROM campaigns_release AS of_request
                    WHERE of_request.id = asked.release_id AND of_request.version_id = NEW.version_id)
    OR asked.subject_kind = 'campaign' AND asked.manifest @> made.manifest
        AND EXISTS (SELECT 1 FROM campaigns_campaign AS launch
                    JOIN campaigns_campaignworkflow AS part ON part.campaign_id = launch.id
                    WHERE launch.key = asked.subject_key AND part.workflow_id = made.workflow_id)
"""

_ARCHIVES_STAY = """
CREATE FUNCTION campaigns_archive_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'archives are kept as they are' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER archive_stays BEFORE UPDATE OR DELETE ON campaigns_campaignarchive
    FOR EACH ROW EXECUTE FUNCTION campaigns_archive_stays();
CREATE TRIGGER archived_count_stays BEFORE UPDATE OR DELETE ON campaigns_archivedcount
    FOR EACH ROW EXECUTE FUNCTION campaigns_archive_stays();
"""



class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('campaigns', '0001_rollout'),
        ('campaigns', '0002_campaigns'),
        ('campaigns', '0003_checklists'),
        ('campaigns', '0004_releases'),
        ('campaigns', '0005_playbooks'),
        ('campaigns', '0006_approvals'),
        ('campaigns', '0007_approval_guards'),
        ('campaigns', '0008_letters'),
        ('campaigns', '0009_checklist_addresses'),
        ('campaigns', '0010_rollout_stages'),
        ('campaigns', '0011_rollout_steps_stay'),
        ('campaigns', '0012_rollout_in_flight'),
        ('campaigns', '0013_repairs'),
        ('campaigns', '0014_rollout_for_that_digest'),
        ('campaigns', '0015_campaign_archives'),
        ('campaigns', '0016_chat_rooms'),
    ]

    dependencies = [
        ('people', '0003_token_system'),
        ('workflows', '0031_replays'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApprovalRequest',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('subject_kind', models.CharField(max_length=20)),
                ('subject_key', models.CharField(max_length=140)),
                ('label', models.TextField()),
                ('address', models.TextField()),
                ('manifest', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('sections', models.JSONField()),
                ('risk', models.CharField(max_length=10)),
                ('reasons', models.JSONField(default=list)),
                ('needs', models.JSONField(default=list)),
                ('barred', models.JSONField(default=list)),
                ('note', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('open', 'In review'), ('changes', 'Changes asked for'), ('approved', 'Approved'), ('refused', 'Refused'), ('stale', 'Stale'), ('expired', 'Expired'), ('withdrawn', 'Withdrawn')], default='open', max_length=10)),
                ('because', models.TextField(blank=True)),
                ('requested_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('go_live_at', models.DateTimeField(null=True)),
                ('went_at', models.DateTimeField(null=True)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approval_requests', to='people.team')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['state', '-id'], name='request_by_state'), models.Index(fields=['subject_kind', 'subject_key', '-id'], name='request_of_subject')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('subject_kind', 'subject_key'), name='one_open_request')],
            },
        ),
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('campaign_id', models.CharField(editable=False, max_length=20, unique=True)),
                ('key', models.SlugField(max_length=120, unique=True)),
                ('name', models.CharField(max_length=160, unique=True)),
                ('brief', models.TextField(blank=True, help_text='What it is for, in words: goal, message, offer.')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('in_review', 'In review'), ('approved', 'Approved'), ('scheduled', 'Scheduled'), ('live', 'Live'), ('paused', 'Paused'), ('ended', 'Ended'), ('cancelled', 'Cancelled'), ('archived', 'Archived')], default=campaigns.lifecycle.State['DRAFT'], max_length=10)),
                ('channels', models.JSONField(blank=True, default=list, validators=[campaigns.models.campaign.is_list_of_texts])),
                ('starts_at', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('budget', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('currency', models.CharField(default='EUR', max_length=3, validators=[django.core.validators.RegexValidator('\\A[A-Z]{3}\\Z', 'Three letters, such as EUR.')])),
                ('utm', models.JSONField(blank=True, default=dict, validators=[campaigns.models.campaign.is_utm])),
                ('email_campaign_ids', models.JSONField(blank=True, default=list, validators=[campaigns.models.campaign.is_list_of_texts])),
                ('crm_campaign_id', models.CharField(blank=True, max_length=120)),
                ('parameters', models.JSONField(blank=True, default=dict, editable=False)),
                ('approved_digest', models.CharField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('audience', models.ForeignKey(blank=True, help_text='Whom it is for.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='workflows.segment')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='people.team')),
            ],
            options={
                'ordering': ['-starts_at', '-id'],
                'indexes': [models.Index(fields=['state', 'starts_at'], name='campaign_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at', None), ('starts_at', None), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='campaign_ends_after_start', violation_error_message='It ends after it starts.')],
            },
        ),
        migrations.CreateModel(
            name='CampaignArchive',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('people', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField()),
                ('campaign', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='archive', to='campaigns.campaign')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-made_at'],
            },
        ),
        migrations.CreateModel(
            name='ArchivedCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(choices=[('run', 'Run'), ('message', 'Message'), ('effect', 'Effect'), ('goal', 'Goal')], max_length=10)),
                ('workflow', models.CharField(max_length=120)),
                ('version', models.PositiveIntegerField(null=True)),
                ('kind', models.CharField(blank=True, max_length=160)),
                ('step', models.CharField(blank=True, max_length=120)),
                ('outcome', models.CharField(blank=True, max_length=20)),
                ('count', models.PositiveIntegerField()),
                ('people', models.PositiveIntegerField()),
                ('archive', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='counts', to='campaigns.campaignarchive')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='CampaignContent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pieces', to='campaigns.campaign')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflows.contentitem')),
            ],
            options={
                'ordering': ['item__planned_for', 'item__key'],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'item'), name='campaign_content_once')],
            },
        ),
        migrations.AddField(
            model_name='campaign',
            name='content',
            field=models.ManyToManyField(related_name='campaigns', through='campaigns.CampaignContent', to='workflows.contentitem'),
        ),
        migrations.CreateModel(
            name='CampaignWorkflow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_own', models.BooleanField(default=False)),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='campaigns.campaign')),
                ('workflow', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflows.workflow')),
            ],
            options={
                'ordering': ['-is_own', 'workflow__name'],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'workflow'), name='campaign_workflow_once'), models.UniqueConstraint(condition=models.Q(('is_own', True)), fields=('workflow',), name='workflow_of_one_campaign')],
            },
        ),
        migrations.AddField(
            model_name='campaign',
            name='workflows',
            field=models.ManyToManyField(related_name='campaigns', through='campaigns.CampaignWorkflow', to='workflows.workflow'),
        ),
        migrations.CreateModel(
            name='ChatNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(unique=True)),
                ('system', models.TextField()),
                ('text', models.TextField()),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('reserved', 'Reserved'), ('sent', 'Sent'), ('failed', 'Failed'), ('uncertain', 'Uncertain')], default='planned', max_length=10)),
                ('says', models.TextField(blank=True)),
                ('planned_at', models.DateTimeField()),
                ('reserved_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='people.team')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['planned', 'reserved'])), fields=['id'], name='chat_note_open')],
            },
        ),
        migrations.CreateModel(
            name='ChatRoom',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='chat_room', to='people.team')),
                ('system', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='workflows.system')),
            ],
            options={
                'ordering': ['owner__name'],
            },
        ),
        migrations.CreateModel(
            name='Checklist',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=10)),
                ('key', models.CharField(max_length=160)),
                ('digest', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
                ('checked_at', models.DateTimeField(null=True)),
                ('addresses', models.JSONField(default=list)),
                ('problem', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'key', 'digest'), name='checklist_once')],
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
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('giver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations_given', to=settings.AUTH_USER_MODEL)),
                ('taker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='delegations_taken', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('giver', models.F('taker')), _negated=True), name='delegated_to_another', violation_error_message='Choose somebody else.'), models.CheckConstraint(condition=models.Q(('until__gte', models.F('since'))), name='delegation_ends_after_start', violation_error_message='It ends after it begins.')],
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(unique=True)),
                ('subject', models.TextField()),
                ('text', models.TextField()),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('reserved', 'Reserved'), ('sent', 'Sent'), ('failed', 'Failed'), ('uncertain', 'Uncertain')], default='planned', max_length=10)),
                ('says', models.TextField(blank=True)),
                ('planned_at', models.DateTimeField()),
                ('reserved_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='campaigns.approvalrequest')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['planned', 'reserved'])), fields=['id'], name='letter_open')],
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
            name='Playbook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=160)),
                ('created_at', models.DateTimeField()),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='playbooks', to='people.team')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PlaybookVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('note', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('playbook', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='campaigns.playbook')),
            ],
            options={
                'ordering': ['playbook', '-number'],
                'constraints': [models.UniqueConstraint(fields=('playbook', 'number'), name='playbook_version_once')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalCampaign',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('campaign_id', models.CharField(db_index=True, editable=False, max_length=20)),
                ('key', models.SlugField(max_length=120)),
                ('name', models.CharField(db_index=True, max_length=160)),
                ('brief', models.TextField(blank=True, help_text='What it is for, in words: goal, message, offer.')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('in_review', 'In review'), ('approved', 'Approved'), ('scheduled', 'Scheduled'), ('live', 'Live'), ('paused', 'Paused'), ('ended', 'Ended'), ('cancelled', 'Cancelled'), ('archived', 'Archived')], default=campaigns.lifecycle.State['DRAFT'], max_length=10)),
                ('channels', models.JSONField(blank=True, default=list, validators=[campaigns.models.campaign.is_list_of_texts])),
                ('starts_at', models.DateTimeField(blank=True, null=True)),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('budget', models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('currency', models.CharField(default='EUR', max_length=3, validators=[django.core.validators.RegexValidator('\\A[A-Z]{3}\\Z', 'Three letters, such as EUR.')])),
                ('utm', models.JSONField(blank=True, default=dict, validators=[campaigns.models.campaign.is_utm])),
                ('email_campaign_ids', models.JSONField(blank=True, default=list, validators=[campaigns.models.campaign.is_list_of_texts])),
                ('crm_campaign_id', models.CharField(blank=True, max_length=120)),
                ('parameters', models.JSONField(blank=True, default=dict, editable=False)),
                ('approved_digest', models.CharField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('audience', models.ForeignKey(blank=True, db_constraint=False, help_text='Whom it is for.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='workflows.segment')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='people.team')),
                ('playbook', models.ForeignKey(blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='campaigns.playbookversion')),
            ],
            options={
                'verbose_name': 'historical campaign',
                'verbose_name_plural': 'historical campaigns',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name='campaign',
            name='playbook',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='campaigns', to='campaigns.playbookversion'),
        ),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('manifest', models.JSONField()),
                ('digest', models.CharField(db_index=True, max_length=64)),
                ('risk', models.CharField(max_length=10)),
                ('note', models.TextField(blank=True)),
                ('made_at', models.DateTimeField()),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='workflows.version')),
                ('workflow', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='workflows.workflow')),
            ],
            options={
                'ordering': ['workflow', '-number'],
                'constraints': [models.UniqueConstraint(fields=('workflow', 'number'), name='release_number_once')],
            },
        ),
        migrations.CreateModel(
            name='BreakGlass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='break_glass', to='campaigns.release')),
            ],
            options={
                'verbose_name_plural': 'break-glass entries',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='approvalrequest',
            name='release',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='campaigns.release'),
        ),
        migrations.CreateModel(
            name='Repair',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('listing', 'Being listed'), ('listed', 'To be confirmed'), ('running', 'Running'), ('done', 'Done'), ('dismissed', 'Dismissed')], default='listing', max_length=10)),
                ('because', models.TextField(blank=True)),
                ('listed_upto', models.BigIntegerField(default=0)),
                ('runs', models.PositiveIntegerField(default=0)),
                ('opened_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('correction', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='workflows.messagetemplate')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='repairs', to='workflows.version')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['listing', 'listed', 'running'])), fields=('version',), name='one_open_repair_per_version')],
            },
        ),
        migrations.CreateModel(
            name='RepairItem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('field', 'Field'), ('send', 'Effect that is still to come'), ('task', 'Task'), ('audience', 'Audience'), ('run', 'Run on the way'), ('asked', 'Asked of a person'), ('deed', 'What happened')], max_length=10)),
                ('key', models.TextField()),
                ('contact_id', models.BigIntegerField(null=True)),
                ('run_id', models.BigIntegerField(null=True)),
                ('step', models.TextField(blank=True)),
                ('label', models.TextField()),
                ('detail', martechops.lib.columns.JsonText(default=dict)),
                ('before', martechops.lib.columns.JsonText(null=True)),
                ('ours', martechops.lib.columns.JsonText(null=True)),
                ('state', models.CharField(choices=[('planned', 'To be done'), ('done', 'Done'), ('left', 'Left as it is'), ('cannot', 'Cannot be undone')], max_length=10)),
                ('reason', models.TextField(blank=True)),
                ('at', models.DateTimeField(null=True)),
                ('repair', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='campaigns.repair')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['repair', 'state', 'id'], name='repair_item_state')],
                'constraints': [models.UniqueConstraint(fields=('repair', 'kind', 'key'), name='repair_item_once')],
            },
        ),
        migrations.CreateModel(
            name='Rollout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField()),
                ('note', models.TextField(blank=True)),
                ('ramp', models.JSONField(db_default={}, default=dict)),
                ('in_flight', models.JSONField(db_default={}, default=dict)),
                ('starts_at', models.DateTimeField(null=True)),
                ('approval', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rollouts', to='campaigns.approvalrequest')),
                ('break_glass', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rollouts', to='campaigns.breakglass')),
                ('release', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rollouts', to='campaigns.release')),
                ('stable', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workflows.version')),
                ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rollouts', to='workflows.version')),
            ],
            options={
                'ordering': ['-started_at'],
            },
        ),
        migrations.AddField(
            model_name='repair',
            name='rollout',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='repairs', to='campaigns.rollout'),
        ),
        migrations.CreateModel(
            name='RolloutLook',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('stage', models.PositiveSmallIntegerField()),
                ('met_in_stage', models.PositiveIntegerField()),
                ('candidate', models.PositiveIntegerField()),
                ('stable', models.PositiveIntegerField()),
                ('findings', models.JSONField()),
                ('at', models.DateTimeField()),
                ('rollout', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='looks', to='campaigns.rollout')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['rollout', '-id'], name='look_of_rollout')],
            },
        ),
        migrations.CreateModel(
            name='RolloutStep',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('verb', models.CharField(max_length=12)),
                ('state', models.CharField(choices=[('scheduled', 'Scheduled'), ('running', 'Running'), ('held', 'Held'), ('done', 'Done'), ('rolled_back', 'Rolled back'), ('called_off', 'Called off')], max_length=12)),
                ('stage', models.PositiveSmallIntegerField()),
                ('because', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rollout', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='campaigns.rollout')),
            ],
            options={
                'ordering': ['rollout', 'number'],
                'constraints': [models.UniqueConstraint(fields=('rollout', 'number'), name='rollout_step_once')],
            },
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('section', models.CharField(max_length=20)),
                ('digest', models.CharField(max_length=64)),
                ('teams', models.JSONField(default=list)),
                ('verdict', models.CharField(choices=[('approve', 'Approved'), ('ask', 'Asked for changes'), ('refuse', 'Refused')], max_length=10)),
                ('comment', models.TextField(blank=True)),
                ('step', models.CharField(blank=True, max_length=120)),
                ('at', models.DateTimeField()),
                ('delegated_from', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='campaigns.approvalrequest')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('request', 'section', 'user'), name='approval_once')],
            },
        ),
        migrations.RunSQL(_RELEASES_STAY),
        migrations.RunSQL(_APPROVALS_ARE_GUARDED),
        migrations.RunSQL(_ROLLOUT_STEPS_STAY),
        migrations.RunSQL(_ROLLOUTS_ARE_AGREED_TO.replace("{}", _VERY)),
        migrations.RunSQL(_ARCHIVES_STAY),
    ]
