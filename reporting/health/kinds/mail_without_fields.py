"""A message went out to somebody whom sales cannot follow up: a field they need is missing (requirement B6)."""

from collections.abc import Iterator

from reporting.health.finding import FAILURE, Finding, Kind, contacts
from reporting.health.scope import Flow, Scope
from workflows.lint.checks.grd_sales_fields import needs
from workflows.lint.deeds import is_for_sales
from workflows.models import Contact, Effect

KEY = "mail-without-fields"


def find(scope: Scope) -> Iterator[Finding]:
    """What sales needs is what the workflow's CRM mapping requires and what it hands to sales."""
    wanted = [(flow, path.removeprefix("contact.")) for flow in scope.flows.values() for path in _needs(scope, flow)]
    if not wanted:
        return
    for workflow_id, step, field, now, of, former, samples in scope.rows(
        _STATEMENT,
        first=scope.first(Effect),
        workflows=[flow.id for flow, _ in wanted],
        fields=[field for _, field in wanted],
    ):
        flow = scope.flows[workflow_id]
        yield Finding(
            kind=KEY,
            says=f"{flow.step_name(step)} went to people without contact.{field}, which sales needs to follow it up",
            fix=f"Add contact.{field} to guards.require of the step, and ask for it where people leave their address",
            team=flow.owner_of(step),
            count=now,
            of=of,
            former=former,
            workflow=flow.key,
            step=step,
            samples=contacts(samples),
        )


def _needs(scope: Scope, flow: Flow) -> tuple[str, ...]:
    if not any(is_for_sales(step) for step in flow.spec.steps):
        return ()
    mine = (one for one in scope.workspace.workflows if one.key == flow.key and one.state == "live")
    return next((needs(one, scope.workspace) for one in mine), ())


#: By what the contacts have now: who was asked for it since is no failure any more.
_STATEMENT = f"""
    WITH wanted AS (SELECT * FROM unnest(%(workflows)s::bigint[], %(fields)s::text[]) AS w (workflow_id, field)),
    sent AS (
        SELECT e.workflow_id, e.step, w.field, e.contact_id, e.planned_at >= %(since)s AS is_now,
            coalesce(CASE w.field WHEN 'email' THEN c.email WHEN 'lifecycle_stage' THEN c.lifecycle_stage
                ELSE c.fields ->> w.field END, '') = '' AS lacks
        FROM {Effect._meta.db_table} e JOIN wanted w USING (workflow_id) JOIN {Contact._meta.db_table} c
            ON c.id = e.contact_id
        WHERE e.id >= %(first)s AND e.planned_at BETWEEN %(before)s AND %(at)s
          AND e.kind = 'send_message' AND e.state = 'done'
    )
    SELECT workflow_id, step, field, count(*) FILTER (WHERE lacks AND is_now), count(*) FILTER (WHERE is_now),
        count(*) FILTER (WHERE lacks AND NOT is_now),
        (array_agg(DISTINCT contact_id) FILTER (WHERE lacks AND is_now))[1:5]
    FROM sent GROUP BY 1, 2, 3 HAVING count(*) FILTER (WHERE lacks AND is_now) > 0 ORDER BY 1, 2, 3
"""  # noqa: S608  names of our own

KIND = Kind(
    KEY,
    "Message without what sales needs",
    FAILURE,
    "Somebody was written to whose record lacks a field that sales needs for the follow-up.",
    ("B6", "D3"),
    "mail-warning",
    find,
    codes=("GRD003",),
)
