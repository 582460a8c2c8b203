"""Contacts going through workflow versions."""

import django_filters
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from martechops.lib.drf.filters import InstantFilter
from workflows.api.references import VERSION_NUMBER, WORKFLOW_KEY
from workflows.models import Run


class RunSerializer(serializers.ModelSerializer[Run]):
    workflow = serializers.CharField(read_only=True, help_text="Key of the workflow.")
    version = serializers.IntegerField(read_only=True, help_text="Number of the version it is pinned to.")

    class Meta:
        model = Run
        fields = [
            "id",
            "workflow",
            "version",
            "contact_id",
            "entry_key",
            "state",
            "step",
            "waits_for",
            "reason",
            "event_id",
            "entered_at",
            "changed_at",
            "moved_at",
            "ended_at",
        ]


class RunFilter(django_filters.FilterSet):  # type: ignore[misc]
    workflow = django_filters.CharFilter(help_text="Key of the workflow.")
    state = django_filters.ChoiceFilter(choices=Run.State.choices)
    contact = django_filters.NumberFilter(field_name="contact_id")
    step = django_filters.CharFilter()
    entered_after = InstantFilter(field_name="entered_at", lookup_expr="gte")
    entered_before = InstantFilter(field_name="entered_at", lookup_expr="lt")


class RunViewSet(ReadOnlyModelViewSet[Run]):
    """Who is or was in which workflow, where, and why it ended."""

    read_scope = "runs:read"
    queryset = Run.objects.annotate(workflow=WORKFLOW_KEY, version=VERSION_NUMBER)
    serializer_class = RunSerializer
    filterset_class = RunFilter
    lookup_value_converter = "int"
