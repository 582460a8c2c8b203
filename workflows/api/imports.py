"""Files of people by interface: uploaded, checked, taken in, and what was refused given back."""

import io
from typing import Any

import django_filters
from django.core.exceptions import ValidationError as ModelError
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.permissions import check_may
from workflows.actions import imports as actions
from workflows.api.writing import Clash
from workflows.engine import tables
from workflows.models import Import, System
from workflows.queries import imports, refused_rows


class CsvParser(BaseParser):
    """The body as it is, read no further than a file may go."""

    media_type = "text/csv"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        del media_type, parser_context
        return {"file": stream.read(actions.LARGEST_BYTES + 1)}


class ImportSerializer(serializers.ModelSerializer[Import]):
    system = serializers.CharField(source="source.system.key", help_text="Key of the system the values come from.")
    by = serializers.CharField(source="by.username")
    columns = serializers.JSONField(help_text="In the file's order: heading and key.")
    choices = serializers.JSONField(help_text="What each column is: its field in `to`, how it is read in `as`.")
    found = serializers.JSONField(help_text="What the check found: rows that are good, and of these the known.")

    class Meta:
        model = Import
        fields = [
            "id",
            "file_name",
            "size_bytes",
            "encoding",
            "system",
            "state",
            "columns",
            "choices",
            "rows",
            "rows_passed",
            "found",
            "stored",
            "repeated",
            "refused",
            "by",
            "created_at",
            "started_at",
            "ended_at",
        ]


class ChoiceSerializer(StrictSerializer):
    """What one column is."""

    to = serializers.CharField(max_length=80, help_text="Key of the field, or user_id.")
    as_ = serializers.CharField(max_length=40, required=False, help_text="How it is read; left out: as usual.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        fields["as"] = fields.pop("as_")
        return fields


class ChoicesSerializer(StrictSerializer):
    """What the columns are, by key; a column that is not named is left out."""

    columns = serializers.DictField(child=ChoiceSerializer(), allow_empty=False)


class PreviewSerializer(serializers.Serializer[Any]):
    """One row as it would be taken."""

    line = serializers.IntegerField()
    values = serializers.JSONField(help_text="By field.")
    problems = serializers.ListField(child=serializers.CharField(), help_text="Any, and the row stays out.")


class ImportFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=Import.State.choices)
    system = django_filters.CharFilter(field_name="source__system__key", help_text="Key of the system.")


class ImportViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, GenericViewSet[Import]):
    """Files on their way in. What they bring goes through the same door as any event."""

    read_scope = "imports:read"
    write_scope = "imports:write"
    queryset = Import.objects.select_related("source__system", "by")
    serializer_class = ImportSerializer
    filterset_class = ImportFilter
    lookup_value_converter = "int"

    def get_parsers(self) -> list[BaseParser]:
        """A file where one is uploaded, JSON everywhere else."""
        if self.action_map and self.action_map.get("post") == "create":
            return [CsvParser()]
        return super().get_parsers()

    @extend_schema(
        request={"text/csv": OpenApiTypes.BINARY},
        responses={201: ImportSerializer},
        parameters=[
            OpenApiParameter("system", str, required=True, description="Key of the system the values come from."),
            OpenApiParameter("name", str, description="What the file is called."),
        ],
    )
    def create(self, request: Request) -> Response:
        """Upload a file; its columns are guessed, and nothing is taken in yet."""
        system = System.objects.filter(key=request.query_params.get("system", "")).first()
        if system is None:
            raise serializers.ValidationError({"system": ["Name the system that the values come from, by its key."]})
        body: dict[str, bytes] = request.data  # type: ignore[assignment] # as our own parser gives it
        raw = body["file"]
        name = request.query_params.get("name", "").strip() or "people.csv"
        try:
            made = actions.upload(
                file=io.BytesIO(raw), name=name, size=len(raw), system=system, by=caller(request), at=clock.now()
            )
        except tables.BadTable as error:
            raise serializers.ValidationError({"file": [f"It cannot be read: {error}."]}) from None
        return Response(ImportSerializer(made).data, status=201)

    @extend_schema(request=ChoicesSerializer, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def choose(self, request: Request, pk: int) -> Response:
        """Say what the columns are, and have every row checked; `state` tells when that is over."""
        del pk
        asked = ChoicesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self._done(request, actions.choose, choices=asked.validated_data["columns"])

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: int) -> Response:
        """Take in the rows that were found good."""
        del pk
        return self._done(request, actions.start)

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        """Take in no more; what is in stays, and is counted."""
        del pk
        return self._done(request, actions.cancel)

    @extend_schema(responses=PreviewSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def preview(self, request: Request, pk: int) -> Response:
        """The first rows as they would be taken with what the columns are now."""
        del pk
        check_may(request.user, "contacts.import")
        return Response(PreviewSerializer(imports.preview(self.get_object()), many=True).data)

    @extend_schema(responses={(200, "text/csv"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def refused(self, request: Request, pk: int) -> StreamingHttpResponse:
        """The rows that were not taken, in the same columns, with line and reason."""
        del pk
        check_may(request.user, "contacts.import")
        found = self.get_object()
        answer = StreamingHttpResponse(refused_rows.lines(found), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = content_disposition_header(True, refused_rows.file_name(found)) or "attachment"
        return answer

    def _done(self, request: Request, act: Any, **said: Any) -> Response:
        try:
            found = act(self.get_object(), **said, by=caller(request), at=clock.now())
        except actions.WrongState as error:
            raise Clash(str(error)) from None
        except ModelError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return Response(ImportSerializer(found).data)
