"""What was, or is to be, done at far sides."""

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from martechops.lib import clock
from martechops.lib.drf.filters import InstantFilter
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from workflows.actions import effects as actions
from workflows.api.references import VERSION_NUMBER, WORKFLOW_KEY
from workflows.api.writing import Clash
from workflows.models import Effect, Run


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


class ResolveSerializer(StrictSerializer):
    """What somebody found out, or wants."""

    verb = serializers.ChoiceField(sorted(actions.VERBS), help_text="it happened; send-again, skip, release, ask.")
    note = serializers.CharField(max_length=300, help_text="How you know; it stands with the effect and in the log.")


class EffectFilter(django_filters.FilterSet):  # type: ignore[misc]
    workflow = django_filters.CharFilter(help_text="Key of the workflow.")
    state = django_filters.ChoiceFilter(choices=Effect.State.choices)
    kind = django_filters.CharFilter()
    system = django_filters.CharFilter(help_text="Key of the system.")
    contact = django_filters.NumberFilter(field_name="contact_id")
    run = django_filters.NumberFilter(method="of_run", help_text="Number of the run.")
    planned_after = InstantFilter(field_name="planned_at", lookup_expr="gte")
    planned_before = InstantFilter(field_name="planned_at", lookup_expr="lt")

    def of_run(self, rows: QuerySet[Effect], name: str, value: int) -> QuerySet[Effect]:
        """By way of the run's subject, which effects have an index of: one of runs would cost every effect."""
        del name
        run = Run.objects.filter(pk=int(value)).first() if abs(value) < 2**63 else None
        if run is None:
            return rows.none()
        return rows.filter(run_id=run.pk, contact_id=run.contact_id, content_id=run.content_id)


class EffectViewSet(ReadOnlyModelViewSet[Effect]):
    """Each thing done once, with what came of it; also what was withheld, and why."""

    read_scope = "effects:read"
    write_scope = "effects:write"
    queryset = Effect.objects.annotate(workflow=WORKFLOW_KEY, version=VERSION_NUMBER)
    filterset_class = EffectFilter
    lookup_value_converter = "int"

    def get_serializer_class(self) -> type[EffectSerializer]:
        return EffectDetailSerializer if self.action == "retrieve" else EffectSerializer

    @extend_schema(request=ResolveSerializer, responses=EffectDetailSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: int) -> Response:
        """Settle one that is uncertain, failed or held; 409 where its state does not allow it."""
        del pk
        asked = ResolveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        verb = actions.VERBS[asked.validated_data["verb"]]
        note = asked.validated_data["note"]
        try:
            verb(effects=[self.get_object().pk], by=caller(request), at=clock.now(), note=note)
        except actions.WrongState as error:
            raise Clash(str(error)) from None
        return Response(EffectDetailSerializer(self.get_object()).data)
