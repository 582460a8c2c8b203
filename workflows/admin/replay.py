"""Replays and what they found, to look at."""

from django.contrib import admin

from martechops.lib.admin import MachineWrittenAdmin
from workflows import models


@admin.register(models.Replay)
class ReplayAdmin(MachineWrittenAdmin):
    list_display = ["id", "workflow", "candidate", "since", "until", "state"]
    list_select_related = ["workflow", "candidate__workflow"]


@admin.register(models.ReplayPart)
class ReplayPartAdmin(MachineWrittenAdmin):
    list_display = ["id", "replay_id", "up_to", "contacts", "events"]


@admin.register(models.ReplayFinding)
class ReplayFindingAdmin(MachineWrittenAdmin):
    list_display = ["id", "replay_id", "kind", "verdict", "workflow", "step", "contact_id"]
    search_fields = ["=contact_id"]
