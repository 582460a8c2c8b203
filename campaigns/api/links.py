"""Links by interface: the registry of what launches send people to, an address tagged, and visits asked for."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from campaigns import naming
from campaigns.actions import checklists, short_links
from campaigns.models import Campaign
from campaigns.pattern import Parameter
from campaigns.pattern.parameters import BadValue
from campaigns.queries import links
from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.permissions import check_may


class VisitSerializer(serializers.Serializer[Any]):
    """What an address answered when it was last asked."""

    at = serializers.DateTimeField(source="visited_at", allow_null=True)
    status = serializers.IntegerField(allow_null=True)
    final_url = serializers.CharField(help_text="Where it led at last.")
    problem = serializers.CharField(help_text="Empty for a good answer.")


class ShortSerializer(serializers.Serializer[Any]):
    """A short address of ours, and how often it was followed."""

    url = serializers.CharField()
    address = serializers.CharField(help_text="Where it leads, tagged.")
    followed = serializers.IntegerField()
    followed_at = serializers.DateTimeField(allow_null=True)


class LinkSerializer(serializers.Serializer[Any]):
    """One address in one place of one campaign."""

    address = serializers.CharField()
    campaign = serializers.CharField(source="campaign.key")
    place = serializers.CharField(help_text="Where it stands, as people call it.")
    at = serializers.CharField(help_text="The page of that place.")
    tags = serializers.DictField(child=serializers.CharField(), help_text="UTM parameters, without utm_.")
    astray = serializers.SerializerMethodField(help_text="Parameters that should be something else: what.")
    visit = VisitSerializer(allow_null=True)
    short = ShortSerializer(allow_null=True, help_text="The short address by which it stands there.")

    def get_astray(self, link: links.RegisteredLink) -> dict[str, str]:
        return dict(link.astray)


class LinksSerializer(serializers.Serializer[Any]):
    results = LinkSerializer(many=True)


class TagSerializer(StrictSerializer):
    """An address, and what is other than the campaign says."""

    campaign = serializers.SlugRelatedField(slug_field="key", queryset=Campaign.objects.all(), help_text="Its key.")
    address = serializers.CharField(max_length=2000)
    source = serializers.CharField(max_length=200, required=False)  # type: ignore[assignment]
    medium = serializers.CharField(max_length=200, required=False)
    content = serializers.CharField(max_length=200, required=False)


class TaggedSerializer(serializers.Serializer[Any]):
    address = serializers.CharField()


class VisitedSerializer(serializers.Serializer[Any]):
    asked_for = serializers.IntegerField(help_text="How many addresses are visited, one after the other for each host.")


class LinkViewSet(GenericViewSet[Campaign]):
    """Every address of launches that are not over, read from their messages and content."""

    read_scope = "campaigns:read"
    write_scope = "campaigns:write"
    queryset = Campaign.objects.all()
    serializer_class = LinkSerializer
    pagination_class: type[BasePagination] | None = None

    @extend_schema(
        parameters=[OpenApiParameter("campaign", str, description="Key of one campaign.")], responses=LinksSerializer
    )
    def list(self, request: Request) -> Response:
        """All of them, or those of one campaign."""
        key = request.query_params.get("campaign")
        if key is None:
            return Response(LinksSerializer({"results": links.registered()}).data)
        campaign = Campaign.objects.filter(key=key).first()
        if campaign is None:
            raise serializers.ValidationError({"campaign": f"There is no campaign {key}."})
        return Response(LinksSerializer({"results": links.registered(campaign)}).data)

    @extend_schema(request=TagSerializer, responses=TaggedSerializer)
    @action(detail=False, methods=["post"])
    def tag(self, request: Request) -> Response:
        """The address as the campaign's links are tagged; nothing is written."""
        _, built = self._tagged(request)
        return Response(TaggedSerializer({"address": built}).data)

    @extend_schema(request=TagSerializer, responses=ShortSerializer)
    @action(detail=False, methods=["post"])
    def shorten(self, request: Request) -> Response:
        """A short address that leads to the tagged one; the same each time it is asked for."""
        campaign, built = self._tagged(request)
        made = short_links.make(campaign=campaign, address=built, by=caller(request), at=clock.now())
        return Response(ShortSerializer(made).data)

    def _tagged(self, request: Request) -> tuple[Campaign, str]:
        asked = TagSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = asked.validated_data
        campaign = said["campaign"]
        try:
            address = Parameter("address", "Address", "url").read(said["address"])
        except BadValue as error:
            raise serializers.ValidationError({"address": f"It must be {error}."}) from None
        extra = {name: said[name] for name in ("source", "medium", "content") if name in said}
        return campaign, naming.tag(address, {"campaign": campaign.name, **campaign.utm, **extra})

    @extend_schema(request=None, responses=VisitedSerializer)
    @action(detail=False, methods=["post"])
    def visit(self, request: Request) -> Response:
        """Have them all visited anew, politely, in the background."""
        check_may(caller(request), "campaigns.edit")
        found = links.to_visit(links.registered())
        checklists.ask_for_visits(found, at=clock.now())
        return Response(VisitedSerializer({"asked_for": len(found)}).data)
