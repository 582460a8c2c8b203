"""What rules may speak of, as the catalog says it now: for `workflows.engine.typing_rules`."""

from workflows.engine.typing_rules import Vocabulary, of_schema
from workflows.models import EventType, LifecycleStage, Status

from . import segment_rules, segments


def current() -> Vocabulary:
    """Five small queries. Segments mean what they mean to workflows: their newest agreed content."""
    return Vocabulary(
        fields=segments.field_types(),
        events={
            name: of_schema(schema, closed=status != Status.DRAFT)
            for name, schema, status in EventType.objects.values_list("name", "schema", "status")
        },
        segments=segment_rules.rules(),
        stages=tuple(LifecycleStage.objects.order_by("position").values_list("key", flat=True)),
    )
