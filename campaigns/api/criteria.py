"""How success criteria stand, by interface."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from campaigns.budgets import Level
from campaigns.queries import criteria
from martechops.lib import clock


class LeftSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    left = serializers.FloatField(help_text="1: nothing of the budget is used up; below 0: more than there was.")


class CountedSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField(help_text="Key of the metric.")
    version = serializers.IntegerField(help_text="Of its definition; 0: it could not be counted.")
    digest = serializers.CharField(help_text="Names everything that the number was counted by.")
    unit = serializers.CharField()
    currency = serializers.CharField(help_text="Of money.")
    says = serializers.CharField(help_text="Why it could not be counted.")
    at = serializers.DateTimeField(source="counted_at")


class CriterionSerializer(serializers.Serializer[Any]):
    workflow = serializers.CharField(source="workflow.key")
    key = serializers.CharField(source="criterion.key")
    says = serializers.CharField(source="criterion.says")
    asks = serializers.CharField(help_text="What it asks for, in words.")
    owner = serializers.CharField(source="owner.key", help_text="Key of the team that answers for it.")
    level = serializers.ChoiceField([one.value for one in Level])
    met = serializers.IntegerField(source="budget.met", default=None, allow_null=True)
    missed = serializers.IntegerField(source="budget.missed", default=None, allow_null=True)
    open = serializers.IntegerField(help_text="On the way, and not late yet.")
    value = serializers.FloatField(allow_null=True, help_text="Of a metric; a share is between 0 and 1.")
    counted = CountedSerializer(allow_null=True, help_text="Of a metric: by which definition, and when.")
    late_runs = serializers.ListField(child=serializers.IntegerField(), source="late")
    burn_down = serializers.SerializerMethodField()

    def get_burn_down(self, standing: criteria.Standing) -> list[dict[str, Any]]:
        return [{"day": day.isoformat(), "left": left} for day, left in standing.burn_down]


class CriteriaView(APIView):
    """Success criteria of everything that is live, measured."""

    read_scope = "workflows:read"

    @extend_schema(
        responses=CriterionSerializer(many=True),
        parameters=[OpenApiParameter("workflow", str, description="Key of the workflow.")],
        operation_id="criteria_all",
    )
    def get(self, request: Request) -> Response:
        """Those in trouble first; over the last 28 days, in business time where a criterion says so."""
        if unknown := sorted(set(request.query_params) - {"workflow"}):
            raise ValidationError({name: ["There is no such parameter."] for name in unknown})
        key = str(request.query_params.get("workflow") or "")
        found = criteria.standings(at=clock.now(), keys=[key] if key else None)
        return Response(CriterionSerializer(found, many=True).data)
