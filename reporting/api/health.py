"""What happens against what is documented, by interface."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reporting.health import KINDS, Look
from reporting.queries import health_looks

_KINDS = [kind.key for kind in KINDS]


class SampleSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="label")
    href = serializers.CharField(help_text="Its page.")


class HealthFindingSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(_KINDS)
    says = serializers.CharField()
    fix = serializers.CharField()
    team = serializers.CharField(help_text="Key of the team to call.")
    count = serializers.IntegerField(help_text="How often in the period.")
    of = serializers.IntegerField(help_text="Of how many; 0 where it is no share of anything.")
    former = serializers.IntegerField(allow_null=True, help_text="How often in the period before.")
    workflow = serializers.CharField(help_text="Key of the workflow; empty where it is about none.")
    step = serializers.CharField()
    figures = serializers.CharField(help_text="Further figures in words.")
    samples = SampleSerializer(many=True)


class HealthSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(help_text="When it was looked.")
    since = serializers.DateTimeField(help_text="The beginning of the period; the former one is as long before it.")
    findings = HealthFindingSerializer(many=True)


class StepFigureSerializer(serializers.Serializer[Any]):
    workflow = serializers.CharField()
    step = serializers.CharField()
    runs = serializers.IntegerField(help_text="The newest runs of the workflow, which were read.")
    came = serializers.IntegerField(help_text="Runs that came to the step.")
    acted = serializers.IntegerField(help_text="Runs for which it did something.")
    here = serializers.IntegerField(help_text="Runs that are still there.")
    ended = serializers.IntegerField(help_text="Runs that were stopped or failed there.")
    went_on = serializers.FloatField(allow_null=True, help_text="Share of those that are not there any more.")
    p50_seconds = serializers.FloatField(allow_null=True)
    p90_seconds = serializers.FloatField(allow_null=True)
    former_came = serializers.IntegerField()
    former_p50_seconds = serializers.FloatField(allow_null=True)
    former_went_on = serializers.FloatField(allow_null=True)


_WORKFLOW = OpenApiParameter("workflow", str, description="Key of the workflow.")
_FILTERS = [
    OpenApiParameter("kind", str, enum=_KINDS),
    OpenApiParameter("team", str, description="Key of the team to call."),
    _WORKFLOW,
]


class HealthView(APIView):
    """Bottlenecks, failure points, and what differs from the map."""

    read_scope = "results:read"

    @extend_schema(responses=HealthSerializer, parameters=_FILTERS, operation_id="health_all")
    def get(self, request: Request) -> Response:
        """What the newest look found."""
        asked = _asked(request, {one.name for one in _FILTERS})
        if asked.get("kind", "") not in ("", *_KINDS):
            raise ValidationError({"kind": [f"This is one of {', '.join(_KINDS)}."]})
        look = _newest()
        found = [one for one in look.findings if all(getattr(one, name) == value for name, value in asked.items())]
        return Response(HealthSerializer({"at": look.at, "since": look.since, "findings": found}).data)


class StepsView(APIView):
    """What happened at each step of what is live."""

    read_scope = "results:read"

    @extend_schema(responses=StepFigureSerializer(many=True), parameters=[_WORKFLOW], operation_id="health_steps")
    def get(self, request: Request) -> Response:
        """Who came, who went on, and how long it took."""
        asked = _asked(request, {"workflow"})
        found = [one for one in _newest().steps if asked.get("workflow", one.workflow) == one.workflow]
        return Response(StepFigureSerializer(found, many=True).data)


def _newest() -> Look:
    look = health_looks.newest()
    if look is None:
        raise NotFound("Nobody has looked yet: the first look is taken within a minute of the start.")
    return look


def _asked(request: Request, known: set[str]) -> dict[str, str]:
    if unknown := sorted(set(request.query_params) - known):
        raise ValidationError({name: ["There is no such parameter."] for name in unknown})
    return {name: str(value) for name in known if (value := request.query_params.get(name))}
