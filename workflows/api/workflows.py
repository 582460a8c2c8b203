"""Workflows and their versions by interface: drafts are begun, written, frozen and discarded; versions are compared."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django.core.exceptions import ValidationError as ModelError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.models import Team
from workflows.actions import drafts, versions, workflows
from workflows.api.writing import IF_MATCH, ChangedMeanwhile, Clash
from workflows.engine.edits import CannotEdit, Replace
from workflows.engine.parse import BadSpec
from workflows.engine.workflow_difference import compare
from workflows.models import Version, Workflow
from workflows.queries import changed_uses, in_flight, specs


def _team(**more: Any) -> Any:
    return serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), **more)


class WorkflowSerializer(StrictSerializer, serializers.ModelSerializer[Workflow]):
    owner = _team(help_text="Key of the team.")
    target = serializers.SlugRelatedField(
        slug_field="key", queryset=Workflow.objects.all(), required=False, allow_null=True
    )
    live_version = serializers.SerializerMethodField(help_text="Number of the version that is live; null if none is.")
    draft = serializers.SerializerMethodField(help_text="Number of the open draft; null if there is none.")

    class Meta:
        model = Workflow
        fields = ["key", "name", "type", "owner", "map_only", "target", "live_version", "draft"]

    def get_live_version(self, row: Workflow) -> int | None:
        return next((one.version.number for one in row.activations.all() if one.until is None), None)

    def get_draft(self, row: Workflow) -> int | None:
        return next((one.number for one in row.versions.all() if one.frozen_at is None), None)


class WorkflowVersionSerializer(serializers.ModelSerializer[Version]):
    workflow = serializers.CharField(source="workflow.key", read_only=True, help_text="Key of the workflow.")
    begun_from = serializers.SerializerMethodField(help_text="Number of the version that it was begun from.")
    author = serializers.CharField(source="author.username", read_only=True, allow_null=True, default=None)
    state = serializers.SerializerMethodField(
        help_text=(
            "draft; live; rolling_out, where a part of those who come enter it; rolled_back; "
            "finishing, where people are on the way and nobody enters any more; else frozen."
        )
    )
    in_flight = serializers.IntegerField(read_only=True, help_text="How many are on the way on it.")
    problems = serializers.SerializerMethodField(help_text="What keeps it from being frozen, each with its place.")

    class Meta:
        model = Version
        fields = [
            *("id", "workflow", "number", "content", "digest", "begun_from", "note", "author"),
            *("created_at", "frozen_at", "revision", "state", "in_flight", "problems"),
        ]

    def get_state(self, row: Version) -> str:
        if row.frozen_at is None:
            return "draft"
        if row.is_live:  # type: ignore[attr-defined]
            return in_flight.LIVE
        if row.is_tried:  # type: ignore[attr-defined]
            return in_flight.TRIED
        if row.is_withdrawn:  # type: ignore[attr-defined]
            return in_flight.ROLLED_BACK
        return in_flight.FINISHING if row.in_flight else in_flight.FROZEN  # type: ignore[attr-defined]

    def get_begun_from(self, row: Version) -> int | None:
        return row.parent.number if row.parent else None

    def get_problems(self, row: Version) -> list[dict[str, str]]:
        return [] if row.frozen_at else _problems(specs.of(row).problems)


class BeginSerializer(StrictSerializer, serializers.Serializer[Any]):
    workflow = serializers.SlugRelatedField(
        slug_field="key", queryset=Workflow.objects.select_related("owner"), help_text="Key of the workflow."
    )
    content = serializers.DictField(required=False, help_text="The file; that of the newest version if left out.")


class DraftContentSerializer(StrictSerializer, serializers.Serializer[Any]):
    content = serializers.DictField(help_text="The workflow file, complete or not.")


class NoteSerializer(StrictSerializer, serializers.Serializer[Any]):
    note = serializers.CharField(help_text="What changes, and why.", max_length=2000)


class NothingSerializer(StrictSerializer, serializers.Serializer[Any]):
    pass


class WorkflowFilter(django_filters.FilterSet):  # type: ignore[misc]
    type = django_filters.ChoiceFilter(choices=Workflow.Type.choices)
    owner = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")
    map_only = django_filters.BooleanFilter()


class VersionFilter(django_filters.FilterSet):  # type: ignore[misc]
    workflow = django_filters.CharFilter(field_name="workflow__key", help_text="Key of the workflow.")
    is_draft = django_filters.BooleanFilter(field_name="frozen_at", lookup_expr="isnull", help_text="Only open drafts.")


class WorkflowViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, GenericViewSet[Workflow]
):
    """What should happen to one subject; what it says is in its versions."""

    read_scope = "workflows:read"
    write_scope = "workflows:write"
    queryset = Workflow.objects.select_related("owner", "target").prefetch_related("activations__version", "versions")
    serializer_class = WorkflowSerializer
    filterset_class = WorkflowFilter
    lookup_field = "key"
    lookup_value_converter = "slug"
    http_method_names = ["get", "head", "options", "post"]

    def perform_create(self, serializer: Any) -> None:
        """With an open draft of the usual steps of its type."""
        try:
            made = workflows.create(**serializer.validated_data, by=caller(self.request), at=clock.now())
        except ModelError as error:
            raise serializers.ValidationError(error.message_dict) from None
        serializer.instance = made.workflow


class VersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Version]):
    """Content of a workflow at one point: one open draft, and frozen ones that never change."""

    read_scope = "workflows:read"
    write_scope = "workflows:write"
    queryset = in_flight.with_state(Version.objects.select_related("workflow__owner", "parent", "author"))
    serializer_class = WorkflowVersionSerializer
    filterset_class = VersionFilter
    lookup_value_converter = "int"
    http_method_names = ["get", "head", "options", "post", "put", "delete"]

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One version; its ETag is what `If-Match` asks for."""
        answer: Response = super().retrieve(request, *args, **kwargs)
        answer["ETag"] = _etag(self.get_object())
        return answer

    @extend_schema(request=BeginSerializer, responses={201: WorkflowVersionSerializer})
    def create(self, request: Request) -> Response:
        """Begin a draft, from the newest version or from a file; 409 where one is open already."""
        said = _valid(BeginSerializer(data=request.data))
        workflow = said["workflow"]
        if workflow.versions.filter(frozen_at=None).exists():
            raise Clash(f"{workflow.name} has an open draft; write or discard that one.")
        version = _done(
            lambda: drafts.begin(
                workflow=workflow, by=caller(request), at=clock.now(), content=said.get("content"), note=""
            )
        )
        return _answer(version, status.HTTP_201_CREATED)

    @extend_schema(request=DraftContentSerializer, responses=WorkflowVersionSerializer, parameters=[IF_MATCH])
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace the content of the draft; 412 with what both sides changed if it is not at `If-Match` any more."""
        del args, kwargs
        version = self._open_draft()
        said = _valid(DraftContentSerializer(data=request.data))
        seen = _seen(request, version)
        if seen != version.revision:
            _refuse(version, seen, said["content"])
        change = Replace(said["content"], "Written by interface")
        saved = _done(
            lambda: drafts.edit(
                workflow=version.workflow, change=change, revision=seen, by=caller(request), at=clock.now()
            )
        )
        return _answer(saved.version)

    @extend_schema(request=None, responses={204: None}, parameters=[IF_MATCH])
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Discard the draft."""
        del args, kwargs
        version = self._open_draft()
        seen = _seen(request, version)
        _done(lambda: drafts.discard(workflow=version.workflow, revision=seen, by=caller(request), at=clock.now()))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=NoteSerializer, responses=WorkflowVersionSerializer, parameters=[IF_MATCH])
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    def freeze(self, request: Request, pk: int) -> Response:
        """From now on it never changes; a rollout can make it live. 400 with what is to be mended first."""
        del pk
        version = self._open_draft()
        note = _valid(NoteSerializer(data=request.data))["note"]
        seen = _seen(request, version)
        frozen = _done(
            lambda: versions.freeze(version=version, by=caller(request), at=clock.now(), note=note, revision=seen)
        )
        return _answer(frozen)

    @extend_schema(request=NothingSerializer, responses={201: WorkflowVersionSerializer})
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    def restore(self, request: Request, pk: int) -> Response:
        """Say in the draft what this version says."""
        del pk
        _valid(NothingSerializer(data=request.data))
        version = self.get_object()
        draft = _done(lambda: drafts.restore(version=version, by=caller(request), at=clock.now()))
        return _answer(draft, status.HTTP_201_CREATED)

    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        filters=False,
        parameters=[OpenApiParameter("since", int, description="Number of the older version; its parent if left out.")],
    )
    @action(detail=True, filter_backends=[], pagination_class=None)
    def difference(self, request: Request, pk: int) -> Response:
        """What changed since an older version of the workflow, in words, step by step, and in what it uses."""
        del pk
        version = self.get_object()
        old = _older(version, request.query_params.get("since"))
        found = compare(old.content if old else {}, version.content)
        used = changed_uses.between(version.content, old=old.frozen_at if old else None, new=version.frozen_at)
        return Response(
            {
                "from": old.number if old else None,
                "to": version.number,
                "workflow": list(found.whole),
                "steps": [
                    {"key": step.key, "name": step.name, "change": step.kind, "says": list(step.says)}
                    for step in found.steps
                ],
                "uses": [
                    {"kind": use.label, "key": use.key, "from": use.before, "to": use.after, "says": list(use.says)}
                    for use in used
                ],
            }
        )

    def _open_draft(self) -> Version:
        version: Version = self.get_object()
        if version.frozen_at is not None:
            raise Clash(f"{version} is frozen and never changes; restore it as a draft.")
        return version


