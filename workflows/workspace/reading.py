"""From files to documents: what each defines, and everything that keeps it from being read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from martechops.lib import strict_yaml
from martechops.lib.strict_yaml import Path
from workflows.engine.parse import BadSpec, parse
from workflows.engine.references import words
from workflows.engine.spec import TYPES
from workflows.workspace import schema_words, schemas
from workflows.workspace.folders import Files
from workflows.workspace.kinds import KINDS, Name, name_of
from workflows.workspace.problems import Problem


@dataclass(frozen=True, slots=True)
class Item:
    """One definition as its file gives it."""

    name: Name
    file: str
    #: With everything that goes without saying.
    document: dict[str, Any]
    #: As written, with its places.
    source: strict_yaml.Document

    def problem(self, path: Path | str, says: str) -> Problem:
        """A problem at a path, or at a path in words ("steps[2].guards.limit"): at the nearest place that there is."""
        place = self.source.place_of(self._path(path) if isinstance(path, str) else path)
        return Problem(self.file, place.line, place.column, says)

    def _path(self, in_words: str) -> Path:
        """Names may hold dots themselves, so that words are looked up and never taken apart."""
        known = {words(path): path for path in self.source.places}
        while in_words and in_words not in known:
            in_words = in_words[: max(in_words.rfind("."), in_words.rfind("["), 0)]
        return known.get(in_words, ())


@dataclass(slots=True)
class Reading:
    """What the files define, as far as they can be read, and what is wrong with the rest."""

    items: dict[Name, Item] = field(default_factory=dict)
    #: Defined by a file that has to be mended first: nothing that refers to it dangles.
    broken: dict[Name, Item] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    #: What is wrong with drafts, which are work in progress.
    warnings: list[Problem] = field(default_factory=list)

    def wrong(self, file: str, place: strict_yaml.Place, says: str) -> None:
        self.problems.append(Problem(file, place.line, place.column, says))


def read(files: Files) -> Reading:
    """Every file is read, whatever is wrong with the others."""
    found = Reading()
    for path in sorted(files):
        try:
            source = strict_yaml.load(files[path])
        except strict_yaml.BadYaml as error:
            for place, says in error.problems:
                found.wrong(path, place, says)
            continue
        _take(found, path, source)
    return found


def content(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a workflow's version holds: the file without the word on whether it is a draft."""
    return {name: value for name, value in document.items() if name != "status"}


def _take(found: Reading, path: str, source: strict_yaml.Document) -> None:
    data = source.data
    if not isinstance(data, dict) or data.get("kind") not in KINDS:
        found.wrong(path, source.place_of(("kind",)), f"must say its kind: one of {', '.join(KINDS)}")
        return
    kind = KINDS[data["kind"]]
    if not isinstance(data.get(kind.key), str) or not data[kind.key]:
        found.wrong(
            path, source.place_of((kind.key,)), f"{kind.key} must be a text that names the {kind.label.lower()}"
        )
        return
    item = Item(name_of(data), path, schemas.complete(data), source)
    if first := found.items.get(item.name):
        found.problems.append(item.problem((kind.key,), f"{item.name} is defined by {first.file} already"))
        return
    faults = list(_faults(item))
    if item.name.draft and _can_be_a_draft(item):
        found.warnings += faults
        faults = []
    found.problems += faults
    if faults:
        found.broken[item.name] = item
    else:
        found.items[item.name] = item


def _can_be_a_draft(item: Item) -> bool:
    """What a workflow needs to be there at all; its steps may be half done."""
    said = item.document
    return said.get("type") in TYPES and all(
        isinstance(said.get(name), str) and said[name] for name in ("name", "owner")
    )


def _faults(item: Item) -> Iterator[Problem]:
    """Unknown names, wrong types, and everything else that the file shows by itself."""
    if item.name.kind != "workflow":
        for path, says in schema_words.faults(item.name.kind, item.source.data):
            yield item.problem(path, says)
        return
    if item.document.get("status", "frozen") not in ("draft", "frozen"):
        yield item.problem(("status",), "status must be draft or frozen; without it, it is frozen")
    try:
        parse(content(item.document))
    except BadSpec as error:
        for place, says in error.problems:
            yield item.problem(place, f"{place} {says}" if place else says)
