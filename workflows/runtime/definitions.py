"""What is live, as the engine needs it: read anew when anything of it changed, compiled once for each content."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from functools import lru_cache
from typing import Protocol

import orjson
import structlog

from martechops.lib.frozen import dataclass
from martechops.people.models import Team
from workflows.engine.arms import Arm, Split
from workflows.engine.authority import Writer
from workflows.engine.conditions import BadCondition, compile_condition
from workflows.engine.mapping import BadMapping, CompiledMapping, compile_mapping
from workflows.engine.parse import BadSpec
from workflows.engine.references import Names
from workflows.engine.schemas import BadSchema, Fault, compile_schema
from workflows.engine.scoring import Scoring
from workflows.engine.snapshot import Catalog, Stage
from workflows.engine.spec import Spec
from workflows.engine.triggers import Trigger
from workflows.models import Activation, EventType, LifecycleStage, MessageTemplate, Source, Status, Version
from workflows.models import Mapping as MappingRow
from workflows.queries import aliases, authorities, in_flight, live, rosters, scores, stamps, unsettled, work_calendar
from workflows.queries.live import Today

from .claim import ClaimedEvent

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RunnableVersion:
    """One frozen version, ready to decide by."""

    workflow_id: int
    version_id: int
    number: int
    digest: str
    spec: Spec


class Schema(Protocol):
    """What tells whether an event's properties are as the catalog says."""

    def faults(self, properties: Mapping[str, object]) -> tuple[Fault, ...]: ...


@dataclass(frozen=True, slots=True)
class EventRule:
    """What the catalog says of one event type."""

    name: str
    schema: Schema | None
    stage_effect: str | None
    consent_effect: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SourceRule:
    """Who writes what a source sends, and how its values become fields."""

    writer: Writer
    mapping: CompiledMapping | None
    #: Why its mapping cannot be used, in words: its events are held until that is mended.
    unusable: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """Which field a property or trait becomes."""
        rows = self.mapping.rows if self.mapping else ()
        return {row.source.rpartition(".")[2]: row.target for row in rows}


@dataclass(slots=True)
class Definitions:
    """Everything that is defined, at one instant."""

    catalog: Catalog
    events: Mapping[str, EventRule]
    sources: Mapping[int, SourceRule]
    scoring: Scoring
    #: Live versions by the event that triggers them.
    live: Mapping[str, tuple[RunnableVersion, ...]]
    today: Today
    #: By workflow: a candidate that some get in place of what is live. Empty where no rollout is under way.
    splits: Mapping[int, Split] = field(default_factory=dict)
    #: Versions that were rolled back: nothing more is decided by them, and nothing of theirs is sent.
    withdrawn: frozenset[int] = frozenset()
    #: Row of each team by its key.
    teams: Mapping[str, int] = field(default_factory=dict)
    #: Why the live version that an event triggers cannot be used, by event.
    unusable: Mapping[str, str] = field(default_factory=dict)
    _versions: dict[int, RunnableVersion] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """Former names by (kind, name), and what they mean now."""
        return self.today.names

    @property
    def inside(self) -> tuple[Trigger, ...]:
        """Triggers of live versions that listen to what happens inside."""
        found = {version.version_id: version.spec.trigger for versions in self.live.values() for version in versions}
        return tuple(trigger for trigger in found.values() if trigger and trigger.kind != "event")

    def priority(self, workflow_id: int) -> tuple[str, int]:
        """Key of a workflow and how much its messages count against others', as far as a version of it is known."""
        known = (v for v in self._versions.values() if v.workflow_id == workflow_id)
        return next(((v.spec.key, v.spec.priority) for v in known), ("", 50))

    def need(self, version_ids: set[int]) -> None:
        """Make sure that these versions, live or finishing, can be asked for."""
        unknown = version_ids - self._versions.keys()
        if unknown:
            rows = Version.objects.filter(pk__in=unknown)
            self._versions.update({row.pk: _finishing(row, self.today) for row in rows})

    def add(self, version: RunnableVersion) -> None:
        """A version that is not live, for runs that are rehearsed on it."""
        self._versions[version.version_id] = version

    def current_event(self, name: str) -> str:
        """What an event of this name is called now."""
        return self.names.get(("event-type", name), name)

    def current(self, event: ClaimedEvent) -> ClaimedEvent:
        """The event with the names and values of today, in memory only: what was received stays as it is."""
        if not self.names:
            return event
        source = self.sources.get(event.source_id)
        fields = source.fields if source else {}
        body = {
            part: aliases.current_properties(value, self.names, fields) if part in ("properties", "traits") else value
            for part, value in event.body.items()
        }
        return replace(event, name=self.current_event(event.name), body=body)

    def version(self, version_id: int) -> RunnableVersion:
        """Raises KeyError for one that was not needed."""
        return self._versions[version_id]


#: What was read last, and the stamp of what it was read from.
_latest: tuple[str, Definitions] | None = None


def load() -> Definitions:
    """Everything as it is now: one statement where nothing has changed since it was read last.

    Each caller has its own versions to add to.
    """
    global _latest
    stamp = stamps.of_definitions()
    if _latest is None or _latest[0] != stamp:
        _latest = (stamp, read())
    found = _latest[1]
    return replace(found, _versions=dict(found._versions))


