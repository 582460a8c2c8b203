"""Events as they were received, and what became of them."""

import django_filters
from django.db.models import Case, CharField, Exists, F, OuterRef, QuerySet, Value, When
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from martechops.lib.drf.filters import InstantFilter
from workflows.api.references import SOURCE_KEY
from workflows.models import InboundEvent, QuarantinedEvent, QueuedEvent, Source

STATES = ["queued", "handled", *(f"quarantine_{state}" for state in QuarantinedEvent.State.values)]
_QUEUED = Exists(QueuedEvent.objects.filter(event_id=OuterRef("pk")))
_STATE = Case(
    *(When(quarantine__state=state, then=Value(f"quarantine_{state}")) for state in QuarantinedEvent.State.values),
    When(_QUEUED, then=Value("queued")),
    default=Value("handled"),
    output_field=CharField(),
)


class EventSerializer(serializers.ModelSerializer[InboundEvent]):
    source = serializers.CharField(read_only=True, help_text="Key of the source.")  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=STATES, read_only=True)

    class Meta:
        model = InboundEvent
        fields = ["id", "source", "message_id", "type", "name", "occurred_at", "received_at", "state"]


class EventDetailSerializer(EventSerializer):
    body = serializers.JSONField(read_only=True, help_text="The message as received.")
    violations = serializers.JSONField(read_only=True, help_text="Why it was quarantined; null if it was not.")

    class Meta(EventSerializer.Meta):
        fields = [*EventSerializer.Meta.fields, "body", "violations"]


class EventFilter(django_filters.FilterSet):  # type: ignore[misc]
    source = django_filters.CharFilter(method="by_source", help_text="Key of the source.")
    type = django_filters.CharFilter()
    name = django_filters.CharFilter(lookup_expr="iexact", help_text="In any case.")
    received_after = InstantFilter(field_name="received_at", lookup_expr="gte")
    received_before = InstantFilter(field_name="received_at", lookup_expr="lt")
    quarantined = django_filters.BooleanFilter(field_name="quarantine", lookup_expr="isnull", exclude=True)

    def by_source(self, events: QuerySet[InboundEvent], name: str, value: str) -> QuerySet[InboundEvent]:
        del name
        return events.filter(source_id__in=Source.objects.filter(key=value).values("pk"))


class EventViewSet(ReadOnlyModelViewSet[InboundEvent]):
    """What came in; unique per source and message id, never changed."""

    read_scope = "events:read"
    queryset = InboundEvent.objects.annotate(source=SOURCE_KEY, state=_STATE, violations=F("quarantine__reasons"))
    filterset_class = EventFilter
    lookup_value_converter = "int"

    def get_serializer_class(self) -> type[EventSerializer]:
        return EventDetailSerializer if self.action == "retrieve" else EventSerializer

    def get_queryset(self) -> QuerySet[InboundEvent]:
        events = super().get_queryset()
        return events if self.action == "retrieve" else events.defer("body")
