"""What workflows did and whom they wait for, to look at."""

from django.contrib import admin

from martechops.lib.admin import MachineWrittenAdmin
from workflows import models


@admin.register(models.Run)
class RunAdmin(MachineWrittenAdmin):
    list_display = ["id", "entry_key", "state", "step", "waits_for", "entered_at", "ended_at"]
    list_filter = ["state"]
    search_fields = ["=contact_id"]


@admin.register(models.Timer)
class TimerAdmin(MachineWrittenAdmin):
    list_display = ["run_id", "contact_id", "due_at", "tries"]


@admin.register(models.Trace)
class TraceAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "event_id", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.Move)
class MoveAdmin(MachineWrittenAdmin):
    list_display = ["id", "from_version", "to_version", "policy", "runs", "started_at", "ended_at"]
    list_select_related = ["from_version__workflow", "to_version__workflow"]


@admin.register(models.PendingMove)
class PendingMoveAdmin(MachineWrittenAdmin):
    list_display = ["run_id", "move_id"]


@admin.register(models.RunMove)
class RunMoveAdmin(MachineWrittenAdmin):
    list_display = ["run_id", "move_id", "way", "from_step", "to_step", "at"]
    list_filter = ["way"]
    search_fields = ["=run_id"]


@admin.register(models.Conversion)
class ConversionAdmin(MachineWrittenAdmin):
    list_display = ["name", "contact_id", "campaign", "at"]


@admin.register(models.Handoff)
class HandoffAdmin(MachineWrittenAdmin):
    list_display = ["id", "step", "from_team", "owner", "state", "due_at"]
    list_filter = ["state"]
    list_select_related = ["from_team", "owner"]


@admin.register(models.StepApproval)
class StepApprovalAdmin(MachineWrittenAdmin):
    list_display = ["id", "step", "owner", "state", "asked_at", "due_at"]
    list_filter = ["state"]
    list_select_related = ["owner"]


@admin.register(models.Assignment)
class AssignmentAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "person", "desk", "state", "given_at", "due_at"]
    list_filter = ["state"]
    search_fields = ["=contact_id"]


@admin.register(models.Desk)
class DeskAdmin(MachineWrittenAdmin):
    list_display = ["key", "last"]


@admin.register(models.ReportRequest)
class ReportRequestAdmin(MachineWrittenAdmin):
    list_display = ["id", "kind", "state", "asked_at", "ended_at"]
    list_filter = ["state"]
