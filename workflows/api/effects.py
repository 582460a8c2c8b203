"""What was, or is to be, done at far sides."""

import django_filters
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from martechops.lib.drf.filters import InstantFilter
from workflows.api.references import VERSION_NUMBER, WORKFLOW_KEY
from workflows.models import Effect


class EffectSerializer(serializers.ModelSerializer[Effect]):
    workflow = serializers.CharField(read_only=True, help_text="Key of the workflow.")
    version = serializers.IntegerField(read_only=True, help_text="Number of the version that planned it.")

    class Meta:
        model = Effect
        fields = [
            "id",
            "key",
            "workflow",
            "version",
            "run_id",
            "contact_id",
            "step",
            "kind",
            "system",
            "state",
            "reason",
            "not_before",
            "tries",
            "planned_at",
            "reserved_at",
            "ended_at",
        ]


class EffectDetailSerializer(EffectSerializer):
    payload = serializers.JSONField(read_only=True)
    outcome = serializers.JSONField(read_only=True, help_text="What was sent and what the far side answered.")

    class Meta(EffectSerializer.Meta):
        fields = [*EffectSerializer.Meta.fields, "payload", "outcome"]


class EffectFilter(django_filters.FilterSet):  # type: ignore[misc]
    workflow = django_filters.CharFilter(help_text="Key of the workflow.")
    state = django_filters.ChoiceFilter(choices=Effect.State.choices)
    kind = django_filters.CharFilter()
    system = django_filters.CharFilter(help_text="Key of the system.")
    contact = django_filters.NumberFilter(field_name="contact_id")
    run = django_filters.NumberFilter(field_name="run_id")
    planned_after = InstantFilter(field_name="planned_at", lookup_expr="gte")
    planned_before = InstantFilter(field_name="planned_at", lookup_expr="lt")


class EffectViewSet(ReadOnlyModelViewSet[Effect]):
    """Each thing done once, with what came of it; also what was withheld, and why."""

    read_scope = "effects:read"
    queryset = Effect.objects.annotate(workflow=WORKFLOW_KEY, version=VERSION_NUMBER)
    filterset_class = EffectFilter
    lookup_value_converter = "int"

    def get_serializer_class(self) -> type[EffectSerializer]:
        return EffectDetailSerializer if self.action == "retrieve" else EffectSerializer
