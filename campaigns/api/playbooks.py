"""Playbooks by interface: read, published, tried out, and made into a campaign."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from campaigns.actions import playbooks
from campaigns.api.campaigns import CampaignSerializer
from campaigns.models import Playbook, PlaybookVersion
from campaigns.pattern import BadPattern, BadValues
from campaigns.queries import launch_plans
from campaigns.queries import playbooks as reading
from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.models import Team
from workflows.api.writing import Clash


class PlaybookSerializer(serializers.ModelSerializer[Playbook]):
    owner = serializers.CharField(source="owner.key", read_only=True, allow_null=True, default=None)
    version = serializers.SerializerMethodField(help_text="Number of its newest version.")
    content = serializers.SerializerMethodField(help_text="The newest version's file.")

    class Meta:
        model = Playbook
        fields = ["key", "name", "owner", "version", "content", "created_at"]

    def get_version(self, row: Playbook) -> int:
        return _newest(row).number

    def get_content(self, row: Playbook) -> dict[str, Any]:
        content: dict[str, Any] = _newest(row).content
        return content


class PublishSerializer(StrictSerializer):
    """A playbook's file, and what is new in it."""

    content = serializers.DictField()
    owner = serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), help_text="Key of the team.")
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class LaunchSerializer(StrictSerializer):
    """What a launch is to be made with."""

    owner = serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), help_text="Key of the team.")
    parameters = serializers.DictField()


class LaunchPlanSerializer(serializers.Serializer[Any]):
    """What would be made."""

    name = serializers.CharField()
    utm = serializers.DictField()
    makes = serializers.ListField(child=serializers.CharField())
    uses = serializers.ListField(child=serializers.CharField())
    problems = serializers.ListField(child=serializers.CharField())


class PlaybookViewSet(ReadOnlyModelViewSet[Playbook]):
    """Patterns that launches are made from."""

    read_scope = "playbooks:read"
    write_scope = "playbooks:write"
    queryset = Playbook.objects.select_related("owner").prefetch_related("versions")
    serializer_class = PlaybookSerializer
    lookup_field = "key"
    lookup_value_converter = "slug"

    @extend_schema(request=PublishSerializer, responses={201: PlaybookSerializer})
    def create(self, request: Request) -> Response:
        """A new playbook, or a new version of the one that the file names."""
        asked = PublishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        try:
            version = playbooks.publish(
                said["content"],
                owner=said["owner"],
                note=said.get("note", ""),
                by=caller(request),
                at=clock.now(),
            )
        except BadPattern as error:
            raise serializers.ValidationError({"content": [f"{at}: {says}" for at, says in error.problems]}) from None
        made = self.get_queryset().get(pk=version.playbook_id)
        return Response(PlaybookSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=LaunchSerializer, responses=LaunchPlanSerializer)
    @action(detail=True, methods=["post"])
    def preview(self, request: Request, key: str) -> Response:
        """What a launch with these parameters would make; nothing is written."""
        version, said = self._asked(request, key)
        try:
            found = launch_plans.plan(version=version, said=said["parameters"], owner=said["owner"], at=clock.now())
        except BadValues as error:
            raise serializers.ValidationError({"parameters": error.problems}) from None
        plan = {
            "name": found.name,
            "utm": found.utm,
            "makes": [str(change.name) for change in found.changes],
            "uses": found.used,
            "problems": found.problems,
        }
        return Response(LaunchPlanSerializer(plan).data)

    @extend_schema(request=LaunchSerializer, responses={201: CampaignSerializer})
    @action(detail=True, methods=["post"])
    def launch(self, request: Request, key: str) -> Response:
        """A campaign with everything that belongs to it; 409 where it cannot be made."""
        version, said = self._asked(request, key)
        try:
            made = playbooks.instantiate(
                version=version, said=said["parameters"], owner=said["owner"], by=caller(request), at=clock.now()
            )
        except BadValues as error:
            raise serializers.ValidationError({"parameters": error.problems}) from None
        except playbooks.CannotMake as error:
            raise Clash(str(error)) from None
        return Response(CampaignSerializer(made.campaign).data, status=status.HTTP_201_CREATED)

    def _asked(self, request: Request, key: str) -> tuple[PlaybookVersion, dict[str, Any]]:
        asked = LaunchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        playbook = get_object_or_404(Playbook, key=key)
        version = reading.newest(playbook.key)
        assert version is not None
        return version, asked.validated_data


def _newest(row: Playbook) -> PlaybookVersion:
    return max(row.versions.all(), key=lambda version: version.number)
