"""Workflows, what is written of them, and the content they use."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from martechops.lib.admin import MachineWrittenAdmin
from workflows import models

from .definition import DefinitionAdmin


@admin.register(models.Workflow)
class WorkflowAdmin(DefinitionAdmin):
    list_display = ["name", "key", "type", "owner", "map_only"]
    list_filter = ["type", "map_only"]
    list_select_related = ["owner"]


@admin.register(models.Version)
class VersionAdmin(MachineWrittenAdmin):
    """Edited as a draft in the product, frozen for ever after; here to look at."""

    list_display = ["workflow", "number", "note", "author", "created_at", "frozen_at"]
    list_filter = ["workflow"]
    list_select_related = ["workflow", "author"]


@admin.register(models.Revision)
class RevisionAdmin(MachineWrittenAdmin):
    list_display = ["id", "version_id", "number", "says"]


@admin.register(models.ReviewHold)
class ReviewHoldAdmin(MachineWrittenAdmin):
    """Ends with the question that asked for approval: it is withdrawn or decided on its page."""

    list_display = ["kind", "key", "says", "by", "since"]
    list_filter = ["kind"]
    list_select_related = ["by"]


@admin.register(models.StepComment)
class StepCommentAdmin(MachineWrittenAdmin):
    list_display = ["id", "workflow_id", "step", "author", "at"]
    list_select_related = ["author"]


@admin.register(models.Activation)
class ActivationAdmin(MachineWrittenAdmin):
    """Written by a rollout only, also for an admin."""

    list_display = ["workflow", "version", "arm", "share_percent", "segment", "since", "until", "withdrawn"]
    list_filter = ["arm"]
    list_select_related = ["workflow", "version__workflow"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.Activation]:
        del request
        return models.Activation.arms.all()


@admin.register(models.Exposure)
class ExposureAdmin(MachineWrittenAdmin):
    list_display = ["id", "rollout_id", "contact_id", "content_id", "arm", "share_percent", "at"]
    list_filter = ["arm"]


@admin.register(models.Schedule)
class ScheduleAdmin(MachineWrittenAdmin):
    list_display = ["workflow_id", "written", "next_at"]


@admin.register(models.Tick)
class TickAdmin(MachineWrittenAdmin):
    list_display = ["workflow_id", "due_at", "missed_since"]


@admin.register(models.ContentItem)
class ContentItemAdmin(DefinitionAdmin):
    list_display = ["name", "key", "kind", "state", "owner", "planned_for"]
    list_filter = ["state", "kind"]
    list_select_related = ["owner"]
    readonly_fields = ["state", "published_at"]


@admin.register(models.Queue)
class QueueAdmin(DefinitionAdmin):
    list_display = ["name", "key", "owner"]
    list_select_related = ["owner"]


@admin.register(models.WorkCalendar)
class WorkCalendarAdmin(DefinitionAdmin):
    key_field = "id"
    list_display = ["__str__", "country", "subdivision", "owner"]
    list_select_related = ["owner"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one at most."""
        return super().has_add_permission(request) and not models.WorkCalendar.objects.exists()
