"""The `reporting` schema: what BI tools and analysts read, under names that stay (docs/reporting.md)."""

from django.db import migrations

CHANNEL = "by which channel: a label of docs/reporting.md; empty: not known"
CAMPAIGN = "utm_campaign of the contact; empty: none"
CONTACT = "number of the contact"

#: View, what a row is, its FROM, and its columns with their SQL and meaning.
VIEWS = {
    "contacts": (
        "One row a contact: since when it is known, at which stage it is, and what brought it.",
        "reporting_contactfact f LEFT JOIN workflows_lifecyclestage s ON s.key = f.stage",
        {
            "contact_id": ("f.id", CONTACT),
            "created_at": ("f.created_at", "when it became known; a lead counts from then"),
            "stage": ("f.stage", "key of its lifecycle stage now; empty: none yet"),
            "stage_position": ("s.position", "place of that stage in the order; null: none yet"),
            "source": ("f.source", "utm_source of the contact now"),
            "medium": ("f.medium", "utm_medium of the contact now"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "touches": (
        "One row an event that says how a contact came: tagged, referred by another site, or direct.",
        "reporting_touchfact f",
        {
            "touch_id": ("f.id", "number of the touch"),
            "event_id": ("f.event_id", "number of the event"),
            "contact_id": ("f.contact_id", CONTACT),
            "at": ("f.at", "when it happened, on the corrected clock of the sender"),
            "event": ("f.event", "name of the event; empty: a page or screen"),
            "source": ("f.source", "utm_source, the host of the referrer, or (direct)"),
            "medium": ("f.medium", "utm_medium, referral, or (none)"),
            "campaign": ("f.campaign", "utm_campaign of the touch; empty: none"),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "mail_outcomes": (
        "One row for each thing that a mail provider or a reader told of messages.",
        "reporting_mailfact f",
        {
            "outcome_id": ("f.id", "number of the outcome"),
            "event_id": ("f.event_id", "number of the event that told of it"),
            "contact_id": ("f.contact_id", CONTACT),
            "at": ("f.at", "when it happened"),
            "outcome": ("f.outcome", "delivered, bounced, deferred, complained, opened, clicked, unsubscribed"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "stage_changes": (
        "One row each time that a contact went from one lifecycle stage to another, whoever did it.",
        "reporting_stagefact f LEFT JOIN workflows_lifecyclestage a ON a.key = f.from_stage "
        "LEFT JOIN workflows_lifecyclestage b ON b.key = f.to_stage",
        {
            "change_id": ("f.id", "number of the change"),
            "contact_id": ("f.contact_id", CONTACT),
            "at": ("f.at", "when it was written"),
            "from_stage": ("f.from_stage", "key of the stage before; empty: none"),
            "to_stage": ("f.to_stage", "key of the stage after; empty: none"),
            "is_forward": (
                "coalesce(b.position, -1) > coalesce(a.position, -1)",
                "whether the stage after is further on",
            ),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "conversions": (
        "One row a goal that a contact reached in a run; each run counts once.",
        "reporting_conversionfact f LEFT JOIN workflows_workflow w ON w.id = f.workflow_id",
        {
            "conversion_id": ("f.id", "number of the conversion"),
            "contact_id": ("f.contact_id", CONTACT),
            "at": ("f.at", "when it was reached"),
            "goal": ("f.name", "name of the goal"),
            "workflow": ("w.key", "key of the workflow"),
            "workflow_name": ("w.name", "its name"),
            "run_id": ("f.run_id", "number of the run"),
            "value": ("f.value", "what it is worth; null: the step does not say"),
            "campaign": ("f.campaign", "utm_campaign of the contact at that time; empty: none"),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "sends": (
        "One row a message of a workflow that came to an end, also those that were withheld.",
        "reporting_sendfact f LEFT JOIN workflows_workflow w ON w.id = f.workflow_id",
        {
            "send_id": ("f.id", "number of the message"),
            "contact_id": ("f.contact_id", CONTACT),
            "at": ("f.at", "when it ended"),
            "state": ("f.state", "done: sent; suppressed: withheld; failed; uncertain; cancelled"),
            "workflow": ("w.key", "key of the workflow"),
            "workflow_name": ("w.name", "its name"),
            "version_id": ("f.version_id", "number of its version"),
            "run_id": ("f.run_id", "number of the run"),
            "step": ("f.step", "key of the step"),
            "template": ("f.template", "key of the message template"),
            "message_channel": ("f.message_channel", "email, chat, in_app"),
            "planned_at": ("f.planned_at", "when the step decided it"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "runs": (
        "One row a subject that went through a workflow.",
        "reporting_runfact f LEFT JOIN workflows_workflow w ON w.id = f.workflow_id",
        {
            "run_id": ("f.id", "number of the run"),
            "contact_id": ("f.contact_id", CONTACT + "; null: a content item or the workspace"),
            "at": ("f.at", "when it entered"),
            "ended_at": ("f.ended_at", "when it ended; null: it is on the way"),
            "state": ("f.state", "waiting, done, stopped, failed"),
            "workflow": ("w.key", "key of the workflow"),
            "workflow_name": ("w.name", "its name"),
            "version_id": ("f.version_id", "number of its version"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "daily": (
        "Counts of the other views by day (UTC), campaign, channel and workflow: what dashboards of months read.",
        "reporting_dailyfigure f LEFT JOIN workflows_workflow w ON w.id = f.workflow_id",
        {
            "day": ("f.day", "day, UTC"),
            "figure": (
                "f.figure",
                "leads, touches, conversions, stage <key>, send <state>, mail <outcome>, run entered, run <state>",
            ),
            "campaign": ("f.campaign", "as in the view that is counted"),
            "channel": ("f.channel", CHANNEL),
            "workflow": ("w.key", "key of the workflow; null: of none"),
            "count": ("f.count", "how many"),
            "value": ("f.value", "what they are worth together"),
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


FORWARD = (
    "CREATE SCHEMA IF NOT EXISTS reporting;"
    "COMMENT ON SCHEMA reporting IS 'What is counted, under names that stay; no personal data but contact numbers.';"
    + "".join(map(_view, VIEWS))
)
BACKWARD = "".join(f"DROP VIEW reporting.{name};" for name in VIEWS) + "DROP SCHEMA reporting;"


class Migration(migrations.Migration):
    dependencies = [("reporting", "0002_noting")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
