"""Segments: made, changed and counted."""

import django_filters
from django.utils.text import slugify
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.models import Team
from workflows.api.definitions import DefinitionViewSet
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


class SegmentViewSet(DefinitionViewSet[Segment]):
    """Documented groups of contacts, by the fields that routing and reporting read."""

    queryset = Segment.objects.select_related("owner")
    serializer_class = SegmentSerializer
    filterset_class = SegmentFilter
    lookup_field = "key"
    lookup_value_converter = "slug"

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
