"""Assignments leave notes, deals are read as they stand, and what is added up by day can be read by anybody."""

from django.db import migrations

NOTING = """
CREATE FUNCTION reporting_note_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_ids)
    SELECT 'assignment', array_agg(id) FROM (
        SELECT n.id, (row_number() OVER () - 1) / 200 AS part FROM noted n
    ) AS written GROUP BY part;
    RETURN NULL;
END $$;
CREATE FUNCTION reporting_note_assignment_change() RETURNS trigger LANGUAGE plpgsql
    SET enable_hashjoin = on SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO reporting_stalerow (kind, row_ids)
    SELECT 'assignment', array_agg(id) FROM (
        SELECT n.id, (row_number() OVER () - 1) / 200 AS part FROM noted n JOIN former o ON o.id = n.id
        WHERE (n.contact_id, n.given_at) IS DISTINCT FROM (o.contact_id, o.given_at)
    ) AS changed GROUP BY part;
    RETURN NULL;
END $$;
CREATE TRIGGER reporting_note_inserted AFTER INSERT ON workflows_assignment
    REFERENCING NEW TABLE AS noted FOR EACH STATEMENT EXECUTE FUNCTION reporting_note_assignment();
CREATE TRIGGER reporting_note_updated AFTER UPDATE ON workflows_assignment
    REFERENCING NEW TABLE AS noted OLD TABLE AS former
    FOR EACH STATEMENT EXECUTE FUNCTION reporting_note_assignment_change();
"""
NOT_NOTING = """
DROP TRIGGER reporting_note_inserted ON workflows_assignment;
DROP TRIGGER reporting_note_updated ON workflows_assignment;
DROP FUNCTION reporting_note_assignment();
DROP FUNCTION reporting_note_assignment_change();
"""

#: What stands here until the first turn makes everything anew.
FILLED = """
INSERT INTO reporting_deal (id, key, event_id, contact_id, at, event, deal, value, currency, campaign, channel)
SELECT DISTINCT ON (key) id, key, event_id, contact_id, at, event, deal, value, currency, campaign, channel FROM (
    SELECT f.*, CASE WHEN f.deal = '' THEN ' ' || f.id ELSE f.deal END AS key FROM reporting_dealfact f
) told ORDER BY key, at DESC, id DESC;
INSERT INTO reporting_assignmentfact (id, contact_id, at, entered_at, workflow_id, campaign, channel)
SELECT a.id, a.contact_id, a.given_at, n.at, a.workflow_id, coalesce(c.campaign, ''), coalesce(c.channel, '')
FROM workflows_assignment a JOIN reporting_runfact n ON n.id = a.run_id
LEFT JOIN reporting_contactfact c ON c.id = a.contact_id;
"""

STAGE_OF_EVENT = (
    "LEFT JOIN workflows_eventtype e ON e.name = f.event LEFT JOIN workflows_lifecyclestage s ON s.id = e.stage_effect_id"
)
DEALS = f"""CREATE OR REPLACE VIEW reporting.deals AS
SELECT f.id AS deal_id, f.event_id, f.contact_id, f.at, f.deal, f.event, coalesce(s.key, '') AS stage, f.value,
       f.currency, f.campaign, f.channel
FROM reporting_deal f {STAGE_OF_EVENT};"""
FORMER_DEALS = f"""CREATE OR REPLACE VIEW reporting.deals AS
SELECT f.id AS deal_id, f.event_id, f.contact_id, f.at, f.deal, f.event, coalesce(s.key, '') AS stage, f.value,
       f.currency, f.campaign, f.channel
FROM reporting_dealfact f {STAGE_OF_EVENT}
WHERE f.deal = '' OR NOT EXISTS (SELECT FROM reporting_dealfact n WHERE n.deal = f.deal
                                 AND n.deal <> '' AND (n.at, n.id) > (f.at, f.id));"""


def routings(assigned: str) -> str:
    return f"""CREATE OR REPLACE VIEW reporting.routings AS
SELECT f.routing_id, f.contact_id, f.at, f.entered_at, (extract(epoch FROM f.at - f.entered_at) / 3600) AS hours, f.way,
       w.key AS workflow, f.campaign, f.channel
FROM (
    SELECT 't' || r.id AS routing_id, r.contact_id, r.at, r.entered_at, 'task' AS way, r.workflow_id, r.campaign,
           r.channel
    FROM reporting_routingfact r
    UNION ALL
    {assigned}
) f LEFT JOIN workflows_workflow w ON w.id = f.workflow_id;"""


