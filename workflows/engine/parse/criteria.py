"""Success criteria: what "done" means (requirement B7)."""

from collections.abc import Mapping
from typing import Any

from ..spec import Criterion, Moment
from .reader import Document, Reader

_KEYS = {"key", "says", "from", "to", "within", "share", "metric", "at_least", "at_most", "per"}
_BEGINS = ("event", "step", "entry")
_ENDS = ("event", "step", "stage")


def read_criteria(read: Reader, document: Document) -> tuple[Criterion, ...]:
    """All criteria; each has a key, so that steps can name it."""
    items = read.items(document, "success", "")
    criteria = tuple(_criterion(read, item, i) for i, item in enumerate(items))
    seen: set[str] = set()
    for i, criterion in enumerate(criteria):
        if criterion.key in seen:
            read.wrong(f"success[{i}].key", f"{criterion.key} is the key of another criterion")
        seen.add(criterion.key)
    return criteria


def _criterion(read: Reader, document: Any, at: int) -> Criterion:
    path = f"success[{at}]"
    numbered = f"criterion-{at + 1}"
    if not isinstance(document, Mapping):
        read.wrong(path, "must say what done means: {says: …}")
        return Criterion(says="", key=numbered)
    read.keys(document, _KEYS, path)
    share = read.number(document, "share", path)
    if share is not None and not 0 < share <= 1:
        read.wrong(f"{path}.share", "must be more than 0 and at most 1: 0.95 is nineteen of twenty")
        share = None
    return Criterion(
        says=read.text(document, "says", path, needed=True),
        key=read.text(document, "key", path) or numbered,
        begins=_moment(read, document, "from", path, _BEGINS),
        ends=_moment(read, document, "to", path, _ENDS),
        within=read.duration(document, "within", path),
        share=share,
        metric=read.text(document, "metric", path),
        at_least=read.number(document, "at_least", path),
        at_most=read.number(document, "at_most", path),
        per=read.duration(document, "per", path),
    )


def _moment(read: Reader, document: Document, key: str, path: str, kinds: tuple[str, ...]) -> Moment | None:
    said = document.get(key)
    if said is None:
        return None
    if said == "entry" and "entry" in kinds:
        return Moment("entry")
    if isinstance(said, Mapping) and len(said) == 1:
        kind, name = next(iter(said.items()))
        if kind == "entry" and kind in kinds:
            return Moment("entry")
        if kind in kinds and isinstance(name, str) and name.strip():
            return Moment(kind, name)
    read.wrong(f"{path}.{key}", f"must be one of {', '.join(f'{{{kind}: …}}' for kind in kinds)}")
    return None
