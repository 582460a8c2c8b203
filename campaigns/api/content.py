"""Content items: what is planned, written, published and promoted."""

from typing import Any

import django_filters
from django.core.exceptions import ValidationError as ModelError
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from campaigns.actions import content_reviews
from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.models import Team
from workflows.actions import content
from workflows.api import writing
from workflows.api.writing import IF_MATCH, ChangedMeanwhile, Clash
from workflows.models import ContentItem
from workflows.queries import content as reading
from workflows.queries.content import Revision


class ContentSerializer(StrictSerializer, serializers.ModelSerializer[ContentItem]):
    owner = serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), help_text="Key of the team.")
    channels = serializers.ListField(child=serializers.CharField(max_length=80), required=False)

    class Meta:
        model = ContentItem
        fields = [
            "id",
            "key",
            "name",
            "kind",
            "state",
            "owner",
            "channels",
            "body",
            "link",
            "planned_for",
            "published_at",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "state", "published_at", "created_at", "updated_at"]


class MoveSerializer(StrictSerializer):
    """Where it goes."""

    to = serializers.ChoiceField(ContentItem.State.choices)


class RevisionSerializer(serializers.Serializer[Any]):
    """One edit, and what it changed."""

    number = serializers.IntegerField()
    id = serializers.IntegerField(help_text="What restoring it names.")
    by = serializers.CharField(source="by.username", default="", help_text="Empty for a part of the system.")
    at = serializers.DateTimeField()
    why = serializers.CharField()
    changed = serializers.SerializerMethodField()

    def get_changed(self, revision: Revision) -> list[str]:
        return [name for name, _, _ in revision.changes]


class RestoreSerializer(StrictSerializer):
    """Which revision."""

    revision = serializers.IntegerField(min_value=1, max_value=2**53)


class ContentFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=ContentItem.State.choices)
    kind = django_filters.ChoiceFilter(choices=ContentItem.Kind.choices)
    owner = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")


class ContentViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.ListModelMixin,
    GenericViewSet[ContentItem],
):
    """Items on their way from plan to promotion."""

    http_method_names = ["get", "head", "options", "post", "patch"]

    read_scope = "content:read"
    write_scope = "content:write"
    queryset = ContentItem.objects.select_related("owner")
    serializer_class = ContentSerializer
    filterset_class = ContentFilter
    lookup_value_converter = "int"

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One item; its ETag is what `If-Match` asks for."""
        answer: Response = super().retrieve(request, *args, **kwargs)
        answer["ETag"] = f'"{content.state_of(self.get_object())}"'
        return answer

    @extend_schema(parameters=[IF_MATCH])
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Other words: what was agreed to, or is out, becomes a draft again. 409 in review; 412 if not at `If-Match`.

        Without that header the last one to write wins, and what was there before is a revision that can be restored.
        """
        answer: Response = super().partial_update(request, *args, **kwargs)
        answer["ETag"] = f'"{content.state_of(self.get_object())}"'
        return answer

    def perform_create(self, serializer: serializers.BaseSerializer[ContentItem]) -> None:
        serializer.instance = self._write(ContentItem(**serializer.validated_data))

    def perform_update(self, serializer: serializers.BaseSerializer[ContentItem]) -> None:
        item = serializer.instance
        assert item is not None
        for name, value in serializer.validated_data.items():
            setattr(item, name, value)
        serializer.instance = self._write(item)

    def _write(self, item: ContentItem) -> ContentItem:
        expected = writing.matched(self.request) if item.pk else ""
        try:
            return content.save(item, by=caller(self.request), at=clock.now(), expected=expected or None)
        except content.ChangedMeanwhile as error:
            raise ChangedMeanwhile(str(error)) from None
        except ModelError as error:
            raise serializers.ValidationError(error.message_dict) from None

    @extend_schema(responses=RevisionSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def revisions(self, request: Request, pk: int) -> Response:
        """Its words over time, newest first."""
        del request, pk
        return Response(RevisionSerializer(reading.revisions(self.get_object()), many=True).data)

    @extend_schema(request=RestoreSerializer, responses=ContentSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: int) -> Response:
        """Its words as an earlier revision has them, as another edit."""
        del pk
        asked = RestoreSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            item = content.restore(
                item=self.get_object(), revision=asked.validated_data["revision"], by=caller(request), at=clock.now()
            )
        except LookupError as error:
            raise Http404(str(error)) from None
        return Response(ContentSerializer(item).data)

    @extend_schema(request=MoveSerializer, responses=ContentSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: int) -> Response:
        """One step along its way; to review, it is asked for. 409 where that is no step from where it stands."""
        del pk
        asked = MoveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            item = content_reviews.move(
                item=self.get_object(), to=asked.validated_data["to"], by=caller(request), at=clock.now()
            )
        except content.CannotMove as error:
            raise Clash(str(error)) from None
        return Response(ContentSerializer(item).data)
