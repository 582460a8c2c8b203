"""What went out and by which connection, to look at."""

from django.contrib import admin

from martechops.lib.admin import MachineWrittenAdmin
from workflows import models


@admin.register(models.Effect)
class EffectAdmin(MachineWrittenAdmin):
    list_display = ["id", "kind", "system", "state", "step", "contact_id", "planned_at", "ended_at"]
    list_filter = ["state"]
    search_fields = ["=contact_id"]


@admin.register(models.Attempt)
class AttemptAdmin(MachineWrittenAdmin):
    list_display = ["holder", "at"]


@admin.register(models.Connection)
class ConnectionAdmin(MachineWrittenAdmin):
    """Written on its own page; its sealed secrets are shown nowhere."""

    list_display = ["system", "per_second", "at_once"]
    list_select_related = ["system"]
    exclude = ["secrets"]


@admin.register(models.Poll)
class PollAdmin(MachineWrittenAdmin):
    list_display = ["system", "answered_at", "brought", "own", "failures", "next_at"]


@admin.register(models.ConnectionHealth)
class ConnectionHealthAdmin(MachineWrittenAdmin):
    list_display = ["system", "failures", "last_done_at", "last_failed_at"]


@admin.register(models.OutboundSwitch)
class OutboundSwitchAdmin(MachineWrittenAdmin):
    list_display = ["id", "off", "because", "since"]
