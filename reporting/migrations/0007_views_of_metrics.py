"""Views that metrics read besides the first ones: deals, routings, approvals, duplicates, campaigns, workflows."""

from django.db import migrations

CHANNEL = "by which channel: a label of docs/reporting.md; empty: not known"
CAMPAIGN = "utm_campaign of the contact; empty: none"
CONTACT = "number of the contact"

#: Attribution of deals in SQL, equal to `reporting.attribution` for these three.
CREDITS = """(
    SELECT d.deal_id, d.contact_id, d.at, d.stage, d.currency, d.value, t.touch_id, t.campaign, t.channel,
           row_number() OVER (PARTITION BY d.deal_id ORDER BY t.at, t.touch_id) AS place,
           count(*) OVER (PARTITION BY d.deal_id) AS touches
    FROM reporting.deals d
    JOIN reporting.touches t ON t.contact_id = d.contact_id AND t.at <= d.at AND t.at >= d.at - interval '30 days'
) f
CROSS JOIN LATERAL (VALUES
    ('first', CASE WHEN f.place = 1 THEN 1.0 ELSE 0 END),
    ('last', CASE WHEN f.place = f.touches THEN 1.0 ELSE 0 END),
    ('linear', 1.0 / f.touches)
) m (model, credit)"""

APPROVALS = """(
    SELECT 'r' || r.id AS approval_id, r.closed_at AS at, r.requested_at AS asked_at, r.subject_kind AS subject,
           r.state AS verdict, r.owner_id
    FROM campaigns_approvalrequest r
    WHERE r.closed_at IS NOT NULL AND r.state IN ('approved', 'refused', 'changes')
    UNION ALL
    SELECT 's' || s.id, s.decided_at, s.asked_at, 'step', s.state, s.owner_id
    FROM workflows_stepapproval s WHERE s.decided_at IS NOT NULL AND s.state IN ('approved', 'refused')
) f LEFT JOIN people_team o ON o.id = f.owner_id"""

ROUTINGS = """(
    SELECT 't' || r.id AS routing_id, r.contact_id, r.at, r.entered_at, 'task' AS way, r.workflow_id, r.campaign,
           r.channel
    FROM reporting_routingfact r
    UNION ALL
    SELECT 'a' || a.id, a.contact_id, a.given_at, n.at, 'owner', a.workflow_id, coalesce(c.campaign, ''),
           coalesce(c.channel, '')
    FROM workflows_assignment a JOIN reporting_runfact n ON n.id = a.run_id
    LEFT JOIN reporting_contactfact c ON c.id = a.contact_id
) f LEFT JOIN workflows_workflow w ON w.id = f.workflow_id"""

DUPLICATES = """(
    SELECT 'c' || d.id AS duplicate_id, d.contact_id, d.at, 'contact' AS what, d.campaign, d.channel
    FROM reporting_duplicatefact d
    UNION ALL
    SELECT 'm' || s.id, s.contact_id, s.at, 'message', s.campaign, s.channel
    FROM reporting_sendfact s WHERE s.is_repeat
) f"""

