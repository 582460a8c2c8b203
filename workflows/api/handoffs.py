"""Work passed between teams."""

from typing import Any

import django_filters
from django.core.exceptions import ValidationError as ModelError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from workflows.actions import handwork
from workflows.api.writing import Clash
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


class DeclineSerializer(StrictSerializer):
    """Why the team does not take it."""

    note = serializers.CharField(max_length=300, help_text="For those who asked.")


class HandoffFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=Handoff.State.choices)
    to = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")
    contact = django_filters.NumberFilter(field_name="contact_id")


class HandoffViewSet(ReadOnlyModelViewSet[Handoff]):
    """Who passed what to whom, and what became of it."""

    read_scope = "handoffs:read"
    write_scope = "handoffs:write"
    queryset = Handoff.objects.select_related("owner", "from_team")
    serializer_class = HandoffSerializer
    filterset_class = HandoffFilter
    lookup_value_converter = "int"

    @extend_schema(request=None, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: int) -> Response:
        """The team takes the work; a run that waits for that goes on."""
        del pk
        return self._answered(request, handwork.accept)

    @extend_schema(request=DeclineSerializer, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: int) -> Response:
        """The team does not take it, and says why."""
        del pk
        asked = DeclineSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return self._answered(request, handwork.give_back, note=asked.validated_data["note"])

    @extend_schema(request=None, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def done(self, request: Request, pk: int) -> Response:
        """The work is done."""
        del pk
        return self._answered(request, handwork.complete)

    def _answered(self, request: Request, act: Any, **said: Any) -> Response:
        """409 where somebody has answered meanwhile, or it is not where this can be done."""
        try:
            found = act(handoff=self.get_object(), by=caller(request), at=clock.now(), **said)
        except handwork.AlreadyAnswered as error:
            raise Clash(str(error)) from None
        except ModelError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return Response(HandoffSerializer(found).data)
