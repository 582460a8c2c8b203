"""Segments: made, changed and counted."""

from typing import Any

import django_filters
from django.utils.text import slugify
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.models import Team
from workflows.api import writing
from workflows.api.writing import IF_MATCH
from workflows.engine.conditions import condition_words
from workflows.forms.segment import TAKEN
from workflows.models import Segment, Status
from workflows.queries import segments


class SegmentSerializer(StrictSerializer, serializers.ModelSerializer[Segment]):
    owner = serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), help_text="Key of the team.")
    when = serializers.JSONField(help_text='The rule, such as {"contact.score": {"$gte": 50}}.')
    words = serializers.SerializerMethodField(help_text="The rule as people say it.")

    class Meta:
        model = Segment
        fields = ["key", "name", "meaning", "owner", "when", "words", "status"]
        read_only_fields = ["status"]

    def get_words(self, row: Segment) -> str:
        return condition_words(row.when)

    def validate_key(self, key: str) -> str:
        """A key is how it is called for ever."""
        if self.instance is not None and self.instance.key != key:
            raise serializers.ValidationError("A key stays as it is.")
        if key in TAKEN or key != slugify(key):
            raise serializers.ValidationError(
                "Small letters, digits and hyphens; not a word that means something here."
            )
        return key


class SegmentFilter(django_filters.FilterSet):  # type: ignore[misc]
    status = django_filters.ChoiceFilter(choices=Status.choices)
    owner = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")


class SegmentViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    GenericViewSet[Segment],
):
    """Documented groups of contacts, by the fields that routing and reporting read."""

    read_scope = "definitions:read"
    write_scope = "definitions:write"
    queryset = Segment.objects.select_related("owner")
    serializer_class = SegmentSerializer
    filterset_class = SegmentFilter
    lookup_field = "key"
    lookup_value_converter = "slug"
    http_method_names = ["get", "head", "options", "post", "put", "patch"]

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One segment; its ETag is what `If-Match` asks for."""
        answer: Response = super().retrieve(request, *args, **kwargs)
        answer["ETag"] = writing.etag(self.get_object())
        return answer

    @extend_schema(parameters=[IF_MATCH])
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace it, as a new version of it."""
        answer: Response = super().update(request, *args, **kwargs)
        answer["ETag"] = writing.etag(self.get_object())
        return answer

    @extend_schema(parameters=[IF_MATCH])
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change parts of it, as a new version of it."""
        return self.update(request, *args, partial=True, **kwargs)

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = writing.save(Segment(**serializer.validated_data), request=self.request)

    def perform_update(self, serializer: Any) -> None:
        row = serializer.instance
        for name, value in serializer.validated_data.items():
            setattr(row, name, value)
        writing.save(row, request=self.request)

    @extend_schema(
        responses=inline_serializer(
            "SegmentCount",
            {
                "count": serializers.IntegerField(help_text="Contacts in it now."),
                "total": serializers.IntegerField(help_text="All contacts."),
                "unanswered": serializers.IntegerField(help_text="Those of whom it cannot be said."),
            },
        )
    )
    @action(detail=True)
    def count(self, request: Request, key: str) -> Response:
        """How many contacts are in it now."""
        del request, key
        found = segments.members(self.get_object().when, at=clock.now())
        return Response({"count": found.count, "total": found.total, "unanswered": found.unanswered})
