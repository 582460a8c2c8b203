"""Rollouts to look at; they are made in the product, where the checks are."""

from django.contrib import admin

from campaigns.models import Rollout
from martechops.lib.admin import MachineWrittenAdmin


@admin.register(Rollout)
class RolloutAdmin(MachineWrittenAdmin):
    list_display = ["version", "started_at", "started_by", "note"]
    list_select_related = ["version__workflow", "started_by"]
