"""Reports by interface: what was made, what was verified, and what the numbers rest on."""

import django_filters
from rest_framework import mixins, serializers
from rest_framework.viewsets import GenericViewSet

from reporting.models import Report


class ReportSerializer(serializers.ModelSerializer[Report]):
    class Meta:
        model = Report
        fields = ["id", "key", "at", "run_id", "holds", "checks", "table", "definitions"]


class ReportFilter(django_filters.FilterSet):  # type: ignore[misc]
    class Meta:
        model = Report
        fields = ["key", "holds", "run_id"]


class ReportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Report]):
    """Newest first; a report never changes."""

    queryset = Report.objects.all()
    serializer_class = ReportSerializer
    filterset_class = ReportFilter
    read_scope = "results:read"
