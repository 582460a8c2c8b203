"""Repairs by interface: what a version did that was rolled back, listed, confirmed, and what became of each thing."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from campaigns.actions import repairs as actions
from campaigns.models import Repair, RepairItem
from campaigns.queries import repairs
from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.models import User
from workflows.api.writing import Clash
from workflows.models import Version


class RepairSerializer(StrictSerializer, serializers.ModelSerializer[Repair]):
    workflow = serializers.CharField(source="version.workflow.key", read_only=True, help_text="Key of the workflow.")
    number = serializers.IntegerField(source="version.number", read_only=True, help_text="Of the version.")
    opened_by = serializers.SlugRelatedField[User](slug_field="username", read_only=True)
    confirmed_by = serializers.SlugRelatedField[User](slug_field="username", read_only=True)
    correction = serializers.CharField(
        source="correction.key", read_only=True, default=None, help_text="Key of the template that was drafted."
    )
    counts = serializers.SerializerMethodField(help_text="Items by kind and state.")

    class Meta:
        model = Repair
        fields = [
            *("id", "workflow", "version", "number", "rollout", "state", "because", "runs", "counts", "correction"),
            *("opened_by", "opened_at", "confirmed_by", "confirmed_at", "ended_at"),
        ]
        read_only_fields = fields

    def get_counts(self, row: Repair) -> dict[str, dict[str, int]]:
        said: dict[str, dict[str, int]] = {}
        for (kind, state), people in repairs.counts(row).by_kind.items():
            said.setdefault(kind, {})[state] = people
        return said


class RepairItemSerializer(serializers.ModelSerializer[RepairItem]):
    before = serializers.JSONField(help_text="Of a field: what it held before the version wrote it.")
    ours = serializers.JSONField(help_text="Of a field: what the version left there.")

    class Meta:
        model = RepairItem
        fields = ["id", "kind", "contact_id", "run_id", "step", "label", "before", "ours", "state", "reason", "at"]
        read_only_fields = fields


class OpenSerializer(StrictSerializer):
    """Of which version, and why."""

    version = serializers.PrimaryKeyRelatedField(queryset=Version.objects.select_related("workflow__owner"))
    because = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class RepairFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=Repair.State.choices)
    workflow = django_filters.CharFilter(field_name="version__workflow__key", help_text="Key of the workflow.")


class RepairViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Repair]):
    """What versions did that were rolled back, and what was put right of it."""

    read_scope = "repairs:read"
    write_scope = "repairs:write"
    queryset = Repair.objects.select_related("version__workflow", "opened_by", "confirmed_by", "correction")
    serializer_class = RepairSerializer
    filterset_class = RepairFilter
    lookup_value_converter = "int"
    http_method_names = ["get", "head", "options", "post"]

    @extend_schema(request=OpenSerializer, responses={201: RepairSerializer})
    def create(self, request: Request) -> Response:
        """Have listed what a version did; nothing is put right before it is confirmed."""
        asked = OpenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = actions.open_for(**asked.validated_data, by=caller(request), at=clock.now())
        return Response(RepairSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=RepairItemSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None)
    def items(self, request: Request, pk: int) -> Response:
        """Each thing that was listed, with its state and the reason."""
        del pk
        rows: Any = self.get_object().items.all()
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(RepairItemSerializer(page, many=True).data)

    @extend_schema(request=None, responses=RepairSerializer)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: int) -> Response:
        """Put right what was listed; 409 where it is not listed yet, or was confirmed."""
        del pk
        return self._done(request, actions.confirm)

    @extend_schema(request=None, responses=RepairSerializer)
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: int) -> Response:
        """Leave everything as it is."""
        del pk
        return self._done(request, actions.dismiss)

    def _done(self, request: Request, act: Any) -> Response:
        try:
            row = act(repair=self.get_object(), by=caller(request), at=clock.now())
        except actions.WrongState as error:
            raise Clash(str(error)) from None
        return Response(RepairSerializer(row).data)
