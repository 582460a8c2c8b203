"""The workspace as files by interface: an archive out, and an archive's plan and application."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from martechops.lib import clock
from martechops.people.api.authentication import caller
from workflows.api.writing import Clash
from workflows.workspace import applying, bundles, exporting, planning, telling
from workflows.workspace.folders import CannotRead

_ARCHIVE = {"application/zip": OpenApiTypes.BINARY}
_PRUNE = OpenApiParameter("prune", bool, description="Also remove what is in no file.")


class ZipParser(BaseParser):
    """The body as it is, read no further than an archive may go."""

    media_type = "application/zip"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        del media_type, parser_context
        return {"archive": stream.read(bundles.LARGEST_ARCHIVE + 1)}


class PlanSerializer(serializers.Serializer[Any]):
    digest = serializers.CharField(help_text="Names the changes; what was shown is applied by naming it.")
    summary = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField())
    changes = serializers.JSONField(help_text="Verb, kind, key, file, difference in words, and what is touched.")
    problems = serializers.JSONField(help_text="File, line, column, and what is wrong there; any, and nothing applies.")
    warnings = serializers.JSONField(help_text="What is wrong already, or in drafts.")
    absent = serializers.JSONField(help_text="In no file, and kept.")


class ExportView(APIView):
    """Everything that is defined, as files in an archive."""

    read_scope = "workspace:read"

    @extend_schema(
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        parameters=[OpenApiParameter("live", bool, description="Of workflows what is live, not what was frozen last.")],
    )
    def get(self, request: Request) -> HttpResponse:
        """An archive of YAML files and their schemas; equal workspaces make equal archives."""
        files = exporting.files(live=_flag(request, "live"))
        return HttpResponse(bundles.pack(files), content_type="application/zip")


class PlanView(APIView):
    """What an archive would change."""

    write_scope = "workspace:read"
    parser_classes = [ZipParser]

    @extend_schema(request=_ARCHIVE, responses=PlanSerializer, parameters=[_PRUNE])
    def post(self, request: Request) -> Response:
        """Nothing is written. Problems are part of the answer, each with its file, line and column."""
        files, prune = _files(request), _flag(request, "prune")
        made = planning.plan(files, by=caller(request), at=clock.now(), prune=prune)
        return Response(telling.data(made))


class ApplyView(APIView):
    """An archive brought in."""

    write_scope = "workspace:write"
    parser_classes = [ZipParser]

    @extend_schema(
        request=_ARCHIVE,
        responses=PlanSerializer,
        parameters=[_PRUNE, OpenApiParameter("plan", str, description="Digest of the plan that was agreed to.")],
    )
    def post(self, request: Request) -> Response:
        """All of it or nothing, as the person whose token it is; nothing goes live by it."""
        files, prune = _files(request), _flag(request, "prune")
        expected = request.query_params.get("plan")
        try:
            done = applying.apply(files, by=caller(request), at=clock.now(), prune=prune, expected=expected)
        except applying.CannotApply as error:
            raise serializers.ValidationError({"files": [str(problem) for problem in error.problems]}) from None
        except applying.OtherPlan as error:
            raise Clash(str(error)) from None
        return Response(telling.data(done))


def _files(request: Request) -> dict[str, bytes]:
    sent = request.data  # without a body there is nothing in it
    try:
        return bundles.unpack(sent.get("archive", b"") if isinstance(sent, dict) else b"")
    except CannotRead as error:
        raise serializers.ValidationError({"files": [str(error)]}) from None


def _flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "") in ("1", "true", "yes")
