"""Numbers of archived campaigns by interface: as they were kept, and counted once more."""

from dataclasses import asdict
from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from reporting.models import ArchivedNumbers
from reporting.queries import archived


class ArchivedNumbersSerializer(serializers.ModelSerializer[ArchivedNumbers]):
    campaign = serializers.CharField(source="archive.campaign.key", read_only=True)

    class Meta:
        model = ArchivedNumbers
        fields = ["id", "campaign", "made_at", "digest", "content"]


class RowsNowSerializer(serializers.Serializer[Any]):
    view = serializers.CharField()
    kept = serializers.IntegerField(help_text="Rows that were counted.")
    same = serializers.IntegerField()
    gone_with_contact = serializers.IntegerField(help_text="Their contact was erased, deleted or merged.")
    gone = serializers.IntegerField(help_text="Not kept any longer.")
    changed = serializers.IntegerField()
    came = serializers.IntegerField(help_text="Came after it was archived.")


class DifferenceSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    span = serializers.CharField(help_text="First day; empty: all of it.")
    channel = serializers.CharField()
    kept = serializers.FloatField(allow_null=True)
    now = serializers.FloatField(allow_null=True)
    because = serializers.ListField(child=serializers.CharField())


class ReproductionSerializer(serializers.Serializer[Any]):
    is_equal = serializers.BooleanField()
    is_explained = serializers.BooleanField(help_text="Every difference has a reason.")
    compared = serializers.IntegerField(help_text="Numbers that were counted once more.")
    differences = DifferenceSerializer(many=True)
    rows = RowsNowSerializer(many=True)
    renames = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    redefined = serializers.DictField(child=serializers.IntegerField(), help_text="Key of the metric: its version now.")


class ArchivedNumbersFilter(django_filters.FilterSet):  # type: ignore[misc]
    campaign = django_filters.CharFilter(field_name="archive__campaign__key", help_text="Key of the campaign.")

    class Meta:
        model = ArchivedNumbers
        fields = ["campaign"]


class ArchivedNumbersViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[ArchivedNumbers]):
    """What archived campaigns came to; it never changes."""

    queryset = ArchivedNumbers.objects.select_related("archive__campaign")
    serializer_class = ArchivedNumbersSerializer
    filterset_class = ArchivedNumbersFilter
    read_scope = "results:read"

    @extend_schema(responses=ReproductionSerializer, filters=False)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def reproduction(self, request: Request, pk: int) -> Response:
        """The same counted once more, by the definitions that were kept, from what there is today."""
        del request, pk
        made = archived.reproduce(self.get_object())
        said = {
            "is_equal": made.is_equal,
            "is_explained": made.is_explained,
            "compared": made.compared,
            "differences": [
                {
                    "metric": one.metric.key,
                    "span": one.span,
                    "channel": one.channel,
                    "kept": one.kept,
                    "now": one.now,
                    "because": list(one.because),
                }
                for one in made.differences
            ],
            "rows": [asdict(row) for row in made.rows],
            "renames": [list(one) for one in made.renames],
            "redefined": {metric.key: version for metric, version in made.redefined},
        }
        return Response(ReproductionSerializer(said).data)
