"""What touches are owed is read as it is kept: of deals by every model that divides by touch, and of conversions."""

from django.db import migrations

MODELS = ("first", "last", "last_non_direct", "linear", "time_decay", "u_shaped", "w_shaped", "shapley")
_EACH = ", ".join(f"('{model}', f.parts[{place}])" for place, model in enumerate(MODELS, start=1))
_STAGE = (
    "LEFT JOIN workflows_eventtype e ON e.name = f.name LEFT JOIN workflows_lifecyclestage s ON s.id = e.stage_effect_id"
)
_OWED = "m.parts * 0.000000000001"

DEAL_CREDITS = f"""CREATE OR REPLACE VIEW reporting.deal_credits AS
SELECT f.subject_id AS deal_id, f.touch_id, f.contact_id, f.at, m.model, coalesce(s.key, '') AS stage,
       {_OWED} AS credit, {_OWED} * f.value AS value, f.currency, f.campaign, f.channel
FROM reporting_credit f {_STAGE} CROSS JOIN LATERAL (VALUES {_EACH}) m (model, parts)
WHERE f.subject = 'deal';
COMMENT ON COLUMN reporting.deal_credits.model IS '{", ".join(MODELS)}';"""
FORMER_DEAL_CREDITS = """CREATE OR REPLACE VIEW reporting.deal_credits AS
SELECT f.deal_id, f.touch_id, f.contact_id, f.at, m.model, f.stage, m.credit, m.credit * f.value AS value, f.currency,
       f.campaign, f.channel
FROM (
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
) m (model, credit);"""

CHANNEL = "channel of the touch; empty: not known"
CAMPAIGN = "utm_campaign of the touch; empty: none"
DAY = "day of the deal or conversion in the time zone of the workspace"
#: View, what a row is, its FROM with its WHERE, and its columns with their SQL and meaning.
VIEWS = {
    "conversion_credits": (
        "One row a conversion, touch of the 30 days before, and attribution model: which part of it the touch is owed.",
        f"reporting_credit f CROSS JOIN LATERAL (VALUES {_EACH}) m (model, parts) WHERE f.subject = 'conversion'",
        {
            "conversion_id": ("f.subject_id", "number of the conversion"),
            "touch_id": ("f.touch_id", "number of the touch"),
            "contact_id": ("f.contact_id", "number of the contact"),
            "at": ("f.at", "when the goal was reached"),
            "goal": ("f.name", "name of the goal"),
            "model": ("m.model", ", ".join(MODELS)),
            "credit": (_OWED, "the part, 0 to 1; those of a conversion and model are 1 together"),
            "value": (f"{_OWED} * f.value", "that part of what the conversion is worth"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
        },
    ),
    "daily_deal_credits": (
        "What touches are owed of deals, by model and by the day of the deal.",
        f"reporting_dailycredits f {_STAGE} WHERE f.subject = 'deal'",
        {
            "day": ("f.day", DAY),
            "model": ("f.model", ", ".join(MODELS)),
            "event": ("f.name", "name of the event that told of the deal"),
            "stage": ("coalesce(s.key, '')", "key of the lifecycle stage that the event stands for; empty: none"),
            "currency": ("f.currency", "currency of the deals"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
            "valued": ("f.valued", "of how many deals the worth is known"),
            "credit": ("f.parts * 0.000000000001", "deals owed"),
            "value": ("f.value", "worth owed"),
        },
    ),
    "daily_conversion_credits": (
        "What touches are owed of conversions, by model and by the day of the conversion.",
        "reporting_dailycredits f WHERE f.subject = 'conversion'",
        {
            "day": ("f.day", DAY),
            "model": ("f.model", ", ".join(MODELS)),
            "goal": ("f.name", "name of the goal"),
            "campaign": ("f.campaign", CAMPAIGN),
            "channel": ("f.channel", CHANNEL),
            "credit": ("f.parts * 0.000000000001", "conversions owed"),
            "value": ("f.value", "worth owed"),
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


READABLE = """
DO $$ DECLARE reader text; BEGIN
    FOR reader IN SELECT grantee FROM information_schema.table_privileges
        WHERE table_schema = 'reporting' AND table_name = 'daily' AND grantee <> grantor
    LOOP EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO %I', reader); END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("reporting", "0014_credits")]
    operations = [
        migrations.RunSQL(
            DEAL_CREDITS + "".join(map(_view, VIEWS)) + READABLE,
            "".join(f"DROP VIEW reporting.{name};" for name in VIEWS) + FORMER_DEAL_CREDITS,
        )
    ]
