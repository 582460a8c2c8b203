"""Content items: what is planned, written, published and promoted."""

import django_filters
from django.core.exceptions import ValidationError as ModelError
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.models import Team
from workflows.actions import content
from workflows.api.writing import Clash
from workflows.models import ContentItem


class ContentSerializer(serializers.ModelSerializer[ContentItem]):
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


class ContentFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=ContentItem.State.choices)
    kind = django_filters.ChoiceFilter(choices=ContentItem.Kind.choices)
    owner = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")


class ContentViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    GenericViewSet[ContentItem],
):
    """Items on their way from plan to promotion."""

    read_scope = "content:read"
    write_scope = "content:write"
    queryset = ContentItem.objects.select_related("owner")
    serializer_class = ContentSerializer
    filterset_class = ContentFilter
    lookup_value_converter = "int"

    def perform_create(self, serializer: serializers.BaseSerializer[ContentItem]) -> None:
        item = ContentItem(**serializer.validated_data)
        try:
            serializer.instance = content.save(item, by=caller(self.request), at=clock.now())
        except ModelError as error:
            raise serializers.ValidationError(error.message_dict) from None

    @extend_schema(request=MoveSerializer, responses=ContentSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: int) -> Response:
        """One step along its way; 409 where that is no step from where it stands."""
        del pk
        asked = MoveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            item = content.move(
                item=self.get_object(), to=asked.validated_data["to"], by=caller(request), at=clock.now()
            )
        except content.CannotMove as error:
            raise Clash(str(error)) from None
        return Response(ContentSerializer(item).data)