#: View, what a row is, its FROM with its WHERE, and its columns with their SQL and meaning.
VIEWS = {
    "deals": (
        "One row a deal: what a contact asks for or buys, as the newest event says that carries a worth.",
        "reporting_dealfact f LEFT JOIN workflows_eventtype e ON e.name = f.event "
        "LEFT JOIN workflows_lifecyclestage s ON s.id = e.stage_effect_id "
        "WHERE f.deal = '' OR NOT EXISTS (SELECT FROM reporting_dealfact n WHERE n.deal = f.deal "
        "AND n.deal <> '' AND (n.at, n.id) > (f.at, f.id))",
        {
            "deal_id": ("f.id", "number of the row"),
            "event_id": ("f.event_id", "number of the event that told of it last"),
            "contact_id": ("f.contact_id", CONTACT),
            "at": ("f.at", "when that happened"),
            "deal": ("f.deal", "deal_id of the event; empty: it names none, and is a deal of its own"),
            "event": ("f.event", "name of the event"),
            "stage": ("coalesce(s.key, '')", "key of the lifecycle stage that the event stands for; empty: none"),
            "value": ("f.value", "what it is worth"),
            "currency": ("f.currency", "currency, as the event says it"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "deal_credits": (
        "One row a deal, touch of the 30 days before, and attribution model: which part of the deal the touch is owed.",
        CREDITS,
        {
            "deal_id": ("f.deal_id", "number of the deal's row"),
            "touch_id": ("f.touch_id", "number of the touch"),
            "contact_id": ("f.contact_id", CONTACT),
            "at": ("f.at", "when the deal happened"),
            "model": ("m.model", "first, last, linear"),
            "stage": ("f.stage", "key of the lifecycle stage that the deal's event stands for; empty: none"),
            "credit": ("m.credit", "the part, 0 to 1; those of a deal and model are 1 together"),
            "value": ("m.credit * f.value", "that part of what the deal is worth"),
            "currency": ("f.currency", "currency of the deal"),
            "campaign": ("f.campaign", "utm_campaign of the touch; empty: none"),
            "channel": ("f.channel", "channel of the touch"),
        },
    ),
    "routings": (
        "One row each time that a workflow gave a lead to sales: made a task, or assigned an owner.",
        ROUTINGS,
        {
            "routing_id": ("f.routing_id", "t and the number of the task, or a and the number of the assignment"),
            "contact_id": ("f.contact_id", CONTACT),
            "at": ("f.at", "when sales had it"),
            "entered_at": ("f.entered_at", "when the contact entered the workflow"),
            "hours": ("(extract(epoch FROM f.at - f.entered_at) / 3600)", "hours between the two"),
            "way": ("f.way", "task, owner"),
            "workflow": ("w.key", "key of the workflow"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "approvals": (
        "One row a request for approval that was answered: of releases, campaigns and content, and of steps.",
        APPROVALS,
        {
            "approval_id": ("f.approval_id", "r and the number of the request, or s and that of the step's"),
            "at": ("f.at", "when it was answered"),
            "asked_at": ("f.asked_at", "when it was asked"),
            "hours": ("(extract(epoch FROM f.at - f.asked_at) / 3600)", "hours between the two"),
            "subject": ("f.subject", "release, campaign, content, step"),
            "verdict": ("f.verdict", "approved, refused, changes: changes were asked for"),
            "team": ("coalesce(o.key, '')", "key of the team that owns it"),
        },
    ),
    "duplicates_prevented": (
        "One row each time that something would have been there or been done twice.",
        DUPLICATES,
        {
            "duplicate_id": ("f.duplicate_id", "c and the number of the trace, or m and that of the message"),
            "contact_id": ("f.contact_id", CONTACT),
            "at": ("f.at", "when"),
            "what": ("f.what", "contact: a form of somebody who was known; message: withheld, because sent before"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "campaigns": (
        "One row a campaign, under the name that its links carry.",
        "campaigns_campaign c LEFT JOIN people_team o ON o.id = c.owner_id "
        "LEFT JOIN campaigns_playbookversion v ON v.id = c.playbook_id "
        "LEFT JOIN campaigns_playbook p ON p.id = v.playbook_id",
        {
            "campaign_number": ("c.campaign_id", "number that every tool knows it by"),
            "campaign": ("c.name", "its name, which is the utm_campaign of its links"),
            "at": ("coalesce(c.started_at, c.starts_at, c.created_at)", "when it begins, and its budget counts"),
            "ended_at": ("coalesce(c.ended_at, c.ends_at)", "when it ends; null: not said"),
            "state": ("c.state", "state: draft, review, approved, scheduled, live, ..."),
            "owner": ("coalesce(o.key, '')", "key of the team that owns it"),
            "playbook": ("coalesce(p.key, '')", "key of the playbook that it was made from; empty: by hand"),
            "budget": ("c.budget", "its budget; null: none"),
            "currency": ("c.currency", "currency of the budget"),
        },
    ),
    "workflows": (
        "One row a workflow.",
        "workflows_workflow w LEFT JOIN people_team o ON o.id = w.owner_id",
        {
            "workflow": ("w.key", "its key"),
            "name": ("w.name", "its name"),
            "type": ("w.type", "its type"),
            "owner": ("coalesce(o.key, '')", "key of the team that owns it"),
        },
    ),
}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _view(name: str) -> str:
    says, source, columns = VIEWS[name]
    chosen = ", ".join(f'{expression} AS "{column}"' for column, (expression, _) in columns.items())
    comments = "".join(
        f'COMMENT ON COLUMN reporting.{name}."{column}" IS {_quoted(meaning)};'
        for column, (_, meaning) in columns.items()
    )
    return f"CREATE VIEW reporting.{name} AS SELECT {chosen} FROM {source};" + (
        f"COMMENT ON VIEW reporting.{name} IS {_quoted(says)};{comments}"
    )


DAY = "COMMENT ON COLUMN reporting.daily.day IS 'day in the time zone of the workspace';"
COUNTS = (
    "COMMENT ON VIEW reporting.daily IS "
    "'Counts of the other views by day, campaign, channel and workflow: what dashboards of months read.';"
)
FORWARD = "".join(map(_view, VIEWS)) + DAY + COUNTS
BACKWARD = "".join(f"DROP VIEW reporting.{name};" for name in reversed(VIEWS))


class Migration(migrations.Migration):
    dependencies = [
        ("reporting", "0006_noting_tasks"),
        ("campaigns", "0016_chat_rooms"),
        ("people", "0003_token_system"),
        ("workflows", "0033_metrics"),
    ]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
