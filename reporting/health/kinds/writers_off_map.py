"""Who writes fields without being on any map as one who does (requirements B5, C8)."""

from collections.abc import Iterator, Mapping, Sequence

from reporting.health import shapes
from reporting.health.finding import EXECUTED, Finding, Kind, contacts
from reporting.health.scope import EVENT, SEVERAL, Scope
from workflows.lint.deeds import written
from workflows.models import ContactChange, EventType, Source, Version
from workflows.queries import specs

KEY = "writers-off-map"


def find(scope: Scope) -> Iterator[Finding]:
    """On a map are steps of any version that went live, and sources by the mappings that they have now."""
    allowed = _by_systems(scope)
    found = [
        (field, writer, step, now, former)
        for field, writer, step, now, former in _counted(scope)
        if now >= SEVERAL
        and (field, writer) not in allowed
        and not (step and field in _by_steps(scope).get((writer, step), ()))
    ]
    samples = _samples(scope, [key for *key, _, _ in found])
    for field, writer, step, now, former in found:
        owner = scope.workspace.owner_of_field(field) or scope.systems.get(writer, "")
        by = f"{step} of {writer}" if step else f"{writer}, by hand," if writer in scope.people else writer
        yield Finding(
            kind=KEY,
            says=f"{by} writes contact.{field}, and no map says so",
            fix="Put a step on the map that does it, or take the right to write the field away",
            team=owner,
            count=now,
            former=former,
            samples=contacts(samples.get((field, writer, step))),
        )


def _counted(scope: Scope) -> Iterator[tuple[str, str, str, int, int]]:
    """Field, writer and step, with how often in the period and in the one before."""
    counts: dict[tuple[str, str, str], tuple[int, int]] = {}
    for part in shapes.parts(scope):
        now, former = counts.get((part.field, part.writer, part.step), (0, 0))
        counts[part.field, part.writer, part.step] = (now + part.now, former + part.former)
    for key in sorted(counts):
        yield (*key, *counts[key])


def _samples(scope: Scope, keys: Sequence[Sequence[str]]) -> dict[tuple[str, str, str], list[int]]:
    """Some contacts of each field, writer and step; only of those that are found, because telling apart all is slow."""
    if not keys:
        return {}
    fields, writers, steps = (list(each) for each in zip(*keys, strict=True))
    rows = scope.rows(_SAMPLES, first=scope.first(ContactChange), fields=fields, writers=writers, steps=steps)
    return {(field, writer, step): found for field, writer, step, found in rows}


def _by_systems(scope: Scope) -> frozenset[tuple[str, str]]:
    """Fields with each system or source that brings them: by mapping, by what its events mean, as their keeper."""
    found = {(key, field.authority.system) for key, field in scope.workspace.fields.items()}
    staged = EventType.objects.exclude(stage_effect=None).values_list("name", flat=True)
    found |= {("lifecycle_stage", f"{EVENT}{name}") for name in staged}
    for source in Source.objects.select_related("system", "mapping"):
        writers = {source.key, source.system.key} if source.system else {source.key}
        rows = source.mapping.rows if source.mapping else ()
        found |= {(str(row.get("to")), writer) for row in rows for writer in writers}
    return frozenset(found)


def _by_steps(scope: Scope) -> Mapping[tuple[str, str], frozenset[str]]:
    """What each step of each frozen version writes: runs are pinned to the version that they entered."""
    kept: dict[tuple[str, str], frozenset[str]] | None = scope.__dict__.get("_written")
    if kept is None:
        kept = scope.__dict__["_written"] = {}
        for version in Version.objects.exclude(frozen_at=None).select_related("workflow"):
            for step in specs.of(version).spec.steps:
                fields = {*written(step), *(("owner",) if step.action == "assign_owner" else ())}
                before = kept.get((version.workflow.key, step.key), frozenset())
                kept[version.workflow.key, step.key] = before | fields
    return kept


_CHANGES = ContactChange._meta.db_table
_SAMPLES = f"""
    WITH shapes AS (
        SELECT DISTINCT shape, writer FROM {_CHANGES} WHERE id >= %(first)s AND at BETWEEN %(since)s AND %(at)s
    ), wanted AS (
        SELECT shape, s.writer, w.* FROM shapes s CROSS JOIN LATERAL json_array_elements(shape::json) AS one
        JOIN unnest(%(fields)s::text[], %(writers)s::text[], %(steps)s::text[]) AS w (field, by, step)
            ON w.field = one ->> 0 AND w.by = coalesce(one ->> 1, s.writer) AND w.step = coalesce(one ->> 2, '')
    )
    SELECT w.field, w.by, w.step, (array_agg(DISTINCT c.contact_id))[1:5]
    FROM {_CHANGES} c JOIN wanted w USING (shape, writer)
    WHERE c.id >= %(first)s AND c.at BETWEEN %(since)s AND %(at)s GROUP BY 1, 2, 3
"""  # noqa: S608

KIND = Kind(
    KEY,
    "Writers that are on no map",
    EXECUTED,
    "Fields that are written by somebody or something whom neither a step nor a mapping names.",
    ("B5", "C8", "I1"),
    "pen-off",
    find,
)
