"""How long things are kept, to look at: it is changed on a page that shows what goes."""

from django.contrib import admin

from martechops.lib.admin import MachineWrittenAdmin
from workflows import models


@admin.register(models.RetentionPolicy)
class RetentionPolicyAdmin(MachineWrittenAdmin):
    list_display = ["kind", "keep_days", "changed_at", "cleared_before"]


@admin.register(models.RetentionRun)
class RetentionRunAdmin(MachineWrittenAdmin):
    list_display = ["id", "night", "began_at", "ended_at"]
