"""What a change of a definition reaches: asked before it is confirmed (requirements D1, I2)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.engine import schemas
from workflows.engine.references import references
from workflows.engine.sameness import near_names
from workflows.engine.schema_changes import SchemaChange, changes, versions
from workflows.models import EventType, InboundEvent

from . import documents, event_names, segment_rules, uses
from .uses import Holder, Use

#: Recent events of one type that a changed schema is held against.
RECENT = 500
Thing = tuple[str, str]
_NOTHING_LIVE = "No live workflow depends on it."
_WAITING = "What asks for it goes on with what was agreed last, until this is agreed as well."


@dataclass(frozen=True, slots=True)
class Fit:
    """How recent events fare under a changed schema."""

    of: int
    refused: int
    #: What is wrong with the first that would be refused.
    example: str = ""


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change touches, how much of a risk it is, and what to think of first."""

    uses: Sequence[Use] = ()
    #: What is reached by way of something else: a workflow that asks for a segment that asks for the score.
    further: Sequence[tuple[Holder, Holder]] = ()
    #: low or medium; automation that is live is what makes the difference.
    risk: str = "low"
    because: str = _NOTHING_LIVE
    warnings: Sequence[str] = ()
    #: SchemaVer before and after, for an event type whose schema changes.
    version: tuple[str, str] | None = None
    schema_changes: Sequence[SchemaChange] = ()
    fit: Fit | None = None
    #: An event type that refuses what its schema does not name, from now on.
    closes: bool = False
    #: A draft of a segment: what asks for it goes on with what was agreed.
    is_waiting: bool = False

    @property
    def is_worth_a_look(self) -> bool:
        found = self.uses or self.further or self.warnings or self.version or self.risk != "low"
        return bool(found or (self.fit and self.fit.refused))


def of(kind: str, key: str, *, before: Mapping[str, Any], after: Mapping[str, Any]) -> Impact:
    """`before` is empty for what is new. About a dozen queries, whatever there is."""
    holders = uses.holders()
    things = set(_changed(kind, key, before, after))
    direct = [use for thing in sorted(things) for use in uses.of(*thing, among=holders)]
    further = list(_further({(use.holder.kind, use.holder.key): use.holder for use in direct}, holders))
    live = {
        holder.label: holder
        for holder in [*(use.holder for use in direct), *(holder for holder, _ in further)]
        if holder.kind == "workflow" and holder.state == "live"
    }
    version, found, fit = _schema(kind, key, before, after)
    is_waiting = kind == "segment" and segment_rules.is_waiting(key, after)
    return Impact(
        uses=direct,
        further=further,
        risk="medium" if live and not is_waiting else "low",
        because=_WAITING if is_waiting else _because(kind, list(live.values())),
        is_waiting=is_waiting,
        closes=_is_closed(after) and not _is_closed(before),
        warnings=_warnings(kind, key, before, after),
        version=version,
        schema_changes=found,
        fit=fit,
    )


def status_matters(kind: str, *, old: str, new: str) -> bool:
    """Does anything behave otherwise after this change of status?

    An event type that is agreed refuses what it does not name; a segment that is agreed means what it says from then.
    """
    return (kind == "event-type" and "draft" in (old, new)) or (kind == "segment" and old == "draft")


def schema_versions(contents: Sequence[Mapping[str, Any]]) -> list[str]:
    """SchemaVer of each of an event type's versions, oldest first."""
    return versions([content.get("schema") or {} for content in contents])


def _changed(kind: str, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Thing]:
    """The thing itself, and the score where points change."""
    if before:
        yield kind, key
    points = ("rules", "half_life_days") if kind == "scoring" else ("score_effect",) if kind == "event-type" else ()
    if any(before.get(name) != after.get(name) for name in points):
        yield "field", "score"


def _further(reached: dict[Thing, Holder], holders: Sequence[Holder]) -> Iterator[tuple[Holder, Holder]]:
    """(what is reached, by way of what), each once, as far as it goes."""
    seen, frontier = set(reached), dict(reached)
    while frontier:
        found: dict[Thing, Holder] = {}
        for holder in holders:
            thing = (holder.kind, holder.key)
            if thing in seen:
                continue
            way = next(
                (frontier[r.kind, r.key] for r in references(holder.document) if (r.kind, r.key) in frontier), None
            )
            if way is not None and way.kind != "workflow":
                found[thing] = holder
                yield holder, way
        seen |= set(found)
        frontier = found


def _because(kind: str, live: Sequence[Holder]) -> str:
    if not live:
        return _NOTHING_LIVE
    named = ", ".join(holder.label.removeprefix("Workflow ").partition(",")[0] for holder in live[:3])
    more = f" and {len(live) - 3} more" if len(live) > 3 else ""
    does = "acts on the score" if kind == "scoring" else "depends on it"
    return f"What is live {does} and follows the change at once: {named}{more}."


def _warnings(kind: str, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Names that could be read in two ways are said when something new is named."""
    if before:
        return []
    model = documents.KINDS[kind]
    others = [str(name) for name in model.model._default_manager.values_list(model.key, flat=True)]
    near = [pair for pair in near_names([*others, key]) if key in (pair.one, pair.other)]
    said = [f"{pair.one} and {pair.other} {pair.why}." for pair in near]
    del after
    return said + ([f"{says}." for says in event_names.against(key)] if kind == "event-type" else [])


def _schema(
    kind: str, key: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[tuple[str, str] | None, list[SchemaChange], Fit | None]:
    was, now = before.get("schema") or {}, after.get("schema") or {}
    if kind != "event-type" or not before or (was == now and _is_closed(before) == _is_closed(after)):
        return None, [], None
    fit = _fit(key, before, after)
    if was == now:
        return None, [], fit
    row = EventType.objects.filter(name=key).first()
    kept = list(documents.versions_of(row).order_by("number").values_list("content", flat=True)) if row else []
    numbers = schema_versions([*(kept or [before]), after])
    return (numbers[-2], numbers[-1]), changes(was, now), fit


def _is_closed(document: Mapping[str, Any]) -> bool:
    return bool(document) and document.get("status", "draft") != "draft"


def _fit(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Fit | None:
    """Only of events that the schema of today lets through: the others are held already."""
    try:
        before, after = (schemas.compile_schema(one.get("schema") or {}, closed=_is_closed(one)) for one in (was, now))
    except schemas.BadSchema:
        return None
    events = InboundEvent.objects.filter(name__iexact=name, name=name)  # in any case first: that has an index
    bodies = events.order_by("-pk").values_list("body", flat=True)[:RECENT]
    carried = [properties for body in bodies if not before.faults(properties := body.get("properties") or {})]
    told = [faults[0].says for properties in carried if (faults := after.faults(properties))]
    return Fit(of=len(carried), refused=len(told), example=told[0] if told else "")
