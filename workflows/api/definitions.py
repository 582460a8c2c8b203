"""Definitions by interface: event types, mappings, templates and conventions are made, changed and read alike."""

from dataclasses import asdict
from typing import Any, TypeVar

from django.core.exceptions import ValidationError as ModelError
from django.db.models import Model
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.models import Team
from workflows.actions import definitions, tracking_plans
from workflows.api import writing
from workflows.api.writing import IF_MATCH, Clash
from workflows.engine import tracking_plan as plans
from workflows.engine.difference import differences
from workflows.models import Block, EventType, LifecycleStage, Mapping, MessageTemplate, NamingConvention, Scoring
from workflows.queries import documents, event_names, uses

Row = TypeVar("Row", bound=Model)


def _team(**more: Any) -> Any:
    return serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), **more)


class EventTypeSerializer(StrictSerializer, serializers.ModelSerializer[EventType]):
    owner = _team(help_text="Key of the team.")
    consumers = _team(many=True, required=False, help_text="Keys of the teams that rely on it.")
    stage_effect = serializers.SlugRelatedField(
        slug_field="key", queryset=LifecycleStage.objects.all(), required=False, allow_null=True
    )
    warnings = serializers.SerializerMethodField(help_text="What the naming convention has against its name.")

    class Meta:
        model = EventType
        fields = [
            *("id", "name", "meaning", "owner", "consumers", "schema", "stage_effect", "score_effect"),
            *("consent_effect", "status", "warnings"),
        ]
        read_only_fields = ["status"]

    def get_warnings(self, row: EventType) -> list[str]:
        return event_names.against(row.name)


class MappingSerializer(StrictSerializer, serializers.ModelSerializer[Mapping]):
    owner = _team(help_text="Key of the team.")

    class Meta:
        model = Mapping
        fields = ["id", "key", "name", "owner", "rows", "status"]
        read_only_fields = ["status"]


class TemplateSerializer(StrictSerializer, serializers.ModelSerializer[MessageTemplate]):
    owner = _team(help_text="Key of the team.")

    class Meta:
        model = MessageTemplate
        fields = ["id", "key", "name", "channel", "owner", "subject", "body", "status"]
        read_only_fields = ["status"]


class BlockSerializer(StrictSerializer, serializers.ModelSerializer[Block]):
    owner = _team(help_text="Key of the team.")

    class Meta:
        model = Block
        fields = ["id", "key", "name", "owner", "choices", "fallback", "status"]
        read_only_fields = ["status"]


class ConventionSerializer(StrictSerializer, serializers.ModelSerializer[NamingConvention]):
    owner = _team(help_text="Key of the team.")

    class Meta:
        model = NamingConvention
        fields = ["id", "key", "name", "subject", "owner", "separator", "parts", "status"]
        read_only_fields = ["status"]


class ScoringSerializer(StrictSerializer, serializers.ModelSerializer[Scoring]):
    owner = _team(help_text="Key of the team.")

    class Meta:
        model = Scoring
        fields = ["id", "key", "name", "owner", "half_life_days", "rules", "status"]
        read_only_fields = ["status"]


class VersionSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    digest = serializers.CharField()
    content = serializers.JSONField(help_text="The document, as a workspace file holds it.")
    changes = serializers.ListField(child=serializers.CharField(), help_text="What it changed, in words.")
    note = serializers.CharField()
    author = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class UseSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="What refers to it: workflow, mapping, segment, …")
    key = serializers.CharField()
    state = serializers.CharField(help_text="For a workflow: live, draft or map.")
    where = serializers.CharField(help_text="The place in its document.")


class DefinitionViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    GenericViewSet[Row],
):
    """Read by everybody with the scope; written by people of the owner team, each write a new version."""

    read_scope = "definitions:read"
    write_scope = "definitions:write"
    lookup_value_converter = "int"
    http_method_names = ["get", "head", "options", "post", "put", "patch"]
    filterset_fields = ["status"]

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One definition; its ETag is what `If-Match` asks for."""
        answer: Response = super().retrieve(request, *args, **kwargs)
        answer["ETag"] = self._etag()
        return answer

    @extend_schema(parameters=[IF_MATCH])
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace it, as a new version of it."""
        answer: Response = super().update(request, *args, **kwargs)
        answer["ETag"] = self._etag()
        return answer

    @extend_schema(parameters=[IF_MATCH])
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change parts of it, as a new version of it."""
        return self.update(request, *args, partial=True, **kwargs)

    @extend_schema(responses=VersionSerializer(many=True))
    @action(detail=True, filter_backends=[], pagination_class=None)
    def versions(self, request: Request, **at: Any) -> Response:
        """Everything that it has said, newest first, each with its difference in words."""
        del request, at
        rows = list(documents.versions_of(self.get_object()).select_related("author"))
        older = [*rows[1:], None]
        lines = [
            {
                "number": row.number,
                "digest": row.digest,
                "content": row.content,
                "changes": differences(before.content, row.content) if before else [],
                "note": row.note,
                "author": row.author.get_username() if row.author else None,
                "created_at": row.created_at,
            }
            for row, before in zip(rows, older, strict=True)
        ]
        return Response(VersionSerializer(lines, many=True).data)

    @extend_schema(responses=UseSerializer(many=True))
    @action(detail=True, filter_backends=[], pagination_class=None)
    def uses(self, request: Request, **at: Any) -> Response:
        """Every place that refers to it."""
        del request, at
        row = self.get_object()
        kind = documents.kind_of(row)
        found = uses.of(kind.name, documents.key_of(row)) if kind else []
        lines = [
            {"kind": use.holder.kind, "key": use.holder.key, "state": use.holder.state, "where": use.where}
            for use in found
        ]
        return Response(UseSerializer(lines, many=True).data)

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = self._save(serializer.Meta.model(), dict(serializer.validated_data))

    def perform_update(self, serializer: Any) -> None:
        self._save(serializer.instance, dict(serializer.validated_data))

    def _save(self, row: Any, values: dict[str, Any]) -> Any:
        consumers = values.pop("consumers", None)
        for name, value in values.items():
            setattr(row, name, value)
        return writing.save(row, request=self.request, consumers=consumers)

    def _etag(self) -> str:
        return writing.etag(self.get_object())


class EventTypeViewSet(DefinitionViewSet[EventType]):
    """What may happen, what it means, and what its properties are."""

    queryset = EventType.objects.select_related("owner", "stage_effect").prefetch_related("consumers")
    serializer_class = EventTypeSerializer
    filterset_fields = ["status", "name"]

    @extend_schema(responses=OpenApiTypes.OBJECT, filters=False)
    @action(detail=False, pagination_class=None)
    def unclear(self, request: Request) -> Response:
        """Names that could be read in two ways: nearly the same, used in two ways, or meaning the same."""
        del request
        return Response(asdict(event_names.unclear()))

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
        filters=False,
        parameters=[
            OpenApiParameter("form", str, enum=["segment", "json-schema"], description="To read; segment if left out."),
            OpenApiParameter("owner", str, description="To write: key of the team that new event types belong to."),
        ],
    )
    @action(detail=False, methods=["get", "post"], url_path="tracking-plan", pagination_class=None)
    def tracking_plan(self, request: Request) -> Response:
        """The catalog as a Segment tracking plan or JSON Schemas; a POST takes either in, all of it or nothing."""
        if request.method == "POST":
            return self._take(request)
        planned = tracking_plans.planned()
        if request.query_params.get("form") == "json-schema":
            return Response(plans.to_json_schemas(planned))
        return Response(plans.to_segment(planned, name="MartechOps"))

    def _take(self, request: Request) -> Response:
        owner = Team.objects.filter(key=request.query_params.get("owner", "")).first()
        if owner is None:
            raise serializers.ValidationError({"owner": ["There is no such team."]})
        try:
            planned = plans.read(request.data)
            return Response(asdict(tracking_plans.take(planned, owner=owner, by=caller(request), at=clock.now())))
        except plans.BadPlan as error:
            raise serializers.ValidationError({"plan": [str(error)]}) from None
        except definitions.Frozen as error:
            raise Clash(str(error)) from None
        except ModelError as error:
            raise serializers.ValidationError(error.message_dict) from None


class MappingViewSet(DefinitionViewSet[Mapping]):
    """How fields of one system become fields of another."""

    queryset = Mapping.objects.select_related("owner")
    serializer_class = MappingSerializer
    filterset_fields = ["status", "key"]


class TemplateViewSet(DefinitionViewSet[MessageTemplate]):
    """What messages say."""

    queryset = MessageTemplate.objects.select_related("owner")
    serializer_class = TemplateSerializer
    filterset_fields = ["status", "key"]


class BlockViewSet(DefinitionViewSet[Block]):
    """Parts of messages that differ by who reads them."""

    queryset = Block.objects.select_related("owner")
    serializer_class = BlockSerializer
    filterset_fields = ["status", "key"]


class ConventionViewSet(DefinitionViewSet[NamingConvention]):
    """How things are called."""

    queryset = NamingConvention.objects.select_related("owner")
    serializer_class = ConventionSerializer
    filterset_fields = ["status", "key"]


class ScoringViewSet(DefinitionViewSet[Scoring]):
    """What events are worth, and how fast that fades."""

    queryset = Scoring.objects.select_related("owner")
    serializer_class = ScoringSerializer
    filterset_fields = ["status", "key"]
