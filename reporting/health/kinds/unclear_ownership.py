"""Several teams mend the same thing: one sets back what the other wrote (requirement B5)."""

from collections.abc import Iterator

from reporting.health.finding import BOTTLENECK, Finding, Kind, contacts
from reporting.health.scope import EVENT, SEVERAL, Scope
from workflows.models import ContactChange, Handoff

KEY = "unclear-ownership"
_CHANGES = ContactChange._meta.db_table


def find(scope: Scope) -> Iterator[Finding]:
    yield from _set_back(scope)
    yield from _refused(scope)


def _set_back(scope: Scope) -> Iterator[Finding]:
    """By writers of different teams; who goes back to his own value has changed his mind, which is his right."""
    for field, writer, other, now, former, samples in scope.rows(_STATEMENT, first=scope.first(ContactChange)):
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


#: Only of contacts and fields with more than one writer, which are few; score and consent have their own ledgers. Who
#: wrote what stands in the shapes of rows, which are few, too; values are looked at only where it matters.
_STATEMENT = f"""
    WITH mine AS NOT MATERIALIZED (
        SELECT * FROM {_CHANGES} WHERE id >= %(first)s AND at BETWEEN %(before)s AND %(at)s
    ), parts AS MATERIALIZED (
        SELECT shape, s.writer, (2 * place)::int AS place, one ->> 0 AS field, coalesce(one ->> 1, s.writer) AS by
        FROM (SELECT DISTINCT shape, writer FROM mine) AS s
        CROSS JOIN LATERAL json_array_elements(shape::json) WITH ORDINALITY AS e (one, place)
        WHERE one ->> 0 <> 'score' AND one ->> 0 NOT LIKE 'consent%%'
    ), shared AS MATERIALIZED (
        SELECT m.contact_id, p.field FROM mine m JOIN parts p USING (shape, writer)
        GROUP BY 1, 2 HAVING min(p.by) <> max(p.by)
    ), changes AS (
        SELECT m.id, m.contact_id, p.field, m.at, p.by AS writer, (m.pairs -> (p.place - 2))::text AS old,
            (m.pairs -> (p.place - 1))::text AS new
        FROM shared JOIN mine m USING (contact_id) JOIN parts p USING (shape, writer, field)
    ), stepwise AS (
        SELECT contact_id, field, at, writer, new, lag(writer) OVER w AS other, lag(old) OVER w AS old
        FROM changes WINDOW w AS (PARTITION BY contact_id, field ORDER BY id)
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
