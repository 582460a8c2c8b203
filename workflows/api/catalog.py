"""Systems, fields, lifecycle stages and teams by interface."""

import django_filters
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from martechops.lib.drf.serializers import StrictSerializer
from martechops.people.models import Team
from workflows.api.definitions import DefinitionViewSet
from workflows.engine.spec import STAGES
from workflows.models import Field, LifecycleStage, Status, System


def _team() -> serializers.SlugRelatedField[Team]:
    return serializers.SlugRelatedField(slug_field="key", queryset=Team.objects.all(), help_text="Key of the team.")


class SystemSerializer(StrictSerializer, serializers.ModelSerializer[System]):
    owner = _team()

    class Meta:
        model = System
        fields = ["id", "key", "name", "kind", "connector", "owner", "sandbox", "paused"]
        read_only_fields = ["paused"]


class FieldSerializer(StrictSerializer, serializers.ModelSerializer[Field]):
    owner = _team()
    system_of_record = serializers.SlugRelatedField(slug_field="key", queryset=System.objects.all())
    allowed_values = serializers.ListField(child=serializers.CharField(), required=False)
    written_in = serializers.ListField(child=serializers.ChoiceField(STAGES), required=False)

    class Meta:
        model = Field
        fields = [
            *("id", "key", "label", "type", "allowed_values", "personal", "system_of_record", "owner"),
            *("written_in", "status"),
        ]
        read_only_fields = ["status"]


class StageSerializer(StrictSerializer, serializers.ModelSerializer[LifecycleStage]):
    owner = _team()
    crm_statuses = serializers.ListField(child=serializers.CharField(), required=False)

    class Meta:
        model = LifecycleStage
        fields = ["id", "key", "name", "position", "crm_statuses", "owner", "status"]
        read_only_fields = ["status"]


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ["id", "key", "name", "duty"]


class SystemFilter(django_filters.FilterSet):  # type: ignore[misc]
    key = django_filters.CharFilter()
    kind = django_filters.ChoiceFilter(choices=System.Kind.choices)
    owner = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")


class FieldFilter(django_filters.FilterSet):  # type: ignore[misc]
    key = django_filters.CharFilter()
    type = django_filters.ChoiceFilter(choices=Field.Type.choices)
    status = django_filters.ChoiceFilter(choices=Status.choices)
    personal = django_filters.BooleanFilter()
    owner = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")
    system_of_record = django_filters.CharFilter(field_name="system_of_record__key", help_text="Key of the system.")


class StageFilter(django_filters.FilterSet):  # type: ignore[misc]
    key = django_filters.CharFilter()
    status = django_filters.ChoiceFilter(choices=Status.choices)
    owner = django_filters.CharFilter(field_name="owner__key", help_text="Key of the team.")


class TeamFilter(django_filters.FilterSet):  # type: ignore[misc]
    key = django_filters.CharFilter()


class SystemViewSet(DefinitionViewSet[System]):
    """Tools that data flows through."""

    queryset = System.objects.select_related("owner")
    serializer_class = SystemSerializer
    filterset_class = SystemFilter


class FieldViewSet(DefinitionViewSet[Field]):
    """Attributes of a contact, and who is the authority on each."""

    queryset = Field.objects.select_related("owner", "system_of_record")
    serializer_class = FieldSerializer
    filterset_class = FieldFilter


class StageViewSet(DefinitionViewSet[LifecycleStage]):
    """Marketing stages, their order, and the CRM statuses that mean them."""

    queryset = LifecycleStage.objects.select_related("owner")
    serializer_class = StageSerializer
    filterset_class = StageFilter


class TeamViewSet(ReadOnlyModelViewSet[Team]):
    """Who owns definitions; made and changed by an admin."""

    read_scope = "definitions:read"
    queryset = Team.objects.all()
    serializer_class = TeamSerializer
    filterset_class = TeamFilter
    lookup_value_converter = "int"
