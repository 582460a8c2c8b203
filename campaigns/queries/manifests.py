"""What versions are made of now. A constant number of queries, however many are asked for."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from campaigns.manifests import Definitions, Manifest, Part, Thing, part_of
from workflows.engine.references import Names
from workflows.models import DefinitionVersion, Status, Version
from workflows.queries import aliases

#: A large workspace holds a thousand definitions; versions come and go.
_KEPT = 4096


def definitions() -> Definitions:
    """Every definition as its newest version says it. Two queries, a third where a segment is worked on."""
    names = aliases.names()
    newest = DefinitionVersion.objects.order_by("kind", "object_id", "-number").distinct("kind", "object_id")
    rows = list(newest.values_list("kind", "key", "object_id", "digest", "content"))
    meant = _agreed([id for kind, _, id, _, content in rows if kind == "segment" and _is_draft(content)])
    parts: dict[Thing, Part] = {}
    for kind, key, id, found, content in rows:
        if kind == "segment" and id in meant:
            found, content = meant[id]
        parts[kind, key] = _part((kind, key), found, _Content(content), ())
    return Definitions(parts=parts, names=names)


def of_versions(versions: Iterable[Version], *, among: Definitions | None = None) -> Manifest:
    """One manifest over all of them, which are read with their workflows."""
    known = among or definitions()
    return known.manifest(*(part(version, known) for version in versions))


def part(version: Version, among: Definitions) -> Part:
    """A version as something to pin."""
    thing = ("workflow", version.workflow.key)
    content = _Content({"kind": "workflow", **version.content})
    return _part(thing, version.digest, content, tuple(sorted(among.names.items())))


def _is_draft(content: Mapping[str, Any]) -> bool:
    return content.get("status") == Status.DRAFT


def _agreed(ids: list[int]) -> dict[int, tuple[str, Any]]:
    """A segment that is worked on goes on meaning what was agreed of it last (`queries.segment_rules`)."""
    if not ids:
        return {}
    versions = DefinitionVersion.objects.filter(kind="segment", object_id__in=ids)
    settled = versions.exclude(content__status=Status.DRAFT).order_by("object_id", "-number").distinct("object_id")
    return {id: (found, content) for id, found, content in settled.values_list("object_id", "digest", "content")}


class _Content:
    """Rides along with the digest that names it, and counts for nothing in the cache's key."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=_KEPT)
def _part(thing: Thing, name: str, content: _Content, names: tuple[tuple[Thing, str], ...]) -> Part:
    del name
    known: Names = dict(names)
    return part_of(thing, content.document, names=known)
