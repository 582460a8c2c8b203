"""A lead's status is updated here, and not in the CRM (requirement B6)."""

from collections.abc import Iterator

from reporting.health.finding import FAILURE, Finding, Kind, contacts
from reporting.health.scope import Scope
from workflows.models import ContactChange, Effect, LifecycleStage

KEY = "stage-in-one-place"
#: Minutes after which it should have arrived.
_MINUTES = 15


def find(scope: Scope) -> Iterator[Finding]:
    """Contacts whose record in the system of record was told of another stage than the one they have come to.

    Whoever has no record there is in one place only, and that is no fault. What that system changed itself it knows.
    """
    field = scope.workspace.fields.get("lifecycle_stage")
    system = scope.workspace.systems.get(field.authority.system) if field else None
    if field is None or system is None or not system.connector:
        return
    stages = dict(LifecycleStage.objects.values_list("key", "crm_statuses"))
    meant = [f"{key}={status}" for key, statuses in stages.items() for status in statuses]
    for writer, step, now, former, samples in scope.rows(
        _STATEMENT,
        changes=scope.first(ContactChange),
        system=system.key,
        meant=meant,
        told=[key for key, statuses in stages.items() if statuses],
    ):
        flow = scope.flow(writer)
        if not now:
            continue
        where = f"{flow.step_name(step)} in {flow.name}" if flow else f"What {writer} says"
        yield Finding(
            kind=KEY,
            says=f"{where} changes the lifecycle stage here, and the record in {system.name} still says something else",
            fix=f"Add a step that updates the record in {system.key}, or look why its updates fail or are withheld",
            team=field.authority.owner,
            count=now,
            former=former,
            workflow=flow.key if flow else "",
            step=step if flow else "",
            samples=contacts(samples),
        )


_STATEMENT = f"""
    WITH latest AS (
        SELECT DISTINCT ON (contact_id) contact_id, at, writer, shape, pairs, stage_at
        FROM {ContactChange._meta.db_table}
        WHERE id >= %(changes)s AND at BETWEEN %(before)s AND %(at)s AND stage_at IS NOT NULL
        ORDER BY contact_id, id DESC
    ), read AS (
        SELECT contact_id, at, pairs ->> (2 * stage_at + 1) AS stage,
            coalesce(shape::json -> stage_at ->> 1, writer) AS writer,
            coalesce(shape::json -> stage_at ->> 2, '') AS step
        FROM latest
    ), compared AS (
        SELECT l.*, e.status FROM read l CROSS JOIN LATERAL (
            SELECT coalesce(payload -> 'fields' ->> 'status', '') AS status FROM {Effect._meta.db_table}
            WHERE contact_id = l.contact_id AND kind = 'upsert_record' AND system = %(system)s AND state = 'done'
              AND (payload -> 'fields' ->> 'status') IS NOT NULL
            ORDER BY id DESC LIMIT 1
        ) AS e
        WHERE l.writer <> %(system)s AND l.stage = ANY(%(told)s::text[])
          AND l.at < %(at)s - interval '{_MINUTES} minutes'
    )
    SELECT writer, step, count(*) FILTER (WHERE at >= %(since)s), count(*) FILTER (WHERE at < %(since)s),
        (array_agg(contact_id ORDER BY at DESC) FILTER (WHERE at >= %(since)s))[1:5]
    FROM compared
    WHERE NOT (stage || '=' || status = ANY(%(meant)s::text[]))
    GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608  names of our own

KIND = Kind(
    KEY,
    "Status updated in one place",
    FAILURE,
    "The lifecycle stage changed here, and the CRM's record was not told.",
    ("B6", "C7", "C8"),
    "unlink",
    find,
    codes=("DAT004",),
)
