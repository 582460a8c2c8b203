"""What came in, to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from martechops.lib.admin import MachineWrittenAdmin
from workflows import models


@admin.register(models.InboundEvent)
class InboundEventAdmin(MachineWrittenAdmin):
    list_display = ["id", "type", "name", "message_id", "occurred_at", "received_at"]
    list_filter = ["type"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.InboundEvent]:
        events: QuerySet[models.InboundEvent] = super().get_queryset(request)
        return events.defer("body")


@admin.register(models.QueuedEvent)
class QueuedEventAdmin(MachineWrittenAdmin):
    list_display = ["event_id", "lane", "tries"]


@admin.register(models.EventConflict)
class EventConflictAdmin(MachineWrittenAdmin):
    list_display = ["id", "event_id", "received_at"]


@admin.register(models.QuarantinedEvent)
class QuarantinedEventAdmin(MachineWrittenAdmin):
    list_display = ["event", "kind", "state", "at"]
    list_filter = ["kind", "state"]
    list_select_related = ["event"]


@admin.register(models.Import)
class ImportAdmin(MachineWrittenAdmin):
    list_display = ["id", "file_name", "size_bytes"]


@admin.register(models.ImportPart)
class ImportPartAdmin(MachineWrittenAdmin):
    list_display = ["id", "number", "passed"]


@admin.register(models.ImportRefusal)
class ImportRefusalAdmin(MachineWrittenAdmin):
    list_display = ["id", "line"]
