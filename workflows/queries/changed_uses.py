"""What a workflow uses, mappings, templates, segments and the rest, and how that changed between two instants."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.engine.difference import differences
from workflows.engine.references import references
from workflows.models import DefinitionVersion
from workflows.queries import documents


@dataclass(frozen=True, slots=True)
class ChangedUse:
    """One definition that says something else now than then."""

    label: str
    key: str
    #: Numbers of its versions; None where it was not there.
    before: int | None
    after: int | None
    says: tuple[str, ...]


def between(document: Mapping[str, Any], *, old: datetime | None, new: datetime | None) -> list[ChangedUse]:
    """Of everything that the document refers to; None for `new` means as it is now. One query."""
    if old is None:
        return []
    used = {(ref.kind, ref.key) for ref in references({"kind": "workflow", **document})}
    kinds = {kind for kind, _ in used} & set(documents.KINDS)
    rows = DefinitionVersion.objects.filter(kind__in=kinds, key__in={key for _, key in used}).order_by("number")
    then: dict[tuple[str, str], DefinitionVersion] = {}
    now: dict[tuple[str, str], DefinitionVersion] = {}
    for row in rows:
        if (row.kind, row.key) not in used or (new and row.created_at > new):
            continue
        now[row.kind, row.key] = row
        if row.created_at <= old:
            then[row.kind, row.key] = row
    return [_changed(then.get(thing), row) for thing, row in sorted(now.items()) if then.get(thing) != row]


def _changed(before: DefinitionVersion | None, after: DefinitionVersion) -> ChangedUse:
    return ChangedUse(
        label=documents.KINDS[after.kind].label,
        key=after.key,
        before=before.number if before else None,
        after=after.number,
        says=tuple(differences(before.content, after.content)) if before else (),
    )