def _older(version: Version, number: str | None) -> Version | None:
    if number is None:
        return version.parent
    found = None
    if number.isdecimal() and len(number) < 9:
        found = version.workflow.versions.filter(number=int(number)).first()
    if found is None:
        raise serializers.ValidationError({"since": ["There is no version of this number."]})
    return found


def _answer(version: Version, code: int = status.HTTP_200_OK) -> Response:
    row = VersionViewSet.queryset.get(pk=version.pk)
    return Response(WorkflowVersionSerializer(row).data, status=code, headers={"ETag": _etag(version)})


def _etag(version: Version) -> str:
    return f'"{version.revision}"'


def _seen(request: Request, version: Version) -> int:
    """The revision that the caller has read."""
    wanted = request.headers.get("If-Match", "*").strip()
    if wanted == "*":
        return version.revision
    number = wanted.removeprefix("W/").strip('"')
    return int(number) if number.isdecimal() and len(number) < 9 else -1


def _refuse(version: Version, seen: int, mine: Mapping[str, Any]) -> None:
    base = drafts.content_at(version, seen)
    raise ChangedMeanwhile(
        f"It is at revision {version.revision} now. They changed: {_told(base, version.content)}. "
        f"You would change: {_told(base, mine)}."
    )


def _told(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return "; ".join(compare(old, new).sentences) or "nothing"


def _problems(problems: Any) -> list[dict[str, str]]:
    return [{"path": path, "says": says} for path, says in problems]


def _valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    valid: dict[str, Any] = serializer.validated_data
    return valid


def _done(act: Any) -> Any:
    """What the action gives, with its refusals as answers."""
    try:
        return act()
    except drafts.ChangedMeanwhile as error:
        raise ChangedMeanwhile(str(error)) from None
    except (versions.AlreadyFrozen, versions.NothingChanged, drafts.NoDraft) as error:
        raise Clash(str(error)) from None
    except BadSpec as error:
        raise serializers.ValidationError({path or "content": [says] for path, says in error.problems}) from None
    except CannotEdit as error:
        raise serializers.ValidationError({"content": [str(error)]}) from None
