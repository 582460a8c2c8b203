"""Definitions that nobody has agreed on yet."""

from workflows.models import (
    EventType,
    Field,
    LifecycleStage,
    Metric,
    NamingConvention,
    Scoring,
    Segment,
    Status,
)

#: As a workflow file calls the kinds, and the column that names a row.
_KINDS = (
    ("field", Field, "key"),
    ("stage", LifecycleStage, "key"),
    ("event-type", EventType, "name"),
    ("segment", Segment, "key"),
    ("convention", NamingConvention, "key"),
    ("scoring", Scoring, "key"),
    ("metric", Metric, "key"),
)


def keys() -> dict[str, tuple[str, ...]]:
    """Keys of drafts, by kind of definition."""
    return {
        kind: tuple(model._default_manager.filter(status=Status.DRAFT).order_by(name).values_list(name, flat=True))
        for kind, model, name in _KINDS
    }
