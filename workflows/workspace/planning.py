"""What applying files would change, before anything does: read like a migration's plan."""

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from martechops.lib import digest
from martechops.people.models import Team, User
from martechops.people.permissions import NotAllowed, check_may
from workflows.actions import definitions, workflows
from workflows.engine.difference import differences
from workflows.engine.references import renamed
from workflows.models import Queue, Status, Version, Workflow
from workflows.queries import documents
from workflows.workspace import checking, reading, state
from workflows.workspace.folders import Files
from workflows.workspace.kinds import Name, place_in_order
from workflows.workspace.problems import Problem
from workflows.workspace.reading import Item
from workflows.workspace.state import Documents, State


class Verb(StrEnum):
    """What becomes of one definition."""

    RENAME = "rename"
    ADD = "add"
    CHANGE = "change"
    STATUS = "status"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """One definition that would not stay as it is."""

    verb: Verb
    name: Name
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    #: The difference, in words.
    words: tuple[str, ...] = ()
    #: Definitions that refer to it, once everything is applied.
    used_by: tuple[Name, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that an apply would do, or why it cannot."""

    changes: tuple[Change, ...]
    problems: tuple[Problem, ...]
    #: What is wrong already with definitions that stay as they are.
    warnings: tuple[Problem, ...]
    unchanged: int
    #: There, but in no file: they stay, unless they are to be removed.
    absent: tuple[Name, ...]

    @property
    def digest(self) -> str:
        """Names these changes to this installation: what was shown is what is applied."""
        return digest.of(
            [
                [
                    change.verb,
                    *map(str, (change.name.kind, change.name.key, change.name.draft)),
                    _digest(change.before),
                    _digest(change.after),
                ]
                for change in self.changes
            ]
        )

    def count(self, verb: str) -> int:
        return sum(change.verb == verb for change in self.changes)

    def summary(self) -> str:
        """
        >>> Plan((), (), (), 3, ()).summary()
        'nothing to do, 3 unchanged'
        """
        verbs = [(Verb.RENAME, "to rename"), (Verb.ADD, "to add"), (Verb.CHANGE, "to change")]
        verbs += [(Verb.STATUS, "to give another status"), (Verb.REMOVE, "to remove")]
        said = [f"{count} {words}" for verb, words in verbs if (count := self.count(verb))]
        return ", ".join([*(said or ["nothing to do"]), f"{self.unchanged} unchanged"])


def plan(files: Files, *, by: User | str, at: datetime, prune: bool = False) -> Plan:
    """Compare the files with the installation. Nothing is written, and no lock is taken."""
    found, now = reading.read(files), state.current()
    renames = list(_renames(found.items, now.documents))
    before = _after_renames(now.documents, renames)
    wanted = {name: item.document for name, item in found.items.items()}
    absent = sorted((name for name in before if name not in wanted and name not in found.broken), key=place_in_order)
    known = before | wanted | {name: before.get(name, {}) for name in found.broken}
    if prune:
        known = {name: document for name, document in known.items() if name not in absent}
    changes = [*renames, *_changes(found.items, before, used=_users(known))]
    changes += [Change(Verb.REMOVE, name, before[name], None) for name in absent] if prune else []
    touched, surroundings = {change.name for change in changes}, checking.around(known)
    problems, warnings = list(found.problems), list(found.warnings)
    for name, item in found.items.items():
        is_new = name in touched and not name.draft
        (problems if is_new else warnings).extend(checking.problems(item, surroundings))
    for item in found.broken.values():
        with contextlib.suppress(TypeError, AttributeError, KeyError):  # as far as it can be read
            problems += checking.dangling(item, known)
    problems += _clashes(found.items, known, touched)
    problems += _cut_off(found.items, absent if prune else ())
    problems += _refusals(changes, found.items, now, by=by, at=at)
    return Plan(
        changes=tuple(changes),
        problems=tuple(sorted(set(problems))),
        warnings=tuple(sorted(set(warnings))),
        unchanged=len(found.items) - len({name for name in touched if name in found.items}),
        absent=() if prune else tuple(absent),
    )


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether two documents say the same."""
    return one == other or _digest(one) == _digest(other)


def _digest(document: Mapping[str, Any] | None) -> str:
    return digest.of(document) if document is not None else ""


def _changes(items: Mapping[Name, Item], before: Documents, *, used: Mapping[Name, set[Name]]) -> Iterator[Change]:
    for name in sorted(items, key=place_in_order):
        old, new = before.get(name), items[name].document
        if same(old, new):
            continue
        users = tuple(sorted(used.get(name, set()) - {name}, key=place_in_order))
        if old is None:
            yield Change(Verb.ADD, name, None, new, used_by=users, file=items[name].file)
            continue
        words = tuple(differences(old, new))
        only_status = {key for key in {*old, *new} if old.get(key) != new.get(key)} == {"status"}
        yield Change(Verb.STATUS if only_status else Verb.CHANGE, name, old, new, words, users, items[name].file)


def _renames(items: Mapping[Name, Item], now: Documents) -> Iterator[Change]:
    """Former names that the files bring, of what is still called so here."""
    for name, item in items.items():
        if name.kind != "aliases":
            continue
        known = now.get(name, {}).get("names", {})
        for old, new in item.document["names"].items():
            if known.get(old) != new and _is_renamed(name.key, old, new, items, now):
                yield Change(
                    Verb.RENAME,
                    Name(name.key, old),
                    {"name": old},
                    {"name": new},
                    (f"{old} is called {new}",),
                    file=item.file,
                )


def _is_renamed(kind: str, old: str, new: str, items: Mapping[Name, Item], now: Documents) -> bool:
    if kind in ("event-type", "stage"):
        there, wanted = (
            {name.key for name in now if name.kind == kind},
            {name.key for name in items if name.kind == kind},
        )
    else:
        field = Name("field", kind.removeprefix("value:"))
        there = set(now.get(field, {}).get("allowed_values", []))
        wanted = set(items[field].document["allowed_values"]) if field in items else set()
    return old in there and new not in there and new in wanted and old not in wanted


def _after_renames(now: Documents, renames: Iterable[Change]) -> Documents:
    """The installation as it reads once everything is called by its new name, so that no user counts as changed."""
    names = {(change.name.kind, change.name.key): str((change.after or {})["name"]) for change in renames}
    if not names:
        return now
    made: Documents = {}
    for name, document in now.items():
        document = document if name.kind == "workflow" and not name.draft else renamed(document, names)
        if new := names.get((name.kind, name.key)):
            key = documents.KINDS[name.kind].key
            name, document = Name(name.kind, new), document | {key: new}
        if name.kind == "field":
            values = [names.get((f"value:{name.key}", value), value) for value in document["allowed_values"]]
            document = document | {"allowed_values": values}
        made[name] = document
    for (kind, old), new in names.items():
        aliases = made.setdefault(Name("aliases", kind), {"kind": "aliases", "of": kind, "names": {}})
        aliases["names"] = {**{k: new if v == old else v for k, v in aliases["names"].items() if k != new}, old: new}
    return made


def _users(known: Mapping[Name, Mapping[str, Any]]) -> dict[Name, set[Name]]:
    """Who refers to what, once everything is applied."""
    found: dict[Name, set[Name]] = {}
    for holder, document in known.items():
        for ref in checking.named(document) if document else ():
            found.setdefault(Name(ref.kind, ref.key), set()).add(holder)
    return found


def _clashes(
    items: Mapping[Name, Item], known: Mapping[Name, Mapping[str, Any]], touched: Collection[Name]
) -> Iterator[Problem]:
    """What may be there once only, besides the names themselves."""
    for kind, entry in (("team", "name"), ("stage", "position")):
        taken: dict[Any, Name] = {}
        for name in sorted(known, key=lambda name: (name in touched, place_in_order(name))):
            value = known[name].get(entry)
            if name.kind != kind or value is None:
                continue
            if (first := taken.setdefault(value, name)) != name and name in items:
                yield items[name].problem((entry,), f"{entry} {value} is that of {first} already")


def _cut_off(items: Mapping[Name, Item], removed: Collection[Name]) -> Iterator[Problem]:
    """Whoever refers to what would go, also where nothing else changes."""
    for item in items.values() if removed else ():
        for ref in checking.named(item.document):
            if Name(ref.kind, ref.key) in removed:
                yield item.problem(ref.path, checking.missing(ref))


def _refusals(
    changes: Iterable[Change], items: Mapping[Name, Item], now: State, *, by: User | str, at: datetime
) -> Iterator[Problem]:
    """What the person, or the state of a definition, does not allow."""
    teams = {team.key: team for team in Team.objects.all()}
    for change in changes:
        item = items.get(change.name)
        for says in (*_state_refusals(change, items, now), *_person_refusals(change, now, teams, by=by, at=at)):
            yield (
                item.problem((), f"{change.name}: {says}")
                if item
                else Problem(change.file, 0, 0, f"{change.name}: {says}")
            )


def _state_refusals(change: Change, items: Mapping[Name, Item], now: State) -> Iterator[str]:
    old, new = change.before or {}, change.after or {}
    if change.name.kind == "workflow":
        if change.verb is Verb.ADD and change.name.key in workflows.TAKEN:
            yield "this word has a meaning of its own in addresses; choose another key"
        draft = Name("workflow", change.name.key, draft=True)
        if (
            change.verb in (Verb.ADD, Verb.CHANGE)
            and not change.name.draft
            and draft in now.documents
            and draft not in items
        ):
            yield "there is an open draft, which no file holds; export it first, or discard it"
        if change.verb is Verb.REMOVE and not change.name.draft:
            yield "versions that were frozen are kept for ever, so it cannot be removed"
        return
    if old.get("status") == Status.FROZEN:
        if change.verb is Verb.REMOVE or new.get("status") == Status.FROZEN:
            yield "it is frozen; an admin can thaw it (status: agreed)"
        elif new.get("status") != Status.AGREED:
            yield "what is frozen can become agreed"


def _person_refusals(
    change: Change, now: State, teams: Mapping[str, Team], *, by: User | str, at: datetime
) -> Iterator[str]:
    """By the same policy that the write asks again."""
    if isinstance(by, str):
        return
    try:
        if (action := _ACTIONS.get(change.name.kind)) is not None:
            check_may(by, action, now.rows.get(change.name))
            if change.after and "owner" in change.after:
                check_may(by, action, Queue(owner=teams.get(change.after["owner"])))
            return
        stored = now.rows.get(change.name)
        stored = stored.workflow if isinstance(stored, Version) else stored
        if stored is not None:
            definitions.check_may_change(stored, stored=None, by=by, at=at)
        if change.after is not None and change.verb is not Verb.RENAME:
            definitions.check_may_change(_candidate(change.after, teams), stored=None, by=by, at=at)
    except NotAllowed as error:
        yield str(error).rstrip(".")
        return
    step = ((change.before or {"status": Status.DRAFT}).get("status"), (change.after or {}).get("status"))
    role = definitions.STATUS_CHANGES.get((str(step[0]), str(step[1])))
    if role is not None and not by.has_role(role):
        yield f"this takes the role {role.label.lower()}"


#: Kinds that are not definitions with an owner: the action that writing them is.
_ACTIONS = {
    "team": "teams.manage",
    "ownership": "ownership.manage",
    "source": "sources.manage",
    "queue": "definitions.edit",
    "calendar": "definitions.edit",
    "aliases": "workspace.apply",
}


def _candidate(document: Mapping[str, Any], teams: Mapping[str, Team]) -> Any:
    """A row that belongs to whom the document says; to nobody, if that team is not there yet."""
    row: Any = Workflow() if document["kind"] == "workflow" else checking.unsaved(document)
    row.owner = teams.get(str(document.get("owner")))
    return row
