"""What the lint finds, and how ready a workflow is, by interface."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from workflows.lint import BY_CODE, SEVERITIES, Finding, Readiness, merged
from workflows.queries import lint


class PlaceSerializer(serializers.Serializer[Any]):
    workflow = serializers.CharField()
    step = serializers.CharField(help_text="Empty for the workflow as a whole.")


class FindingSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Of the check; its page is `/docs/lint/<code>/`.")
    severity = serializers.ChoiceField(SEVERITIES)
    workflow = serializers.CharField(help_text="Key of the workflow.")
    state = serializers.CharField(help_text="Of the version: live, draft, frozen or map.")
    path = serializers.CharField(help_text="Into the workflow's file.")
    step = serializers.CharField()
    says = serializers.CharField()
    fix = serializers.CharField()
    team = serializers.CharField(help_text="Key of the team to call.")
    also = PlaceSerializer(many=True, help_text="Other places that take part in it.")
    ignored_because = serializers.CharField(help_text="Why it may stand; empty for what has to be mended.")


class ItemSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="J1 to J8.")
    title = serializers.CharField()
    holds = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())
    next_action = serializers.CharField()
    team = serializers.CharField()


class ReadinessSerializer(serializers.Serializer[Any]):
    workflow = serializers.CharField()
    score = serializers.IntegerField(help_text="0 to 8.")
    items = ItemSerializer(many=True)


_FILTERS = [
    OpenApiParameter("code", str, description="A code, or the beginning of codes: GRD is all guardrails."),
    OpenApiParameter("severity", str, enum=SEVERITIES),
    OpenApiParameter("team", str, description="Key of the team to call."),
    OpenApiParameter("together", bool, description="Only what several workflows do together: conflicts."),
]
_KNOWN = frozenset(parameter.name for parameter in _FILTERS)


class LintView(APIView):
    """Everything that is found in all workflows."""

    read_scope = "definitions:read"

    @extend_schema(responses=FindingSerializer(many=True), parameters=_FILTERS, operation_id="lint_all")
    def get(self, request: Request) -> Response:
        """Live and draft versions, and maps; the same fault of a live version and its draft stands once."""
        return _answer(lint.examined().findings, request)


class WorkflowLintView(APIView):
    """What concerns one workflow."""

    read_scope = "definitions:read"

    @extend_schema(responses=FindingSerializer(many=True), parameters=_FILTERS, operation_id="lint_one")
    def get(self, request: Request, key: str) -> Response:
        """Conflicts with others included."""
        _readiness(key)
        return _answer(lint.findings_of(key), request)


class ReadinessView(APIView):
    """The guide's checklist for one workflow."""

    read_scope = "definitions:read"

    @extend_schema(responses=ReadinessSerializer, operation_id="readiness_one")
    def get(self, request: Request, key: str) -> Response:
        """Which of the eight hold, why not, and what to do next."""
        _refuse_unknown(request, frozenset())
        return Response(ReadinessSerializer(_readiness(key)).data)


def _readiness(key: str) -> Readiness:
    found = lint.readiness_of(key)
    if found is None:
        raise NotFound(f"There is no workflow {key} with a version.")
    return found


def _answer(findings: Iterable[Finding], request: Request) -> Response:
    _refuse_unknown(request, _KNOWN)
    asked = request.query_params
    if asked.get("together") not in (None, "", "true", "false"):
        raise ValidationError({"together": ["This is true or false."]})
    if asked.get("severity") and asked["severity"] not in SEVERITIES:
        raise ValidationError({"severity": [f"This is one of {', '.join(SEVERITIES)}."]})
    chosen = [one for one in merged(findings) if _is_asked(one, asked)]
    return Response(FindingSerializer(chosen, many=True).data)


def _is_asked(finding: Finding, asked: Any) -> bool:
    together = asked.get("together")
    return (
        finding.code.startswith(asked.get("code", "").upper())
        and asked.get("severity", "") in ("", finding.severity)
        and asked.get("team", "") in ("", finding.team)
        and (not together or (together == "true") == BY_CODE[finding.code].together)
    )


def _refuse_unknown(request: Request, known: frozenset[str]) -> None:
    if unknown := sorted(set(request.query_params) - known):
        raise ValidationError({name: ["There is no such parameter."] for name in unknown})
