"""Where a definition is used, down to a single value: asked before anything changes (requirement I2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from workflows.engine.references import Names, Path, Reference, references, words
from workflows.models import Activation, DefinitionVersion, Source, Version, Workflow
from workflows.queries import aliases, documents


@dataclass(frozen=True, slots=True)
class Holder:
    """Something whose document refers to definitions: a definition, a source, or a version of a workflow."""

    kind: str
    key: str
    #: As a person calls it: "Workflow Demo request to nurture, live v3".
    label: str
    address: str
    document: Mapping[str, Any]
    #: "live", "draft" or "" for what has no such state.
    state: str = ""
    row_id: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """One place that refers to a definition."""

    holder: Holder
    reference: Reference

    @property
    def label(self) -> str:
        return self.holder.label

    @property
    def address(self) -> str:
        return self.holder.address

    @property
    def where(self) -> str:
        """The place in words: "step welcome, with.template"."""
        return _where(self.holder.document, self.reference.path)


def of(kind: str, key: str, *, among: list[Holder] | None = None) -> list[Use]:
    """Every place that refers to one definition, or to one value with the kind "value:<field>".

    A lifecycle stage is found as a value of `lifecycle_stage` too. Nine or so small queries, whatever there is.
    """
    found = [
        Use(holder, ref)
        for holder in (holders() if among is None else among)
        for ref in references(holder.document)
        if _thing(ref) == (kind, key) and (holder.kind, holder.key) != (kind, key)
    ]
    return sorted(found, key=lambda use: (use.holder.kind != "workflow", use.label))


def of_field(key: str, *, among: list[Holder] | None = None) -> dict[str, list[Use]]:
    """For a picklist: uses by each value that something refers to."""
    found: dict[str, list[Use]] = {}
    kinds = ("stage",) if key == "lifecycle_stage" else (f"value:{key}",)
    for holder in holders() if among is None else among:
        for ref in references(holder.document):
            if ref.kind in kinds:
                found.setdefault(ref.key, []).append(Use(holder, ref))
    return found


def counts() -> dict[tuple[str, str], int]:
    """How many holders refer to each thing, by kind and key: for lists."""
    by_thing: dict[tuple[str, str], set[tuple[str, str, str]]] = {}
    for holder in holders():
        for ref in references(holder.document):
            by_thing.setdefault(_thing(ref), set()).add((holder.kind, holder.key, holder.state))
    return {thing: len(found) for thing, found in by_thing.items()}


def holders() -> list[Holder]:
    """Everything that refers to definitions: definitions as they are now, sources, live and draft workflows."""
    return [*_definitions(), *_sources(), *_workflows()]


def _thing(ref: Reference) -> tuple[str, str]:
    """What it refers to: a report of a metric is a use of that metric."""
    return ("metric" if ref.kind == "report" else ref.kind, ref.key)


def address_of(kind: str, key: str, row_id: int) -> str:
    """The page of a definition; segments have pages of their own."""
    return f"/segments/{key}/" if kind == "segment" else f"/vocabulary/{kind}/{row_id}/"


def _definitions() -> Iterator[Holder]:
    """By their newest versions: one query for all kinds."""
    newest = DefinitionVersion.objects.order_by("kind", "object_id", "-number").distinct("kind", "object_id")
    for version in newest:
        kind = documents.KINDS.get(version.kind)
        if kind:
            yield Holder(
                kind=version.kind,
                key=version.key,
                label=f"{kind.label} {version.content.get('label') or version.content.get('name') or version.key}",
                address=address_of(version.kind, version.key, version.object_id),
                document=version.content,
                row_id=version.object_id,
            )


def _sources() -> Iterator[Holder]:
    for source in Source.objects.select_related("system", "mapping"):
        document = {
            "kind": "source",
            "system": source.system.key if source.system else None,
            "mapping": source.mapping.key if source.mapping else None,
        }
        yield Holder("source", source.key, f"Source {source.name}", "/events/", document, row_id=source.pk)


def _workflows() -> Iterator[Holder]:
    """As they read with the names of today: live versions, open drafts, and maps as they were last drawn."""
    names = aliases.names()
    live = Prefetch("activations", Activation.objects.filter(until=None).select_related("version"), to_attr="live")
    for workflow in Workflow.objects.prefetch_related(live):
        for activation in workflow.live:
            yield _workflow(workflow, activation.version, "live", names)
    drafts = Version.objects.filter(frozen_at=None).select_related("workflow")
    for version in drafts:
        yield _workflow(version.workflow, version, "draft", {})
    maps = Version.objects.filter(workflow__map_only=True).exclude(frozen_at=None).select_related("workflow")
    for version in maps.order_by("workflow_id", "-number").distinct("workflow_id"):
        yield _workflow(version.workflow, version, "map", names)


def _workflow(workflow: Workflow, version: Version, state: str, names: Names) -> Holder:
    return Holder(
        kind="workflow",
        key=workflow.key,
        label=f"Workflow {workflow.name}, {state} v{version.number}",
        address=f"/workflows/{workflow.key}/",
        document={"kind": "workflow", **aliases.current(version.content, names)},
        state=state,
        row_id=workflow.pk,
    )


def _where(document: Mapping[str, Any], path: Path) -> str:
    if path[:1] == ("steps",) and len(path) > 1:
        step = document["steps"][path[1]]
        rest = words(path[2:])
        return f"step {step.get('key', path[1])}" + (f", {rest}" if rest else "")
    return words(path)
