"""Campaigns by interface: read, planned, changed while they are drafts, and taken a step further."""

from typing import Any

import django_filters
from django.core.exceptions import ValidationError as ModelError
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from campaigns import lifecycle
from campaigns.actions import campaigns
from campaigns.models import Campaign
from martechops.lib import clock
from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.api.authentication import caller
from martechops.people.models import Team
from workflows.api import writing
from workflows.api.writing import IF_MATCH, ChangedMeanwhile, Clash
from workflows.models import ContentItem, Segment, Workflow

#: What people do; approving is what the approvals come to.
VERBS = [(step.verb, step.says) for step in lifecycle.TRANSITIONS if step.action]


class CampaignSerializer(StrictSerializer, serializers.ModelSerializer[Campaign]):
    owner = serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), help_text="Key of the team.")
    audience = serializers.SlugRelatedField(
        slug_field="key", queryset=Segment.objects.all(), required=False, allow_null=True, help_text="Key of a segment."
    )
    channels = serializers.ListField(child=serializers.CharField(max_length=120), required=False)
    utm = serializers.DictField(child=serializers.CharField(max_length=200), required=False)
    email_campaign_ids = serializers.ListField(child=serializers.CharField(max_length=120), required=False)
    workflows = serializers.SlugRelatedField(
        slug_field="key", many=True, queryset=Workflow.objects.all(), required=False, help_text="Keys of workflows."
    )
    content = serializers.SlugRelatedField(
        slug_field="key", many=True, queryset=ContentItem.objects.all(), required=False, help_text="Keys of items."
    )

    class Meta:
        model = Campaign
        fields = [
            *("campaign_id", "key", "name", "brief", "state", "owner", "channels", "audience", "starts_at", "ends_at"),
            *("budget", "currency", "utm", "email_campaign_ids", "crm_campaign_id", "workflows", "content"),
            *("approved_digest", "started_at", "ended_at", "created_at", "updated_at"),
        ]
        read_only_fields = [
            *("campaign_id", "key", "state", "approved_digest", "started_at", "ended_at", "created_at", "updated_at")
        ]


class CampaignMoveSerializer(StrictSerializer):
    """Which step, and why."""

    verb = serializers.ChoiceField(VERBS)
    note = serializers.CharField(max_length=400, required=False, allow_blank=True)


class CampaignFilter(django_filters.FilterSet):  # type: ignore[misc]
    state = django_filters.ChoiceFilter(choices=[(state.value, name) for state, name in lifecycle.LABELS.items()])
    owner = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")
    campaign_id = django_filters.CharFilter()


class CampaignViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    GenericViewSet[Campaign],
):
    """Launches: what they are, what they use, and where they stand."""

    read_scope = "campaigns:read"
    write_scope = "campaigns:write"
    queryset = Campaign.objects.select_related("owner", "audience").prefetch_related("workflows", "content")
    serializer_class = CampaignSerializer
    filterset_class = CampaignFilter
    lookup_field = "key"
    lookup_value_converter = "slug"
    http_method_names = ["get", "head", "options", "post", "patch"]

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One campaign; its ETag is what `If-Match` asks for."""
        answer: Response = super().retrieve(request, *args, **kwargs)
        answer["ETag"] = f'"{campaigns.state_of(self.get_object())}"'
        return answer

    @extend_schema(parameters=[IF_MATCH])
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a draft; 409 for what is none, 412 if it is not at `If-Match` any more."""
        answer: Response = super().partial_update(request, *args, **kwargs)
        answer["ETag"] = f'"{campaigns.state_of(self.get_object())}"'
        return answer

    def perform_create(self, serializer: Any) -> None:
        serializer.instance = self._write(Campaign(), serializer.validated_data)

    def perform_update(self, serializer: Any) -> None:
        serializer.instance = self._write(serializer.instance, serializer.validated_data)

    @extend_schema(request=CampaignMoveSerializer, responses=CampaignSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, key: str) -> Response:
        """One step further; 409 where that is no step from where it stands, or something that it needs is missing."""
        del key
        asked = CampaignMoveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            moved = campaigns.move(
                campaign=self.get_object(), **asked.validated_data, by=caller(request), at=clock.now()
            )
        except (lifecycle.WrongState, campaigns.NotReady) as error:
            raise Clash(str(error)) from None
        return Response(CampaignSerializer(moved).data)

    def _write(self, campaign: Campaign, said: dict[str, Any]) -> Campaign:
        """All of it or nothing. Raises at the fields that are wrong."""
        by, at = caller(self.request), clock.now()
        expected = writing.matched(self.request) if campaign.pk else ""
        workflows, content = said.pop("workflows", None), said.pop("content", None)
        for name, value in said.items():
            setattr(campaign, name, value)
        try:
            with transaction.atomic():
                campaigns.save(campaign, by=by, at=at, expected=expected or None)
                if workflows is not None:
                    campaigns.set_workflows(campaign=campaign, workflows=workflows, by=by, at=at)
                if content is not None:
                    campaigns.set_content(campaign=campaign, items=content, by=by, at=at)
        except ModelError as error:
            problems = error.message_dict if hasattr(error, "error_dict") else {"workflows": error.messages}
            raise serializers.ValidationError(problems) from None
        except campaigns.ChangedMeanwhile as error:
            raise ChangedMeanwhile(str(error)) from None
        except campaigns.NotADraft as error:
            raise Clash(str(error)) from None
        return self.get_queryset().get(pk=campaign.pk)
