"""Several teams mend the same thing: one sets back what the other wrote (requirement B5)."""

from collections.abc import Iterator

from reporting.health.finding import BOTTLENECK, Finding, Kind, contacts
from reporting.health.scope import EVENT, SEVERAL, Scope
from workflows.models import FieldChange, Handoff

KEY = "unclear-ownership"
_CHANGES = FieldChange._meta.db_table


def find(scope: Scope) -> Iterator[Finding]:
    yield from _set_back(scope)
    yield from _refused(scope)


def _set_back(scope: Scope) -> Iterator[Finding]:
    """By writers of different teams; who goes back to his own value has changed his mind, which is his right."""
    for field, writer, other, now, former, samples in scope.rows(_STATEMENT, first=scope.first(FieldChange)):
        teams = {_team(scope, writer), _team(scope, other)}
        if now < SEVERAL or len(teams) < 2:
            continue
        names = " and ".join(sorted(scope.team(team) or "somebody without a team" for team in teams))
        yield Finding(
            kind=KEY,
            says=f"{names} both mend contact.{field}: {writer} and {other} set back what the other wrote",
            fix="Settle which team keeps the field, name its system of record, and let the other ask for changes",
            team=scope.workspace.owner_of_field(field),
            count=now,
            former=former,
            samples=contacts(samples),
        )


def _team(scope: Scope, writer: str) -> str:
    """Key of the team of a workflow, a system or a person."""
    flow = scope.flow(writer)
    if writer.startswith(EVENT):
        event = scope.workspace.event(writer.removeprefix(EVENT))
        return event.owner if event else ""
    return flow.owner if flow else scope.systems.get(writer) or scope.people.get(writer, "")


def _refused(scope: Scope) -> Iterator[Finding]:
    """Work that is handed to a team which hands it back again and again."""
    rows = scope.rows(
        f"""
        SELECT h.workflow_id, h.step, t.key, count(*) FILTER (WHERE h.state = 'refused' AND h.offered_at >= %(since)s),
            count(*) FILTER (WHERE h.offered_at >= %(since)s),
            count(*) FILTER (WHERE h.state = 'refused' AND h.offered_at < %(since)s),
            (array_agg(h.contact_id ORDER BY h.id DESC) FILTER (WHERE h.state = 'refused' AND h.contact_id IS NOT NULL
                AND h.offered_at >= %(since)s))[1:5]
        FROM {Handoff._meta.db_table} h JOIN people_team t ON t.id = h.owner_id
        WHERE h.offered_at BETWEEN %(before)s AND %(at)s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        """  # noqa: S608  names of our own
    )
    for workflow_id, step, team, refused, offered, former, samples in rows:
        flow = scope.flows.get(workflow_id)
        if flow and refused >= SEVERAL and refused * 10 >= offered:
            yield Finding(
                kind=KEY,
                says=f"{scope.team(team)} hands back what {flow.step_name(step)} in {flow.name} hands to them",
                fix="Settle whose work it is, and hand it there",
                team=flow.owner_of(step),
                count=refused,
                of=offered,
                former=former,
                workflow=flow.key,
                step=step,
                samples=contacts(samples),
            )


#: Only of contacts and fields with more than one writer, which are few; score and consent have their own ledgers.
_STATEMENT = f"""
    WITH mine AS MATERIALIZED (
        SELECT id, contact_id, field, at, writer, old::text AS old, new::text AS new FROM {_CHANGES}
        WHERE id >= %(first)s AND at BETWEEN %(before)s AND %(at)s AND field <> 'score' AND field NOT LIKE 'consent%%'
    ), shared AS (
        SELECT contact_id, field FROM mine GROUP BY 1, 2 HAVING min(writer) <> max(writer)
    ), stepwise AS (
        SELECT m.contact_id, m.field, m.at, m.writer, m.new, lag(m.writer) OVER w AS other, lag(m.old) OVER w AS old
        FROM mine m JOIN shared USING (contact_id, field) WINDOW w AS (PARTITION BY m.contact_id, m.field ORDER BY m.id)
    )
    SELECT field, least(writer, other), greatest(writer, other), count(*) FILTER (WHERE at >= %(since)s),
        count(*) FILTER (WHERE at < %(since)s),
        (array_agg(DISTINCT contact_id) FILTER (WHERE at >= %(since)s))[1:5]
    FROM stepwise WHERE writer <> other AND new = old GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608

KIND = Kind(
    KEY,
    "Unclear ownership",
    BOTTLENECK,
    "Teams that set back each other's values, or hand the same work back and forth.",
    ("B5", "G2", "I1"),
    "users-round",
    find,
    codes=("OWN001", "OWN003"),
)
