"""The sandbox CRM and the captured mailbox in the admin."""

from django.contrib import admin

from martechops.lib.admin import MachineWrittenAdmin
from martechops.sandbox.models import CrmChange, CrmRecord, CrmTask, MailboxMessage


@admin.register(CrmRecord)
class CrmRecordAdmin(MachineWrittenAdmin):
    list_display = ["email", "status", "owner", "writes", "updated_at"]
    search_fields = ["=email"]


@admin.register(CrmChange)
class CrmChangeAdmin(MachineWrittenAdmin):
    list_display = ["record", "at", "by", "key"]
    list_select_related = ["record"]


@admin.register(CrmTask)
class CrmTaskAdmin(MachineWrittenAdmin):
    list_display = ["title", "queue", "record", "due_at", "done_at", "repeats"]
    list_select_related = ["record"]


@admin.register(MailboxMessage)
class MailboxMessageAdmin(MachineWrittenAdmin):
    list_display = ["subject", "to", "sent_at", "repeats"]
    search_fields = ["=to"]
