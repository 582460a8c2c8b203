"""What a definition or a workflow refers to, and where: read by "used by", by renames and by the lint.

>>> segment = {"kind": "segment", "when": {"contact.country": {"$in": ["DE"]}}}
>>> [(r.kind, r.key, words(r.path)) for r in references(segment)]
[('field', 'country', 'when.contact.country'), ('value:country', 'DE', 'when.contact.country.$in[0]')]
"""

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .places import Path, Reference, words
from .rules import condition
from .vocabulary import READERS

#: A renamed thing by its kind and former name, and what it is called now.
Names = Mapping[tuple[str, str], str]


def references(document: Mapping[str, Any]) -> Iterator[Reference]:
    """Every place of a document that names something, in its order."""
    reader = READERS.get(str(document.get("kind")))
    if reader:
        yield from reader(document)


def renamed(document: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The document with new names wherever it refers to old ones; equal to it if it refers to none.

    >>> renamed({"kind": "scoring", "rules": [{"event": "Old"}]}, {("event-type", "Old"): "New"})
    {'kind': 'scoring', 'rules': [{'event': 'New'}]}
    """
    found = [ref for ref in references(document) if (ref.kind, ref.key) in names]
    if not found:
        return dict(document)
    changed: dict[str, Any] = copy.deepcopy(dict(document))
    for ref in found:
        _put(changed, ref, names[ref.kind, ref.key])
    return changed


def _put(document: Any, ref: Reference, new: str) -> None:
    *way, last = ref.path
    place = document
    for part in way:
        place = place[part]
    place[last] = _in_text(place[last], ref, new) if ref.compared_with else new


def _in_text(text: str, ref: Reference, new: str) -> str:
    return _compared(ref.compared_with, ref.key).sub(lambda match: match.group(1) + new + match.group(3), text)


def _compared(field: str, value: str) -> re.Pattern[str]:
    return re.compile(rf"""(contact\.{re.escape(field)}\s*(?:==|!=|contains)\s*["'])({re.escape(value)})(["'])""")


__all__ = ["Names", "Path", "Reference", "condition", "references", "renamed", "words"]
