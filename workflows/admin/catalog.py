"""Definitions to edit, with history."""

from typing import Any

from django.contrib import admin
from django.forms import ChoiceField
from django.http import HttpRequest

from martechops.lib.admin import MachineWrittenAdmin
from workflows import models
from workflows.forms.definitions import connector_choices

from .definition import DefinitionAdmin, SoundForm


class SystemForm(SoundForm):
    """Its connector is one of those that there are."""

    connector = ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "connector" in self.fields:
            self.fields["connector"].choices = connector_choices(self.instance.connector)  # type: ignore[attr-defined]


@admin.register(models.System)
class SystemAdmin(DefinitionAdmin):
    form = SystemForm
    list_display = ["name", "kind", "connector", "owner", "sandbox", "paused"]
    list_filter = ["kind", "sandbox", "paused"]
    list_select_related = ["owner"]
    search_fields = ["name", "key"]


@admin.register(models.LifecycleStage)
class LifecycleStageAdmin(DefinitionAdmin):
    list_display = ["position", "name", "crm_statuses", "owner", "status"]
    list_display_links = ["name"]
    list_select_related = ["owner"]


@admin.register(models.Field)
class FieldAdmin(DefinitionAdmin):
    list_display = ["key", "label", "type", "system_of_record", "owner", "personal", "status"]
    list_filter = ["type", "status", "personal"]
    list_select_related = ["system_of_record", "owner"]
    search_fields = ["key", "label"]


@admin.register(models.EventType)
class EventTypeAdmin(DefinitionAdmin):
    key_field = "name"
    list_display = ["name", "owner", "stage_effect", "score_effect", "status"]
    list_filter = ["status"]
    list_select_related = ["owner", "stage_effect"]
    search_fields = ["name", "meaning"]


@admin.register(models.Mapping)
class MappingAdmin(DefinitionAdmin):
    list_display = ["name", "key", "owner"]
    list_select_related = ["owner"]


@admin.register(models.MessageTemplate)
class MessageTemplateAdmin(DefinitionAdmin):
    list_display = ["name", "key", "channel", "subject", "owner"]
    list_select_related = ["owner"]


@admin.register(models.Block)
class BlockAdmin(DefinitionAdmin):
    list_display = ["name", "key", "owner"]
    list_select_related = ["owner"]


@admin.register(models.Scenario)
class ScenarioAdmin(DefinitionAdmin):
    list_display = ["name", "key", "workflow", "owner"]
    list_select_related = ["workflow", "owner"]


@admin.register(models.Source)
class SourceAdmin(DefinitionAdmin):
    """Made by `manage.py create_source`, which makes its write key."""

    list_display = ["name", "key", "system", "mapping", "enabled"]
    list_select_related = ["system", "mapping"]
    readonly_fields = ["write_key", "created_at"]
    exclude = ["signing"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False


@admin.register(models.Segment)
class SegmentAdmin(DefinitionAdmin):
    list_display = ["name", "key", "owner", "status"]
    list_select_related = ["owner"]


@admin.register(models.NamingConvention)
class NamingConventionAdmin(DefinitionAdmin):
    list_display = ["name", "key", "subject", "owner", "status"]
    list_select_related = ["owner"]


@admin.register(models.Scoring)
class ScoringAdmin(DefinitionAdmin):
    list_display = ["name", "key", "half_life_days", "owner", "status"]
    list_select_related = ["owner"]


@admin.register(models.Metric)
class MetricAdmin(DefinitionAdmin):
    list_display = ["name", "key", "type", "unit", "owner", "status"]
    list_select_related = ["owner"]


@admin.register(models.DefinitionVersion)
class DefinitionVersionAdmin(MachineWrittenAdmin):
    list_display = ["kind", "key", "number", "author", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["author"]
    search_fields = ["key"]


@admin.register(models.Alias)
class AliasAdmin(MachineWrittenAdmin):
    list_display = ["kind", "old", "new", "since", "until"]


@admin.register(models.Rename)
class RenameAdmin(MachineWrittenAdmin):
    list_display = ["kind", "old", "new", "at"]


@admin.register(models.Notice)
class NoticeAdmin(MachineWrittenAdmin):
    list_display = ["label", "owner", "at"]
    list_select_related = ["owner"]


@admin.register(models.StageOwnership)
class StageOwnershipAdmin(MachineWrittenAdmin):
    list_display = ["stage", "team", "window"]
    list_select_related = ["team"]


@admin.register(models.ChangeRequest)
class ChangeRequestAdmin(MachineWrittenAdmin):
    list_display = ["id", "field", "contact_id", "owner", "state", "requested_at"]
    list_filter = ["state"]
    list_select_related = ["owner"]
    search_fields = ["=contact_id"]
