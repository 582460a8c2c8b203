"""What was said to people within the product, to look at."""

from django.contrib import admin

from martechops.lib.admin import MachineWrittenAdmin

from .models import InboxMessage


@admin.register(InboxMessage)
class InboxMessageAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "subject", "sent_at"]
