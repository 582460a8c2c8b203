"""Scenarios by interface: written as definitions are, and tried on a version of a workflow."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.models import Team
from workflows.engine.parse import BadSpec
from workflows.models import Scenario, Workflow
from workflows.rehearsal import versions
from workflows.rehearsal.trials import Trial

from .definitions import DefinitionViewSet


class ScenarioSerializer(StrictSerializer, serializers.ModelSerializer[Scenario]):
    owner = serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), help_text="Key of the team.")
    workflow = serializers.SlugRelatedField(
        slug_field="key",
        queryset=Workflow.objects.all(),
        required=False,
        allow_null=True,
        help_text="Key of the workflow; null: every workflow of the types.",
    )

    class Meta:
        model = Scenario
        fields = ["id", "key", "name", "says", "owner", "workflow", "types", "given", "when", "then", "status"]
        read_only_fields = ["status"]


class FailureSerializer(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="The expectation, as then[2].")
    says = serializers.CharField()
    step = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class TrialSerializer(serializers.Serializer[Any]):
    scenario = serializers.CharField()
    name = serializers.CharField()
    standard = serializers.BooleanField(help_text="It comes with the product.")
    verdict = serializers.ChoiceField(choices=["holds", "fails"])
    says = serializers.CharField()
    failures = FailureSerializer(many=True)
    took_ms = serializers.FloatField()


class ResultsSerializer(serializers.Serializer[Any]):
    workflow = serializers.CharField()
    version = serializers.IntegerField()
    trials = TrialSerializer(many=True)


class ScenarioViewSet(DefinitionViewSet[Scenario]):
    """Stories with what is expected of workflows."""

    queryset = Scenario.objects.select_related("owner", "workflow")
    serializer_class = ScenarioSerializer
    filterset_fields = ["status", "key"]

    @extend_schema(
        responses=ResultsSerializer,
        filters=False,
        parameters=[
            OpenApiParameter("workflow", str, required=True, description="Key of the workflow."),
            OpenApiParameter("version", int, description="Its number; the live one if left out."),
        ],
    )
    @action(detail=False, filter_backends=[], pagination_class=None)
    def results(self, request: Request) -> Response:
        """Every scenario about a workflow, played now on one of its versions."""
        version = _version(request)
        try:
            tried = versions.tried(version)
        except BadSpec as error:
            raise serializers.ValidationError({"version": [f"It cannot be run: {error}"]}) from None
        found = {"workflow": version.workflow.key, "version": version.number, "trials": map(_document, tried.trials)}
        return Response(ResultsSerializer(found).data)


def _version(request: Request) -> Any:
    asked = request.query_params
    if unknown := sorted(set(asked) - {"workflow", "version", "format"}):
        raise serializers.ValidationError({name: ["It is not known here."] for name in unknown})
    workflow = Workflow.objects.filter(key=asked.get("workflow", "")).first()
    if workflow is None:
        raise serializers.ValidationError({"workflow": ["There is no such workflow."]})
    number = asked.get("version", "")
    if number and not (number.isdecimal() and len(number) < 9):
        raise serializers.ValidationError({"version": ["It is a number."]})
    version = versions.newest(workflow, number=int(number) if number else None)
    if version is None:
        raise NotFound("There is no such version.")
    return version


def _document(trial: Trial) -> dict[str, Any]:
    return {
        "scenario": trial.scenario.key,
        "name": trial.scenario.name,
        "standard": trial.is_standard,
        "verdict": trial.verdict,
        "says": trial.says,
        "failures": trial.failures,
        "took_ms": round(trial.took_ms, 2),
    }
