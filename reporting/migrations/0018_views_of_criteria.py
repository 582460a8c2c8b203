"""The view of what guards withheld, which success criteria watch."""

from django.db import migrations

_OF = "LEFT JOIN workflows_workflow w ON w.id = e.workflow_id LEFT JOIN reporting_contactfact c ON c.id = e.contact_id"
_COMMON = {
    "effect_id": ("e.id", "number of the effect"),
    "contact_id": ("e.contact_id", "number of the contact; null: a content item or the workspace"),
    "at": ("e.planned_at", "when it was planned"),
    "kind": ("e.kind", "what was to be done: send_message, create_task and so on"),
    "step": ("e.step", "step of the workflow"),
    "workflow": ("w.key", "key of the workflow"),
    "campaign": ("coalesce(c.campaign, '')", "utm_campaign of the contact; empty: none"),
    "channel": ("coalesce(c.channel, '')", "channel that brought the contact; empty: not known"),
}
VIEWS = {
    "withheld": (
        "One row an effect that a guard withheld.",
        f"workflows_effect e {_OF} WHERE e.state = 'suppressed'",
        {
            **_COMMON,
            "why": (
                "CASE WHEN e.reason LIKE '% is missing%' THEN 'missing' ELSE 'other' END",
                "missing: a field that it requires was empty; other: any other guard",
            ),
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
    return f"CREATE VIEW reporting.{name} AS SELECT {chosen} FROM {source};" + (  # noqa: S608  names of our own
        f"COMMENT ON VIEW reporting.{name} IS {_quoted(says)};{comments}"
    )


class Migration(migrations.Migration):
    dependencies = [("reporting", "0017_noting_changes")]
    operations = [
        migrations.RunSQL("".join(map(_view, VIEWS)), "".join(f"DROP VIEW reporting.{name};" for name in VIEWS))
    ]
