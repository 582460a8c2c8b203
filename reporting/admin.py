"""Facts, to look at."""

from django.contrib import admin

from martechops.lib.admin import MachineWrittenAdmin
from reporting import models


@admin.register(models.ContactFact)
class ContactFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "stage", "campaign", "channel", "created_at"]
    search_fields = ["=id"]


@admin.register(models.TouchFact)
class TouchFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "event", "source", "medium", "campaign", "channel", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.MailFact)
class MailFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "outcome", "campaign", "channel", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.StageFact)
class StageFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "from_stage", "to_stage", "campaign", "channel", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.ConversionFact)
class ConversionFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "name", "value", "campaign", "channel", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.SendFact)
class SendFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "template", "state", "campaign", "channel", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.RunFact)
class RunFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "state", "campaign", "channel", "at", "ended_at"]
    search_fields = ["=contact_id"]


@admin.register(models.DealFact)
class DealFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "deal", "event", "value", "currency", "campaign", "channel", "at"]
    search_fields = ["=contact_id", "=deal"]


@admin.register(models.DuplicateFact)
class DuplicateFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "campaign", "channel", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.RoutingFact)
class RoutingFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "workflow_id", "campaign", "channel", "entered_at", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.ArchivedNumbers)
class ArchivedNumbersAdmin(MachineWrittenAdmin):
    list_display = ["archive", "digest", "made_at"]
    list_select_related = ["archive__campaign"]


@admin.register(models.CountedRows)
class CountedRowsAdmin(MachineWrittenAdmin):
    list_display = ["numbers", "view", "count", "digest"]
    list_select_related = ["numbers__archive__campaign"]


@admin.register(models.DailyFigure)
class DailyFigureAdmin(MachineWrittenAdmin):
    list_display = ["day", "figure", "campaign", "channel", "workflow_id", "count", "value"]
    list_filter = ["figure"]


@admin.register(models.AssignmentFact)
class AssignmentFactAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "workflow_id", "campaign", "channel", "entered_at", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.Deal)
class DealAdmin(MachineWrittenAdmin):
    list_display = ["key", "contact_id", "event", "value", "currency", "campaign", "channel", "at"]
    search_fields = ["=contact_id", "=key"]


@admin.register(models.DailyDeals)
class DailyDealsAdmin(MachineWrittenAdmin):
    list_display = ["day", "event", "currency", "campaign", "channel", "count", "value"]


@admin.register(models.DailyPeople)
class DailyPeopleAdmin(MachineWrittenAdmin):
    list_display = ["day", "figure", "former_day", "campaign", "channel", "count"]


@admin.register(models.DailyWays)
class DailyWaysAdmin(MachineWrittenAdmin):
    list_display = ["day", "from_stage", "to_stage", "passed_days", "of_all", "campaign", "channel", "count"]


@admin.register(models.Credit)
class CreditAdmin(MachineWrittenAdmin):
    list_display = ["id", "subject", "subject_id", "touch_id", "contact_id", "campaign", "channel", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.DailyCredits)
class DailyCreditsAdmin(MachineWrittenAdmin):
    list_display = ["day", "subject", "model", "name", "currency", "campaign", "channel", "parts", "value"]
    list_filter = ["subject", "model"]


@admin.register(models.StaleRow)
class StaleRowAdmin(MachineWrittenAdmin):
    list_display = ["id", "kind", "row_ids", "row_id"]


@admin.register(models.Projection)
class ProjectionAdmin(MachineWrittenAdmin):
    list_display = ["basis", "rebuilt_at", "moved_at"]


@admin.register(models.HealthLook)
class HealthLookAdmin(MachineWrittenAdmin):
    list_display = ["at", "took_seconds"]


@admin.register(models.Report)
class ReportAdmin(MachineWrittenAdmin):
    list_display = ["key", "at", "holds", "run_id"]
    list_filter = ["key", "holds"]
