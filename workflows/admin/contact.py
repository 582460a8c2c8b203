"""Contacts and what is known of them, to look at."""

from django.contrib import admin
from django.http import HttpRequest

from martechops.lib.admin import MachineWrittenAdmin
from workflows import models
from workflows.actions.field_changes import MOST_IN_A_ROW


@admin.register(models.Contact)
class ContactAdmin(MachineWrittenAdmin):
    list_display = ["id", "email", "lifecycle_stage", "score", "updated_at"]
    search_fields = ["=email"]


@admin.register(models.ContactKey)
class ContactKeyAdmin(MachineWrittenAdmin):
    list_display = ["key", "contact_id"]
    search_fields = ["=key"]


@admin.register(models.ContactChange)
class ContactChangeAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "at", "event_id", "run_id", "writer"]
    search_fields = ["=contact_id"]


@admin.register(models.FieldChange)
class FieldChangeAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "at", "field", "writer", "step"]
    search_fields = ["=contact_id"]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> models.FieldChange | None:
        """By the row that it is in: the view has no index by the number of a change."""
        if not object_id.isdecimal():
            return None
        last = int(object_id)
        rows = models.FieldChange.objects.filter(row_id__range=(last - MOST_IN_A_ROW, last), pk=last)
        return rows.first()


@admin.register(models.ConsentEntry)
class ConsentEntryAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "channel", "purpose", "state", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.ScoreEntry)
class ScoreEntryAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "points", "rule", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.DuplicateFinding)
class DuplicateFindingAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "other_id", "state", "found_at"]
    list_filter = ["state"]


@admin.register(models.AudienceMember)
class AudienceMemberAdmin(MachineWrittenAdmin):
    list_display = ["audience", "contact_id", "since"]
    search_fields = ["=contact_id"]


@admin.register(models.SegmentMember)
class SegmentMemberAdmin(MachineWrittenAdmin):
    list_display = ["segment", "contact_id", "since"]
    search_fields = ["=contact_id"]


@admin.register(models.SegmentWatch)
class SegmentWatchAdmin(MachineWrittenAdmin):
    list_display = ["segment", "checked_at"]


@admin.register(models.Merge)
class MergeAdmin(MachineWrittenAdmin):
    """Done and undone on the contact's page, with everything that went over."""

    list_display = ["id", "kept_id", "gone_id", "by", "at", "undone_at"]
    list_select_related = ["by"]
