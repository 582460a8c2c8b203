"""What the platform itself remembers, in the admin."""

from django.contrib import admin

from martechops.lib.admin import MachineWrittenAdmin
from martechops.models import Pulse


@admin.register(Pulse)
class PulseAdmin(MachineWrittenAdmin):
    list_display = ["name", "at"]
