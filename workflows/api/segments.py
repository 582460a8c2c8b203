"""Segments: made, changed and counted."""

from typing import Any

import django_filters
from django.core.exceptions import ValidationError as ModelError
from django.utils.text import slugify
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.models import Team, User
from workflows.actions import definitions
from workflows.engine.conditions import condition_words
from workflows.forms.segment import TAKEN
from workflows.models import Segment, Status
from workflows.queries import documents, segments

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag that you read: refused if it was changed since."
)


class ChangedMeanwhile(APIException):
    """Somebody else was faster."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "changed_meanwhile"


class Clash(APIException):
    """The state of the segment does not allow it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


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
        answer["ETag"] = _etag(self.get_object())
        return answer

    @extend_schema(parameters=[IF_MATCH])
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace it, as a new version of it."""
        answer: Response = super().update(request, *args, **kwargs)
        answer["ETag"] = _etag(self.get_object())
        return answer

    @extend_schema(parameters=[IF_MATCH])
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change parts of it, as a new version of it."""
        return self.update(request, *args, partial=True, **kwargs)

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = self._save(Segment(**serializer.validated_data))

    def perform_update(self, serializer: Any) -> None:
        row = serializer.instance
        for name, value in serializer.validated_data.items():
            setattr(row, name, value)
        self._save(row)

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

    def _save(self, row: Segment) -> Segment:
        user = self.request.user
        if not isinstance(user, User):
            raise NotAuthenticated
        try:
            return definitions.save(row, by=user, at=clock.now(), expected=self._expected(row))
        except definitions.Conflict as error:
            raise ChangedMeanwhile(str(error)) from None
        except (definitions.Frozen, definitions.WrongStatus) as error:
            raise Clash(str(error)) from None
        except ModelError as error:
            raise serializers.ValidationError(error.message_dict) from None

    def _expected(self, row: Segment) -> int | None:
        """The number of the version that the caller has read."""
        wanted = self.request.headers.get("If-Match", "*").strip()
        if row.pk is None or wanted == "*":
            return None
        number = wanted.removeprefix("W/").strip('"')
        return int(number) if number.isdecimal() and len(number) < 10 else -1


def _etag(row: Segment) -> str:
    return f'"{documents.latest_number(row)}"'
