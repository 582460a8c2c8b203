"""What happened to a contact and why: traces with everything that they speak of, in a handful of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from martechops.lib import windows
from workflows.engine.internal import SubjectRef
from workflows.models import ConsentEntry, Effect, InboundEvent, Run, Trace, Version, Workflow

from . import names, subjects
from .subjects import Named


@dataclass(frozen=True, slots=True)
class Told:
    """Traces, newest first, with the rows that they name."""

    traces: Sequence[Trace]
    older: str = ""
    newest: bool = True
    events: dict[int, InboundEvent] = field(default_factory=dict)
    effects: dict[UUID, Effect] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    versions: dict[tuple[str, int], Version] = field(default_factory=dict)
    consents: Sequence[ConsentEntry] = ()
    workflows: dict[str, Workflow] = field(default_factory=dict)
    sources: dict[int, str] = field(default_factory=dict)
    systems: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    subjects: dict[SubjectRef, Named] = field(default_factory=dict)


def of_contact(contact_id: int, *, before: str = "") -> Told:
    """One contact's story, newest first."""
    window = windows.by_id(Trace.objects.filter(contact_id=contact_id), before=before, size=40)
    return _told(window.rows, older=window.older, newest=window.newest)


def of_content(content_id: int) -> Told:
    """One content item's story, newest first."""
    return _told(list(Trace.objects.filter(content_id=content_id).order_by("-pk")[:100]))


def of_run(run: Run) -> Told:
    """The part of a contact's story in which one run moved."""
    own = Trace.objects.filter(contact_id=run.contact_id, content_id=run.content_id)
    traces = own.filter(at__gte=run.entered_at).order_by("-pk")[:300]
    return _told([trace for trace in traces if run.pk in _run_ids([trace])], run=run)


def of_event(event_id: int) -> Told:
    """What came of one event."""
    return _told(list(Trace.objects.filter(event_id=event_id).order_by("pk")[:50]))


def _told(traces: Sequence[Trace], *, older: str = "", newest: bool = True, run: Run | None = None) -> Told:
    contact_ids = {trace.contact_id for trace in traces if trace.contact_id is not None}
    event_ids = {trace.event_id for trace in traces if trace.event_id}
    by_id = names.of_workflows()
    runs = Run.objects.in_bulk(_run_ids(traces))
    return Told(
        traces=traces,
        older=older,
        newest=newest,
        events=InboundEvent.objects.in_bulk(event_ids),
        effects={effect.key: effect for effect in Effect.objects.filter(key__in=_effect_keys(traces))},
        runs=runs,
        versions={(v.workflow.key, v.number): v for v in _versions(run.version_id for run in runs.values())},
        consents=list(ConsentEntry.objects.filter(contact_id__in=contact_ids, event_id__in=event_ids)),
        workflows={workflow.key: workflow for workflow in by_id.values()},
        sources=names.of_sources(),
        systems=names.of_systems(),
        fields=names.of_fields(),
        subjects=subjects.named([*traces, *([run] if run else [])]),
    )


def _versions(ids: Iterable[int]) -> list[Version]:
    return list(Version.objects.filter(pk__in=set(ids)).select_related("workflow"))


def _run_ids(traces: Iterable[Trace]) -> set[int]:
    return {part["run_id"] for trace in traces for part in trace.detail.get("workflows", []) if part.get("run_id")}


def _effect_keys(traces: Iterable[Trace]) -> set[UUID]:
    return {
        UUID(step["effect"])
        for trace in traces
        for part in trace.detail.get("workflows", [])
        for step in part.get("steps", [])
        if step.get("effect")
    }
