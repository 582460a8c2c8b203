"""Replays by interface: asked for, followed, called off, and what they found."""

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from workflows.actions import replays as actions
from workflows.api.writing import Clash
from workflows.models import Replay, ReplayFinding
from workflows.queries import replays


class ReplayGroupSerializer(serializers.Serializer[Any]):
    """Effects that are otherwise because of one rule."""

    workflow = serializers.CharField()
    step = serializers.CharField()
    part = serializers.CharField(help_text="What of the step decides otherwise: entry, rule, guard, way, wait, …")
    detail = serializers.CharField(help_text="Which guard, or how.")
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    changed = serializers.IntegerField()


class ReplayResultSerializer(serializers.Serializer[Any]):
    """What was found so far."""

    contacts = serializers.IntegerField()
    events = serializers.IntegerField()
    unchanged = serializers.IntegerField(help_text="Effects that are the same on both sides.")
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    changed = serializers.IntegerField()
    recorded = serializers.IntegerField(help_text="Effects that the ledger has of the same time.")
    reproduced = serializers.IntegerField(help_text="Of these, how many live comes to as well when it is played.")
    fidelity = serializers.FloatField(allow_null=True)
    groups = ReplayGroupSerializer(many=True)
    exceptions = serializers.DictField(child=serializers.IntegerField(), help_text="How many, by reason.")


class ReplaySerializer(serializers.ModelSerializer[Replay]):
    workflow = serializers.CharField(source="workflow.key")
    candidate = serializers.IntegerField(source="candidate.number", help_text="Number of the version.")
    baseline = serializers.IntegerField(source="baseline.number", default=None, help_text="Of the live one.")
    progress = serializers.SerializerMethodField(help_text="From 0 to 1.")

    class Meta:
        model = Replay
        fields = [
            "id",
            "workflow",
            "candidate",
            "digest",
            "baseline",
            "since",
            "until",
            "state",
            "reason",
            "progress",
            "asked_at",
            "ended_at",
        ]

    @extend_schema_field(float)
    def get_progress(self, replay: Replay) -> float:
        return replays.progress(replay)


class WholeReplaySerializer(ReplaySerializer):
    result = serializers.SerializerMethodField()

    class Meta(ReplaySerializer.Meta):
        fields = [*ReplaySerializer.Meta.fields, "result"]

    @extend_schema_field(ReplayResultSerializer)
    def get_result(self, replay: Replay) -> dict[str, Any]:
        return ReplayResultSerializer(_result(replays.tally(replay))).data


class ReplayStartSerializer(StrictSerializer):
    """What is to be played."""

    workflow = serializers.SlugField(help_text="Key of the workflow.")
    candidate = serializers.IntegerField(required=False, help_text="Number of the version; left out: the draft.")
    days = serializers.IntegerField(default=30, min_value=1, max_value=actions.MOST_DAYS)


class ReplayFindingSerializer(serializers.ModelSerializer[ReplayFinding]):
    class Meta:
        model = ReplayFinding
        fields = [
            "id",
            "kind",
            "cause",
            "verdict",
            "contact_id",
            "workflow",
            "step",
            "effect_kind",
            "says",
            "live",
            "candidate",
            "recorded",
            "at",
        ]


class StepForecastSerializer(serializers.Serializer[Any]):
    step = serializers.CharField()
    kind = serializers.CharField()
    done = serializers.IntegerField()
    held = serializers.IntegerField()
    withheld = serializers.DictField(child=serializers.IntegerField(), help_text="By reason.")
    rate = serializers.FloatField(help_text="Done or held for each entry.")


class ForecastSerializer(serializers.Serializer[Any]):
    """What the candidate would have done with the recorded past."""

    workflow = serializers.CharField()
    digest = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    entries = serializers.IntegerField()
    steps = StepForecastSerializer(many=True)


class ReplayFilter(django_filters.FilterSet):  # type: ignore[misc]
    workflow = django_filters.CharFilter(field_name="workflow__key", help_text="Key of the workflow.")
    state = django_filters.ChoiceFilter(choices=Replay.State.choices)


class ReplayViewSet(mixins.ListModelMixin, GenericViewSet[Replay]):
    """Live played against a candidate over recorded events. Nothing is done at any far side."""

    read_scope = "workflows:read"
    write_scope = "workflows:write"
    queryset = Replay.objects.select_related("workflow", "candidate", "baseline")
    serializer_class = ReplaySerializer
    filterset_class = ReplayFilter
    lookup_value_converter = "int"

    @extend_schema(responses=WholeReplaySerializer)
    def retrieve(self, request: Request, pk: int) -> Response:
        """How far it is, and what it found so far."""
        del request, pk
        return Response(WholeReplaySerializer(self.get_object()).data)

    @extend_schema(request=ReplayStartSerializer, responses={201: ReplaySerializer})
    def create(self, request: Request) -> Response:
        """Ask for one; `state` and `progress` tell when it is over."""
        asked = ReplayStartSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        version = replays.candidate(said["workflow"], said.get("candidate"))
        if version is None:
            raise serializers.ValidationError({"candidate": [_missing(said)]})
        try:
            made = actions.start(candidate=version, days=said["days"], by=caller(request), at=clock.now())
        except actions.CannotReplay as error:
            raise serializers.ValidationError({"candidate": [str(error)]}) from None
        return Response(ReplaySerializer(made).data, status=201)

    @extend_schema(request=None, responses=ReplaySerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        """Play no more of it; what it found stays."""
        del pk
        try:
            return Response(
                ReplaySerializer(actions.cancel(self.get_object(), by=caller(request), at=clock.now())).data
            )
        except actions.CannotReplay as error:
            raise Clash(str(error)) from None

    @extend_schema(responses=ReplayFindingSerializer(many=True))
    @action(detail=True, methods=["get"], filterset_class=None)
    def findings(self, request: Request, pk: int) -> Response:
        """Exceptions, and samples of the differences; the newest first."""
        del request, pk
        rows: Any = self.get_object().findings.order_by("-id")
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(ReplayFindingSerializer(page, many=True).data)

    @extend_schema(responses=ForecastSerializer)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def forecast(self, request: Request, pk: int) -> Response:
        """What the candidate is expected to do, step by step."""
        del request, pk
        return Response(ForecastSerializer(replays.of(self.get_object())).data)


def _missing(said: dict[str, Any]) -> str:
    wanted = f"version {said['candidate']}" if "candidate" in said else "draft"
    return f"There is no {wanted} of a workflow {said['workflow']}."


def _result(found: replays.Tally) -> dict[str, Any]:
    return {
        "contacts": found.counts["contacts"],
        "events": found.counts["events"],
        "unchanged": found.counts["same"],
        **{verdict: found.total(verdict) for verdict in ("added", "removed", "changed")},
        "recorded": found.counts["recorded"],
        "reproduced": found.counts["reproduced"],
        "fidelity": found.fidelity,
        "groups": [
            {
                "workflow": cause.workflow,
                "step": cause.step,
                "part": cause.part,
                "detail": cause.detail,
                **{verdict: verdicts.get(verdict, 0) for verdict in ("added", "removed", "changed")},
            }
            for cause, verdicts in found.groups.items()
        ],
        "exceptions": dict(found.exceptions),
    }
