"""Approvals and releases by interface: read, asked for, answered, taken back. What a page refuses is refused here."""

from typing import Any

import django_filters
from django.core.exceptions import ValidationError as ModelError
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from campaigns.actions import approvals, releases, verdicts
from campaigns.api.release_previews import ReleasePreviewSerializer
from campaigns.models import Approval, ApprovalRequest, Release
from campaigns.queries import release_previews
from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.models import User
from workflows.api.writing import Clash
from workflows.models import Version


class ApprovalSerializer(serializers.ModelSerializer[Approval]):
    user = serializers.SlugRelatedField[User](slug_field="username", read_only=True)
    delegated_from = serializers.SlugRelatedField[User](slug_field="username", read_only=True)

    class Meta:
        model = Approval
        fields = ["section", "digest", "user", "delegated_from", "verdict", "comment", "step", "at"]
        read_only_fields = fields


class ApprovalRequestSerializer(StrictSerializer, serializers.ModelSerializer[ApprovalRequest]):
    owner = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    requested_by = serializers.SlugRelatedField[User](slug_field="username", read_only=True)
    approvals = ApprovalSerializer(many=True, read_only=True)

    class Meta:
        model = ApprovalRequest
        fields = [
            *(
                "id",
                "subject_kind",
                "subject_key",
                "release",
                "label",
                "owner",
                "digest",
                "sections",
                "manifest",
                "risk",
            ),
            *(
                "reasons",
                "needs",
                "note",
                "state",
                "because",
                "requested_by",
                "requested_at",
                "expires_at",
                "closed_at",
            ),
            *("go_live_at", "went_at", "approvals"),
        ]
        read_only_fields = fields


class AskSerializer(StrictSerializer):
    """Which frozen version, what to say to those who are asked, and when it goes live by itself."""

    version = serializers.PrimaryKeyRelatedField(queryset=Version.objects.select_related("workflow"))
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    go_live_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class DecideSerializer(StrictSerializer):
    """What one says, and of which sections; none for all that one is asked about."""

    verdict = serializers.ChoiceField(Approval.Verdict.choices)
    sections = serializers.ListField(child=serializers.CharField(max_length=20), required=False, default=list)
    comment = serializers.CharField(max_length=verdicts.LONGEST, required=False, allow_blank=True, default="")
    step = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    on_behalf_of = serializers.SlugRelatedField(
        slug_field="username", queryset=User.objects.all(), required=False, allow_null=True, default=None
    )


class WithdrawSerializer(StrictSerializer):
    """Why."""

    because = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class ApprovalFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=ApprovalRequest.State.choices)
    subject_kind = django_filters.CharFilter()
    subject_key = django_filters.CharFilter()
    digest = django_filters.CharFilter()
    requested_by = django_filters.CharFilter(field_name="requested_by__username")


class ApprovalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[ApprovalRequest]):
    """Requests that something may go live, and what people said to them."""

    read_scope = "approvals:read"
    write_scope = "approvals:write"
    queryset = ApprovalRequest.objects.select_related("owner", "requested_by").prefetch_related(
        "approvals__user", "approvals__delegated_from"
    )
    serializer_class = ApprovalRequestSerializer
    filterset_class = ApprovalFilter
    lookup_value_converter = "int"
    http_method_names = ["get", "head", "options", "post"]

    @extend_schema(request=AskSerializer, responses={201: ApprovalRequestSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a frozen version with all that it depends on now; from then on its workflow is read-only."""
        said = _valid(AskSerializer(data=request.data))
        try:
            made = approvals.ask_for_version(**said, by=caller(request), at=clock.now())
        except releases.CannotRelease as error:
            raise Clash(str(error)) from None
        return self._answer(made, status.HTTP_201_CREATED)

    @extend_schema(request=DecideSerializer, responses=ApprovalRequestSerializer)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: int) -> Response:
        """Approve, ask for changes, or refuse; 409 where it is stale or closed, 403 for who wrote it."""
        del pk
        said = _valid(DecideSerializer(data=request.data))
        try:
            decided = verdicts.decide(request=self.get_object(), **said, by=caller(request), at=clock.now())
        except ModelError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return self._answer(decided)

    @extend_schema(request=WithdrawSerializer, responses=ApprovalRequestSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        """Take the question back; it can be edited again."""
        del pk
        said = _valid(WithdrawSerializer(data=request.data))
        return self._answer(verdicts.withdraw(request=self.get_object(), **said, by=caller(request), at=clock.now()))

    def _answer(self, row: ApprovalRequest, code: int = status.HTTP_200_OK) -> Response:
        return Response(ApprovalRequestSerializer(self.get_queryset().get(pk=row.pk)).data, status=code)


class ReleaseSerializer(StrictSerializer, serializers.ModelSerializer[Release]):
    workflow = serializers.SlugRelatedField[Any](slug_field="key", read_only=True)
    made_by = serializers.SlugRelatedField[User](slug_field="username", read_only=True)

    class Meta:
        model = Release
        fields = ["id", "workflow", "version", "number", "manifest", "digest", "risk", "note", "made_by", "made_at"]
        read_only_fields = fields


class MakeReleaseSerializer(StrictSerializer):
    """Of which frozen version."""

    version = serializers.PrimaryKeyRelatedField(queryset=Version.objects.select_related("workflow"))
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ReleaseFilter(django_filters.FilterSet):  # type: ignore[misc]
    workflow = django_filters.CharFilter(field_name="workflow__key", help_text="Key of the workflow.")
    digest = django_filters.CharFilter()


class ReleaseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Release]):
    """Frozen versions with the digests of everything that they depend on."""

    read_scope = "approvals:read"
    write_scope = "approvals:write"
    queryset = Release.objects.select_related("workflow", "version__workflow", "made_by")
    serializer_class = ReleaseSerializer
    filterset_class = ReleaseFilter
    lookup_value_converter = "int"
    http_method_names = ["get", "head", "options", "post"]

    @extend_schema(request=MakeReleaseSerializer, responses={201: ReleaseSerializer})
    def create(self, request: Request) -> Response:
        """The release of a version as everything stands now; the newest one of it, if that says the same."""
        said = _valid(MakeReleaseSerializer(data=request.data))
        try:
            made = releases.make(**said, by=caller(request), at=clock.now())
        except releases.CannotRelease as error:
            raise Clash(str(error)) from None
        return Response(ReleaseSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=ReleasePreviewSerializer)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def preview(self, request: Request, pk: int) -> Response:
        """What going live would mean now: for whom is on their way, and by the replay for who comes."""
        del request, pk
        return Response(ReleasePreviewSerializer(release_previews.of(self.get_object())).data)


def _valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    valid: dict[str, Any] = serializer.validated_data
    return valid
