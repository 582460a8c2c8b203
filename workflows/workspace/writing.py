"""One change, written by the action that its kind has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models

from martechops.people.actions import teams
from martechops.people.models import Team, User
from workflows.actions import (
    aliases,
    definition_batches,
    definitions,
    drafts,
    ownerships,
    queues,
    removals,
    sources,
    versions,
    work_calendar,
)
from workflows.engine.typing_rules import Vocabulary
from workflows.models import Mapping as MappingRow
from workflows.models import Queue, Source, StageOwnership, Status, System, Version, WorkCalendar, Workflow
from workflows.queries import documents, vocabulary
from workflows.workspace.kinds import Name
from workflows.workspace.planning import Change, Verb
from workflows.workspace.reading import content


@dataclass(slots=True)
class Writer:
    """Writes changes for somebody, at one instant, and remembers rows that many of them refer to."""

    by: User | str
    at: datetime
    note: str
    _rows: dict[tuple[type[models.Model], str], models.Model] = field(default_factory=dict)
    _words: Vocabulary | None = None

    def write(self, change: Change) -> None:
        """Raises what the action raises, and LookupError for something that is not there any more."""
        if change.verb is Verb.REMOVE:
            self._remove(change.name)
            return
        document = dict(change.after or {})
        write = _WRITERS.get(change.name.kind, Writer._definition)
        write(self, change.name, document)

    def goes_with_others(self, change: Change) -> bool:
        """Whether it is a new definition that can be written together with others of its kind."""
        is_new = change.verb is Verb.ADD and change.name.kind in documents.KINDS
        return is_new and (isinstance(self.by, str) or (change.after or {}).get("status") != Status.FROZEN)

    def add(self, changes: Sequence[Change]) -> None:
        """New definitions of one kind at once. Raises LookupError and what `definition_batches.add` raises."""
        kind, consumers = documents.KINDS[changes[0].name.kind], {}
        rows = []
        for change in changes:
            row = kind.model()
            consumers[change.name.key] = self._fill(row, dict(change.after or {})) or []
            rows.append(row)
        self._words = None
        definition_batches.add(rows, by=self.by, at=self.at, note=self.note, consumers=consumers)

    def forget(self) -> None:
        """After a rename: rows have other keys."""
        self._rows.clear()
        self._words = None

    def _vocabulary(self) -> Vocabulary:
        """The catalog as rules see it, read again after a definition was written: many workflows follow each other."""
        self._words = self._words or vocabulary.current()
        return self._words

    def find(self, model: type[models.Model], key: Any) -> Any:
        """A row by its key, or None for no key. Raises LookupError."""
        if key is None:
            return None
        if (model, key) not in self._rows:
            row = model._default_manager.filter(key=key).first()
            if row is None:
                raise LookupError(f"there is no {model._meta.verbose_name} {key}")
            self._rows[model, key] = row
        return self._rows[model, key]

    def _team(self, name: Name, document: Mapping[str, Any]) -> None:
        said = {"name": document["name"], "duty": document["duty"], "by": self.by, "at": self.at}
        if team := Team.objects.filter(key=name.key).first():
            teams.change(team=team, **said)
        else:
            teams.add(key=name.key, **said)

    def _ownership(self, name: Name, document: Mapping[str, Any]) -> None:
        wanted = {row["team"]: row for row in document["teams"]}
        for row in StageOwnership.objects.filter(stage=name.key).select_related("team"):
            if row.team.key not in wanted:
                ownerships.withdraw(row=row, by=self.by, at=self.at)
            elif {"duty": row.duty, "window": row.window} == _duty(wanted[row.team.key]):
                del wanted[row.team.key]
        for key, duty in wanted.items():
            ownerships.assign(stage=name.key, team=self.find(Team, key), **_duty(duty), by=self.by, at=self.at)

    def _queue(self, name: Name, document: Mapping[str, Any]) -> None:
        """Who is away stays away."""
        row = Queue.objects.filter(key=name.key).first() or Queue(key=name.key)
        away = {member["key"]: member["away"] for member in row.members if member.get("away")}
        row.name, row.owner = document["name"], self.find(Team, document["owner"])
        row.members = [
            {**member, "away": away[member["key"]]} if member["key"] in away else member
            for member in document["members"]
        ]
        row.territories = document["territories"]
        queues.save(row, by=self.by, at=self.at)

    def _calendar(self, name: Name, document: Mapping[str, Any]) -> None:
        del name
        row = WorkCalendar.objects.first() or WorkCalendar()
        for part in work_calendar.PARTS:
            setattr(row, part, document[part])
        row.owner = self.find(Team, document["owner"])
        work_calendar.save(row, by=self.by, at=self.at)

    def _source(self, name: Name, document: Mapping[str, Any]) -> None:
        system, mapping = self.find(System, document["system"]), self.find(MappingRow, document["mapping"])
        source = Source.objects.filter(key=name.key).first()
        source = source or sources.create(key=name.key, name=document["name"], by=self.by, at=self.at)
        said = {"name": document["name"], "reading": document["reading"], "system": system, "mapping": mapping}
        sources.change(source, by=self.by, at=self.at, **said)

    def _aliases(self, name: Name, document: Mapping[str, Any]) -> None:
        aliases.replace(kind=name.key, names=document["names"], by=self.by, at=self.at)

    def _definition(self, name: Name, document: dict[str, Any]) -> None:
        """Content and status are two writes for a person, as on pages; a thaw comes first."""
        self._words = None
        kind = documents.KINDS[name.kind]
        row: Any = kind.model._default_manager.filter(**{kind.key: name.key}).first()
        wanted = document.get("status")
        if row is not None and getattr(row, "status", None) == Status.FROZEN:
            row = self._set_status(row, Status.AGREED)
        new = row is None
        row = row or kind.model()
        if not new and documents.document_of(row) | {"status": wanted} == document:
            self._reach(row, wanted)
            return
        at_once = isinstance(self.by, str) or (new and wanted != Status.FROZEN)
        status = wanted if at_once else Status.AGREED if new else row.status if wanted else None
        consumers = self._fill(row, document | ({"status": status} if wanted else {}))
        definitions.save(row, by=self.by, at=self.at, note=self.note, consumers=consumers)
        self._reach(row, wanted)

    def _fill(self, row: Any, document: Mapping[str, Any]) -> list[Team] | None:
        """As `documents.fill`, with rows remembered."""
        kind, consumers = documents.KINDS[document["kind"]], None
        for entry, attribute in ({kind.key: kind.key} | dict(kind.parts)).items():
            column: Any = kind.model._meta.get_field(attribute)
            if isinstance(column, models.ManyToManyField):
                consumers = [self.find(Team, key) for key in document[entry]]
            elif isinstance(column, models.ForeignKey):
                setattr(row, attribute, self.find(column.remote_field.model, document[entry]))
            else:
                setattr(row, attribute, document[entry])
        return consumers

    def _reach(self, row: Any, wanted: str | None) -> None:
        """Step by step to a status, as statuses are changed."""
        way = [Status.DRAFT, Status.AGREED, Status.FROZEN]
        while wanted and row.status != wanted:
            here, there = way.index(row.status), way.index(Status(wanted))
            row = self._set_status(row, way[here + (1 if there > here else -1)])

    def _set_status(self, row: Any, to: str) -> Any:
        return definitions.set_status(row, to=to, by=self.by, at=self.at, note=self.note)

    def _workflow(self, name: Name, document: Mapping[str, Any]) -> None:
        workflow = Workflow.objects.filter(key=name.key).first() or self._new_workflow(document)
        said = content(document)
        draft = workflow.versions.select_for_update().filter(frozen_at=None).first()
        if not name.draft:
            self._freeze(workflow, said, draft)
        elif draft is None:
            drafts.begin(workflow=workflow, content=said, by=self.by, at=self.at, note=self.note)
        else:
            drafts.write(draft, said, says=self.note, by=self.by, at=self.at, undo=draft.revision)

    def _freeze(self, workflow: Workflow, said: Mapping[str, Any], draft: Version | None) -> None:
        """A version of its own; a draft that is open is begun again behind it."""
        kept = draft.content if draft else None
        version = versions.draft(workflow=workflow, content=said, by=self.by, at=self.at, note=self.note)
        versions.freeze(version=version, by=self.by, at=self.at, words=self._vocabulary())
        if kept is not None and kept != said:
            drafts.begin(workflow=workflow, content=kept, by=self.by, at=self.at, note=self.note)

    def _new_workflow(self, document: Mapping[str, Any]) -> Workflow:
        row = Workflow(
            key=document["key"],
            name=document["name"],
            type=document["type"],
            owner=self.find(Team, document["owner"]),
            map_only=bool(document.get("map_only")),
            target=Workflow.objects.filter(key=document.get("target") or "").first(),
        )
        return definitions.save(row, by=self.by, at=self.at, note=self.note)

    def _remove(self, name: Name) -> None:
        if name.kind in documents.KINDS:
            kind = documents.KINDS[name.kind]
            row = kind.model._default_manager.get(**{kind.key: name.key})
            removals.remove(row, by=self.by, at=self.at, note=self.note)
        else:
            _REMOVERS[name.kind](self, name)

    def _remove_team(self, name: Name) -> None:
        teams.remove(team=Team.objects.get(key=name.key), by=self.by, at=self.at)

    def _remove_ownership(self, name: Name) -> None:
        for row in StageOwnership.objects.filter(stage=name.key).select_related("team"):
            ownerships.withdraw(row=row, by=self.by, at=self.at)

    def _remove_queue(self, name: Name) -> None:
        queues.remove(Queue.objects.get(key=name.key), by=self.by, at=self.at)

    def _remove_calendar(self, name: Name) -> None:
        del name
        work_calendar.remove(WorkCalendar.objects.get(), by=self.by, at=self.at)

    def _remove_source(self, name: Name) -> None:
        sources.remove(Source.objects.get(key=name.key), by=self.by, at=self.at)

    def _remove_aliases(self, name: Name) -> None:
        aliases.replace(kind=name.key, names={}, by=self.by, at=self.at)

    def _remove_draft(self, name: Name) -> None:
        version = Version.objects.select_related("workflow").get(workflow__key=name.key, frozen_at=None)
        drafts.discard(workflow=version.workflow, revision=version.revision, by=self.by, at=self.at)


def _duty(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"duty": row.get("duty", ""), "window": row.get("window", {})}


_WRITERS: Mapping[str, Callable[[Writer, Name, dict[str, Any]], None]] = {
    "team": Writer._team,
    "ownership": Writer._ownership,
    "queue": Writer._queue,
    "calendar": Writer._calendar,
    "source": Writer._source,
    "aliases": Writer._aliases,
    "workflow": Writer._workflow,
}
_REMOVERS: Mapping[str, Callable[[Writer, Name], None]] = {
    "team": Writer._remove_team,
    "ownership": Writer._remove_ownership,
    "queue": Writer._remove_queue,
    "calendar": Writer._remove_calendar,
    "source": Writer._remove_source,
    "aliases": Writer._remove_aliases,
    "workflow": Writer._remove_draft,
}