def read() -> Definitions:
    """Some small queries; the definitions of a workspace are few.

    One that cannot be used, because it was written past the checks or before they were as strict, stands aside: what
    needs it is held or fails visibly, and everything else goes on.
    """
    today = live.today()
    mappings = {row.key: _mapping(row) for row in MappingRow.objects.all()}
    triggered: dict[str, tuple[RunnableVersion, ...]] = {}
    versions: dict[int, RunnableVersion] = {}
    unusable: dict[str, str] = {}
    splits: dict[int, Split] = {}
    for activation in Activation.arms.filter(until=None).select_related("version").order_by("workflow_id", "pk"):
        if activation.arm == Arm.CANDIDATE:
            splits[activation.workflow_id] = _split(activation, today)
        try:
            version = versions[activation.version_id] = _runnable(activation.version, today)
        except BadSpec as error:
            unusable |= dict.fromkeys(
                _triggers(activation.version, today.names), f"workflow version {activation.version}: {error}"
            )
            continue
        if version.spec.trigger:
            for event in version.spec.trigger.names:
                triggered[event] = (*triggered.get(event, ()), version)
    fields = authorities.fields()
    return Definitions(
        catalog=Catalog(
            stages={row.key: _stage(row) for row in LifecycleStage.objects.all()},
            mappings={key: mapping for key, mapping in mappings.items() if isinstance(mapping, CompiledMapping)},
            channels=dict(MessageTemplate.objects.values_list("key", "channel")),
            fields={row.key: authorities.of(row) for row in fields},
            types={row.key: row.type for row in fields},
            calendar=work_calendar.calendar(),
            rosters=rosters.all(today.segments),
            unsettled=unsettled.keys() if _asks_what_is_settled(versions.values()) else {},
        ),
        events={row.name: _event(row) for row in EventType.objects.select_related("stage_effect")},
        sources={row.pk: _source(row, mappings) for row in Source.objects.select_related("system", "mapping")},
        scoring=scores.compiled(),
        live=triggered,
        splits=splits,
        withdrawn=frozenset(in_flight.rolled_back().values_list("version_id", flat=True)),
        unusable=unusable,
        today=today,
        teams=dict(Team.objects.values_list("key", "pk")),
        _versions=versions,
    )


def _split(row: Activation, today: Today) -> Split:
    """Without a share and with a segment that cannot be used it is for nobody."""
    segment = None
    if row.segment:
        try:
            segment = compile_condition({"segment": row.segment}, segments=today.segments or {})
        except BadCondition:
            log.warning("segment_of_rollout_unusable", segment=row.segment, rollout=row.rollout_id)
    return Split(
        workflow_id=row.workflow_id,
        rollout_id=row.rollout_id or 0,
        activation_id=row.pk,
        version_id=row.version_id,
        salt=row.salt,
        share_percent=row.share_percent,
        segment=segment,
    )


def _asks_what_is_settled(versions: Iterable[RunnableVersion]) -> bool:
    return any(step.action == "verify_definitions" for version in versions for step in version.spec.steps)


def _runnable(row: Version, today: Today) -> RunnableVersion:
    return RunnableVersion(
        workflow_id=row.workflow_id,
        version_id=row.pk,
        number=row.number,
        digest=row.digest,
        spec=live.spec_of(row, today),
    )


def _finishing(row: Version, today: Today) -> RunnableVersion:
    """The version of a run on its way: where a segment cannot be used, the rule that names it has no answer."""
    try:
        return _runnable(row, today)
    except BadSpec:
        return _runnable(row, Today.of(today.names, None))


def _stage(row: LifecycleStage) -> Stage:
    statuses = tuple(row.crm_statuses)
    return Stage(row.key, row.position, crm_status=statuses[0] if statuses else None, crm_statuses=statuses)


def _triggers(version: Version, names: Names) -> list[str]:
    """The events that a version waits for, as far as its content can be read."""
    trigger = version.content.get("trigger") or {}
    events = trigger.get("event") if isinstance(trigger, dict) else None
    found = [str(event) for event in (events if isinstance(events, list) else [events]) if event]
    return [names.get(("event-type", event), event) for event in found]


def _mapping(row: MappingRow) -> CompiledMapping | str:
    """Ready for use, or why it cannot be used."""
    try:
        return compile_mapping(key=row.key, rows=row.rows)
    except Exception as error:  # noqa: BLE001 - whatever somebody wrote into its rows
        return str(error) if isinstance(error, BadMapping) else f"{row.key}: its rows cannot be read"


def _event(row: EventType) -> EventRule:
    return EventRule(
        name=row.name,
        schema=_schema(orjson.dumps(row.schema), row.status != Status.DRAFT) if row.schema else None,
        stage_effect=row.stage_effect.key if row.stage_effect else None,
        consent_effect=row.consent_effect,
    )


@lru_cache(maxsize=4_096)
def _schema(text: bytes, closed: bool) -> Schema:
    """One compiled schema for each text. Draft types are still being found out, so they take what they do not list."""
    try:
        return compile_schema(orjson.loads(text), closed=closed)
    except BadSchema as error:  # written past the check on save: its events wait, all others go on
        return _Unusable(str(error))


@dataclass(frozen=True, slots=True)
class _Unusable:
    """In place of a schema that cannot be compiled."""

    says: str

    def faults(self, properties: Mapping[str, object]) -> tuple[Fault, ...]:
        del properties
        return (Fault("value", "", f"the schema in the catalog cannot be used: {self.says}"),)


def _source(row: Source, mappings: Mapping[str, CompiledMapping | str]) -> SourceRule:
    mapping = mappings[row.mapping.key] if row.mapping else None
    return SourceRule(
        writer=Writer("system", row.system.key) if row.system else Writer("source", row.key),
        mapping=mapping if isinstance(mapping, CompiledMapping) else None,
        unusable=mapping if isinstance(mapping, str) else "",
    )
