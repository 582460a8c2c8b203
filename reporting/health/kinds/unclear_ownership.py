"""Several teams mend the same thing: one sets back what the other wrote (requirement B5)."""

from collections.abc import Iterator

from reporting.health import shapes
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
    found = shapes.parts(scope)
    team_of = {writer: _team(scope, writer) for writer in {part.writer for part in found}}
    mended_by: dict[str, set[str]] = {}
    for part in found:
        mended_by.setdefault(part.field, set()).add(team_of[part.writer])
    shared = [part for part in found if len(mended_by[part.field]) > 1]
    # By their place in the alphabet.
    fields, writers, teams = (
        sorted(names)
        for names in ({one.field for one in shared}, {one.writer for one in shared}, set(team_of.values()))
    )
    rows = scope.rows(
        _STATEMENT,
        first=scope.first(ContactChange),
        shapes=[one.shape for one in shared],
        row_writers=[one.row_writer for one in shared],
        places=[2 * one.place for one in shared],
        fields=[fields.index(one.field) for one in shared],
        writers=[writers.index(one.writer) for one in shared],
        teams=[teams.index(team_of[one.writer]) for one in shared],
    )
    for field, one, other, now, former, samples in rows if shared else ():
        if now < SEVERAL:
            continue
        both = (writers[one], writers[other])
        names = " and ".join(sorted(scope.team(team_of[writer]) or "somebody without a team" for writer in both))
        yield Finding(
            kind=KEY,
            says=f"{names} both mend contact.{fields[field]}: {both[0]} and {both[1]} set back what the other wrote",
            fix="Settle which team keeps the field, name its system of record, and let the other ask for changes",
            team=scope.workspace.owner_of_field(fields[field]),
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


#: Of fields that several teams write. Values are compared by a number of 64 bits: what is put in order stays short.
_STATEMENT = f"""
    WITH parts AS MATERIALIZED (
        SELECT * FROM unnest(%(shapes)s::text[], %(row_writers)s::text[], %(places)s::int[], %(fields)s::int[],
            %(writers)s::int[], %(teams)s::int[]) AS p (shape, writer, place, field, by, team)
    ), changes AS (
        SELECT m.id, m.contact_id, p.field, m.at, p.by, p.team, hashtextextended((m.pairs -> p.place)::text, 0) AS old,
            hashtextextended((m.pairs -> (p.place + 1))::text, 0) AS new
        FROM {_CHANGES} m JOIN parts p USING (shape, writer)
        WHERE m.id >= %(first)s AND m.at BETWEEN %(before)s AND %(at)s
    ), stepwise AS (
        SELECT contact_id, field, at, by, team, new, lag(by) OVER w AS other, lag(team) OVER w AS others,
            lag(old) OVER w AS old
        FROM changes WINDOW w AS (PARTITION BY contact_id, field ORDER BY id)
    )
    SELECT field, least(by, other), greatest(by, other), count(*) FILTER (WHERE at >= %(since)s),
        count(*) FILTER (WHERE at < %(since)s),
        (array_agg(DISTINCT contact_id) FILTER (WHERE at >= %(since)s))[1:5]
    FROM stepwise WHERE team <> others AND new = old GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
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
