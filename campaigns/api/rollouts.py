"""Rollouts by interface: read with their gates, begun, and moved on. What a page refuses is refused here."""

from typing import Any

import django_filters
from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from campaigns import ramps, rollout_states
from campaigns.actions import releases, rollouts
from campaigns.models import Rollout, RolloutLook, RolloutStep
from campaigns.queries import rollouts as reading
from campaigns.ramps import BadRamp, Ramp
from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.models import User
from workflows.actions.moves import InFlight
from workflows.api.writing import Clash
from workflows.engine.in_flight import POLICIES
from workflows.models import Version


class RolloutStepSerializer(serializers.ModelSerializer[RolloutStep]):
    by = serializers.SlugRelatedField[User](slug_field="username", read_only=True)

    class Meta:
        model = RolloutStep
        fields = ["number", "verb", "state", "stage", "by", "because", "at"]
        read_only_fields = fields


class RolloutLookSerializer(serializers.ModelSerializer[RolloutLook]):
    class Meta:
        model = RolloutLook
        fields = ["stage", "met_in_stage", "candidate", "stable", "findings", "at"]
        read_only_fields = fields


class RolloutSerializer(StrictSerializer, serializers.ModelSerializer[Rollout]):
    workflow = serializers.CharField(source="version.workflow.key", read_only=True, help_text="Key of the workflow.")
    state = serializers.ChoiceField(choices=rollout_states.CHOICES, read_only=True)
    stage = serializers.IntegerField(source="stage_now", read_only=True, help_text="Index in the ramp's stages.")
    since = serializers.DateTimeField(read_only=True, help_text="Of its newest step.")
    started_by = serializers.SlugRelatedField[User](slug_field="username", read_only=True)
    steps = RolloutStepSerializer(many=True, read_only=True)
    look = serializers.SerializerMethodField(help_text="What the gates found last; null before the first look.")

    class Meta:
        model = Rollout
        fields = [
            *("id", "workflow", "version", "stable", "release", "state", "stage", "since", "ramp", "starts_at"),
            *("in_flight",),
            *("started_at", "started_by", "note", "steps", "look"),
        ]
        read_only_fields = fields

    @extend_schema_field(RolloutLookSerializer(allow_null=True))
    def get_look(self, row: Rollout) -> dict[str, Any] | None:
        newest: list[RolloutLook] = row.newest_looks  # type: ignore[attr-defined]  # prefetched below
        return dict(RolloutLookSerializer(newest[0]).data) if newest else None


class WhoIsOnTheWaySerializer(StrictSerializer):
    """What becomes of those on their way on the former version, once this one is for everybody."""

    policy = serializers.ChoiceField(tuple(POLICIES.items()))
    steps = serializers.DictField(
        child=serializers.CharField(max_length=120),
        required=False,
        default=dict,
        help_text="Under migrate: step of their version → step of the other, or `end`.",
    )


class RolloutStartSerializer(StrictSerializer):
    """Which frozen version, how, and when it begins; without a ramp by the usual one, 5 → 25 → 100 %."""

    version = serializers.PrimaryKeyRelatedField(queryset=Version.objects.select_related("workflow__owner"))
    ramp = serializers.JSONField(required=False, help_text="As docs/rollouts.md says: stages, window, expected_stages.")
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    starts_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    in_flight = WhoIsOnTheWaySerializer(required=False, help_text="Left out: they finish on the version they entered.")

    def validate_ramp(self, said: object) -> Ramp:
        try:
            return Ramp.of(said if isinstance(said, dict) else {})
        except BadRamp as error:
            raise serializers.ValidationError(str(error)) from None


class TakeStepSerializer(StrictSerializer):
    """Which step, and why."""

    verb = serializers.ChoiceField([step.verb for step in rollout_states.TRANSITIONS])
    because = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    seen = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text="Number of the newest step that you saw: 409 where another came since, unless it is to stop.",
    )


class RolloutFilter(django_filters.FilterSet):  # type: ignore[misc]
    workflow = django_filters.CharFilter(field_name="version__workflow__key", help_text="Key of the workflow.")
    state = django_filters.ChoiceFilter(choices=rollout_states.CHOICES)


_NEWEST = RolloutLook.objects.order_by("rollout_id", "-pk").distinct("rollout_id")


class RolloutViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Rollout]):
    """Versions that are let out stage by stage, what their gates found, and every step that was taken."""

    read_scope = "rollouts:read"
    write_scope = "rollouts:write"
    queryset = reading.with_state().prefetch_related("steps__by", Prefetch("looks", _NEWEST, to_attr="newest_looks"))
    serializer_class = RolloutSerializer
    filterset_class = RolloutFilter
    lookup_value_converter = "int"
    http_method_names = ["get", "head", "options", "post"]

    @extend_schema(request=RolloutStartSerializer, responses={201: RolloutSerializer})
    def create(self, request: Request) -> Response:
        """Let a version out; 409 where it may not go live as it is now, or another rollout is under way."""
        serializer = RolloutStartSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        said = {"ramp": ramps.USUAL, **serializer.validated_data}
        if "in_flight" in said:
            said["in_flight"] = InFlight(**said["in_flight"])
        try:
            begun = rollouts.start(**said, by=caller(request), at=clock.now())
        except (rollouts.CannotActivate, releases.CannotRelease) as error:
            raise Clash(str(error)) from None
        return self._answer(begun, status.HTTP_201_CREATED)

    @extend_schema(request=TakeStepSerializer, responses=RolloutSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: int) -> Response:
        """Take a step by hand; 409 where it is none from there."""
        del pk
        serializer = TakeStepSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            moved = rollouts.move(
                rollout=self.get_object(), **serializer.validated_data, by=caller(request), at=clock.now()
            )
        except (rollouts.CannotActivate, rollout_states.WrongState) as error:
            raise Clash(str(error)) from None
        return self._answer(moved)

    def _answer(self, row: Rollout, code: int = status.HTTP_200_OK) -> Response:
        return Response(RolloutSerializer(self.get_queryset().get(pk=row.pk)).data, status=code)