ROUTINGS = routings(
    "SELECT 'a' || a.id, a.contact_id, a.at, a.entered_at, 'owner', a.workflow_id, a.campaign, a.channel "
    "FROM reporting_assignmentfact a"
)
FORMER_ROUTINGS = routings(
    "SELECT 'a' || a.id, a.contact_id, a.given_at, n.at, 'owner', a.workflow_id, coalesce(c.campaign, ''), "
    "coalesce(c.channel, '') FROM workflows_assignment a JOIN reporting_runfact n ON n.id = a.run_id "
    "LEFT JOIN reporting_contactfact c ON c.id = a.contact_id"
)

CHANNEL = "channel that brought the contact; empty: not known"
CAMPAIGN = "utm_campaign of the contact; empty: none"
DAY = "day in the time zone of the workspace"
FORMER = "day on which the same people were there last; 0001-01-01: never before"
#: View, what a row is, its FROM, and its columns with their SQL and meaning.
VIEWS = {
    "daily_people": (
        "How many people came to something on a day, by the day on which they came there last: different people of a "
        "time are those whose former_day lies before its first day.",
        "reporting_dailypeople f",
        {
            "day": ("f.day", DAY),
            "figure": ("f.figure", "stage <key>, mail <outcome>: what they came to"),
            "former_day": ("f.former_day", FORMER),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
            "count": ("f.count", "how many people"),
        },
    ),
    "daily_ways": (
        "How many contacts came to a stage on a day, and how many days later to another. Read either the rows of_all or "
        "the others; who came twice in a time counts by the row whose former_day lies before its first day.",
        "reporting_dailyways f",
        {
            "day": ("f.day", DAY),
            "from_stage": ("f.from_stage", "key of the stage that they came to that day"),
            "to_stage": ("f.to_stage", "key of the stage that they came to later"),
            "of_all": ("f.of_all", "true: everybody; false: the same people by campaign and channel"),
            "former_day": ("f.former_day", FORMER),
            "passed_days": ("nullif(f.passed_days, -1)", "whole days between the two; null: not there yet"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
            "count": ("f.count", "how many contacts"),
            "microseconds": ("f.microseconds", "how long they took together"),
        },
    ),
    "daily_deals": (
        "Deals by the day, event and currency of their newest event.",
        f"reporting_dailydeals f {STAGE_OF_EVENT}",
        {
            "day": ("f.day", DAY),
            "event": ("f.event", "name of the event"),
            "stage": ("coalesce(s.key, '')", "key of the lifecycle stage that the event stands for; empty: none"),
            "currency": ("f.currency", "currency, as the event says it"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
            "count": ("f.count", "how many deals"),
            "valued": ("f.valued", "how many of them say what they are worth"),
            "value": ("f.value", "what they are worth together"),
        },
    ),
}
FIGURES = (
    "leads, touches, conversions, stage <key>, send <state>, mail <outcome>, run entered, run <state>, routed <way> "
    "(value: microseconds on the way), duplicate <what>"
)


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


READABLE = """
DO $$ DECLARE reader text; BEGIN
    FOR reader IN SELECT grantee FROM information_schema.table_privileges
        WHERE table_schema = 'reporting' AND table_name = 'daily' AND grantee <> grantor
    LOOP EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO %I', reader); END LOOP;
END $$;
"""
FORWARD = (
    FILLED + DEALS + ROUTINGS + NOTING + "".join(map(_view, VIEWS)) + READABLE
    + f"COMMENT ON COLUMN reporting.daily.figure IS {_quoted(FIGURES)};"
)  # fmt: skip
BACKWARD = "".join(f"DROP VIEW reporting.{name};" for name in VIEWS) + NOT_NOTING + FORMER_ROUTINGS + FORMER_DEALS


class Migration(migrations.Migration):
    dependencies = [("reporting", "0011_rollups"), ("workflows", "0034_content_is_approved")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
