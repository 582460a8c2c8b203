"""What a workspace's files can define, in the order in which one builds on another."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workflows.queries import documents


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file."""

    name: str
    label: str
    folder: str
    #: The entry of its document that names it.
    key: str = "key"


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """What one file defines. A workflow has two at most: what was frozen last, and the open draft."""

    kind: str
    key: str
    draft: bool = False

    def __str__(self) -> str:
        """As in "event type Demo Requested"."""
        return f"{KINDS[self.kind].label.lower()} {self.key}{' (draft)' if self.draft else ''}"


def _folder(kind: str) -> str:
    return kind if kind == "scoring" else f"{kind}s"


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("team", "Team", "teams"),
        Kind("ownership", "Stage ownership", "ownership", key="stage"),
        *(
            Kind(kind.name, kind.label, _folder(kind.name), kind.key)
            for kind in documents.KINDS.values()
            if kind.name != "scenario"
        ),
        Kind("queue", "Queue", "queues"),
        Kind("calendar", "Working calendar", "calendar"),
        Kind("source", "Source", "sources"),
        Kind("aliases", "Former names", "aliases", key="of"),
        Kind("workflow", "Workflow", "workflows"),
        Kind("scenario", "Scenario", "scenarios"),  # behind the workflows that they are about
    )
}
_ORDER = {kind: at for at, kind in enumerate(KINDS)}

_LONGEST = 80
#: Windows keeps no file of these names.
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")


def place_in_order(name: Name) -> tuple[int, bool, str]:
    """For sorting: kinds as they build on one another, a draft behind what is frozen, then by key."""
    return _ORDER[name.kind], name.draft, name.key


def name_of(document: Mapping[str, Any]) -> Name:
    """What a document defines. Raises KeyError for a kind that there is not, or for none."""
    kind = KINDS[document["kind"]]
    is_draft = kind.name == "workflow" and document.get("status") == "draft"
    return Name(kind.name, str(document[kind.key]), draft=is_draft)


def paths(names: Iterable[Name]) -> dict[Name, str]:
    """A file for each: its folder, and its key as every file system can keep it.

    Keys that would share a file, also where capitals do not count, are told apart by a few digits of their own.

    >>> list(paths([Name("event-type", "Demo Requested"), Name("event-type", "demo requested")]).values())
    ['event-types/demo-requested-7d2ad9.yaml', 'event-types/demo-requested-0b0e8b.yaml']
    """
    wanted = {name: _path(name) for name in names}
    counted: dict[str, int] = {}
    for path in wanted.values():
        counted[path] = counted.get(path, 0) + 1
    shared: Collection[str] = {path for path, count in counted.items() if count > 1}
    return {name: _path(name, apart=True) if path in shared else path for name, path in wanted.items()}


def _path(name: Name, *, apart: bool = False) -> str:
    slug = re.sub(r"[^a-z0-9._]+", "-", name.key.lower()).strip("-.")
    if apart or not slug or len(slug) > _LONGEST or _RESERVED.fullmatch(slug.partition(".")[0]):
        digits = hashlib.sha256(name.key.encode()).hexdigest()[:6]
        slug = f"{slug[:_LONGEST]}-{digits}".lstrip("-")
    return f"{KINDS[name.kind].folder}/{slug}{'.draft' if name.draft else ''}.yaml"
