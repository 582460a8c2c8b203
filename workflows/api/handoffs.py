"""Work passed between teams."""

import django_filters
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from workflows.models import Handoff


class HandoffSerializer(serializers.ModelSerializer[Handoff]):
    to = serializers.CharField(source="owner.key", help_text="Key of the team that is to take it.")
    by = serializers.CharField(source="from_team.key", allow_null=True, help_text="Key of the team that gave it.")
    payload = serializers.JSONField(help_text="What the other team needs to know, by path.")

    class Meta:
        model = Handoff
        fields = [
            "id",
            "run_id",
            "step",
            "contact_id",
            "content_id",
            "by",
            "to",
            "payload",
            "awaited",
            "state",
            "reason",
            "offered_at",
            "due_at",
            "accepted_at",
            "ended_at",
        ]


class HandoffFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=Handoff.State.choices)
    to = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")
    contact = django_filters.NumberFilter(field_name="contact_id")


class HandoffViewSet(ReadOnlyModelViewSet[Handoff]):
    """Who passed what to whom, and what became of it."""

    read_scope = "handoffs:read"
    queryset = Handoff.objects.select_related("owner", "from_team")
    serializer_class = HandoffSerializer
    filterset_class = HandoffFilter
    lookup_value_converter = "int"
