"""Definitions to edit, with history; what machines write to look at."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import JSONField, Model, QuerySet, TextField
from django.forms import ChoiceField, ModelForm
from django.forms import JSONField as JSONFormField
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest

from martechops.audit.admin import DefinitionAdmin as AuditedAdmin
from martechops.lib import clock, strict_json
from martechops.lib.admin import MachineWrittenAdmin
from workflows import models
from workflows.actions import definitions, soundness
from workflows.forms.definitions import connector_choices
from workflows.queries import documents


class StrictJson(JSONFormField):
    """JSON without what no database keeps and nobody could read; refused at the field, never with an error page."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip():
            try:
                return strict_json.loads(value.encode())
            except (strict_json.BadJson, UnicodeEncodeError) as error:
                raise ValidationError(f"This is not JSON as it is accepted here: {error}.") from None
        return super().to_python(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return InvalidJSONInput(data)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(super().has_changed(initial, data))
        except RecursionError:
            return True


def _with_plain_lines(clean: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Browsers send CR LF whatever was there: that is no change that anybody made."""

    def plain(value: Any) -> Any:
        made = clean(value)
        return made.replace("\r\n", "\n") if isinstance(made, str) else made

    return plain


class SoundForm(ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Refuses what the runtime could not work with, as every other way to write a definition does."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook for checks of the instance
        if self.errors:
            return
        try:
            soundness.check(self.instance)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self.add_error(name if name in self.fields else None, messages)
        if _is_frozen(self.instance):
            self.add_error(None, "It is frozen: an admin can thaw it on its page, with a reason.")


class DefinitionAdmin(AuditedAdmin):
    """A definition with versions is written by the one action that all ways share; its status has a page of its own."""

    form = SoundForm

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """JSON as it is accepted everywhere; texts with the line endings that they have in files."""
        if isinstance(db_field, JSONField):
            kwargs["form_class"] = StrictJson
        made = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(db_field, TextField) and made is not None:
            made.strip = False
            made.clean = _with_plain_lines(made.clean)
        return made

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, "status") if "status" in {field.name for field in self.opts.fields} else fixed

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and getattr(obj, "status", "") != models.Status.FROZEN

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        if documents.kind_of(obj) is None:
            super().save_model(request, obj, form, change)
            return
        consumers = form.cleaned_data.get("consumers")
        definitions.save(obj, by=request.user, at=clock.now(), note="In the admin", consumers=consumers)  # type: ignore[arg-type]

    def _record(self, request: HttpRequest, verb: str, obj: Model, message: Any) -> None:
        """The action has entered it in the log already, except for what it does not do."""
        if documents.kind_of(obj) is None or verb == "delete":
            super()._record(request, verb, obj, message)


def _is_frozen(row: Model) -> bool:
    stored = type(row)._default_manager.filter(pk=row.pk).first() if row.pk else None
    return getattr(stored, "status", "") == models.Status.FROZEN


class SystemForm(SoundForm):
    """Its connector is one of those that there are."""

    connector = ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "connector" in self.fields:
            self.fields["connector"].choices = connector_choices(self.instance.connector)  # type: ignore[attr-defined]


@admin.register(models.System)
class SystemAdmin(DefinitionAdmin):
    form = SystemForm
    list_display = ["name", "kind", "connector", "owner", "sandbox", "paused"]
    list_filter = ["kind", "sandbox", "paused"]
    list_select_related = ["owner"]
    search_fields = ["name", "key"]


@admin.register(models.LifecycleStage)
class LifecycleStageAdmin(DefinitionAdmin):
    list_display = ["position", "name", "crm_statuses", "owner", "status"]
    list_display_links = ["name"]
    list_select_related = ["owner"]


@admin.register(models.Field)
class FieldAdmin(DefinitionAdmin):
    list_display = ["key", "label", "type", "system_of_record", "owner", "personal", "status"]
    list_filter = ["type", "status", "personal"]
    list_select_related = ["system_of_record", "owner"]
    search_fields = ["key", "label"]


@admin.register(models.EventType)
class EventTypeAdmin(DefinitionAdmin):
    key_field = "name"
    list_display = ["name", "owner", "stage_effect", "score_effect", "status"]
    list_filter = ["status"]
    list_select_related = ["owner", "stage_effect"]
    search_fields = ["name", "meaning"]


@admin.register(models.Mapping)
class MappingAdmin(DefinitionAdmin):
    list_display = ["name", "key", "owner"]
    list_select_related = ["owner"]


@admin.register(models.MessageTemplate)
class MessageTemplateAdmin(DefinitionAdmin):
    list_display = ["name", "key", "channel", "subject", "owner"]
    list_select_related = ["owner"]


@admin.register(models.Source)
class SourceAdmin(DefinitionAdmin):
    """Made by `manage.py create_source`, which makes its write key."""

    list_display = ["name", "key", "system", "mapping", "enabled"]
    list_select_related = ["system", "mapping"]
    readonly_fields = ["write_key", "created_at"]
    exclude = ["signing"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False


@admin.register(models.Workflow)
class WorkflowAdmin(DefinitionAdmin):
    list_display = ["name", "key", "type", "owner", "map_only"]
    list_filter = ["type", "map_only"]
    list_select_related = ["owner"]


@admin.register(models.Version)
class VersionAdmin(MachineWrittenAdmin):
    """Edited as a draft in the product, frozen for ever after; here to look at."""

    list_display = ["workflow", "number", "note", "author", "created_at", "frozen_at"]
    list_filter = ["workflow"]
    list_select_related = ["workflow", "author"]


@admin.register(models.Activation)
class ActivationAdmin(MachineWrittenAdmin):
    """Written by a rollout only, also for an admin."""

    list_display = ["workflow", "version", "since", "until"]
    list_select_related = ["workflow", "version__workflow"]


@admin.register(models.InboundEvent)
class InboundEventAdmin(MachineWrittenAdmin):
    list_display = ["id", "type", "name", "message_id", "occurred_at", "received_at"]
    list_filter = ["type"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.InboundEvent]:
        events: QuerySet[models.InboundEvent] = super().get_queryset(request)
        return events.defer("body")


@admin.register(models.QueuedEvent)
class QueuedEventAdmin(MachineWrittenAdmin):
    list_display = ["event_id", "lane", "tries"]


@admin.register(models.EventConflict)
class EventConflictAdmin(MachineWrittenAdmin):
    list_display = ["id", "event_id", "received_at"]


@admin.register(models.QuarantinedEvent)
class QuarantinedEventAdmin(MachineWrittenAdmin):
    list_display = ["event", "kind", "state", "at"]
    list_filter = ["kind", "state"]
    list_select_related = ["event"]


@admin.register(models.Contact)
class ContactAdmin(MachineWrittenAdmin):
    list_display = ["id", "email", "lifecycle_stage", "score", "updated_at"]
    search_fields = ["=email"]


@admin.register(models.ContactKey)
class ContactKeyAdmin(MachineWrittenAdmin):
    list_display = ["key", "contact_id"]
    search_fields = ["=key"]


@admin.register(models.FieldChange)
class FieldChangeAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "at", "field", "writer", "step"]
    search_fields = ["=contact_id"]


@admin.register(models.ConsentEntry)
class ConsentEntryAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "channel", "purpose", "state", "at"]
    search_fields = ["=contact_id"]


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


@admin.register(models.Effect)
class EffectAdmin(MachineWrittenAdmin):
    list_display = ["id", "kind", "system", "state", "step", "contact_id", "planned_at", "ended_at"]
    list_filter = ["state"]
    search_fields = ["=contact_id"]


@admin.register(models.Conversion)
class ConversionAdmin(MachineWrittenAdmin):
    list_display = ["name", "contact_id", "campaign", "at"]


@admin.register(models.Segment)
class SegmentAdmin(DefinitionAdmin):
    list_display = ["name", "key", "owner", "status"]
    list_select_related = ["owner"]


@admin.register(models.NamingConvention)
class NamingConventionAdmin(DefinitionAdmin):
    list_display = ["name", "key", "subject", "owner", "status"]
    list_select_related = ["owner"]


@admin.register(models.Scoring)
class ScoringAdmin(DefinitionAdmin):
    list_display = ["name", "key", "half_life_days", "owner", "status"]
    list_select_related = ["owner"]


@admin.register(models.DefinitionVersion)
class DefinitionVersionAdmin(MachineWrittenAdmin):
    list_display = ["kind", "key", "number", "author", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["author"]
    search_fields = ["key"]


@admin.register(models.Alias)
class AliasAdmin(MachineWrittenAdmin):
    list_display = ["kind", "old", "new", "since", "until"]


@admin.register(models.StageOwnership)
class StageOwnershipAdmin(MachineWrittenAdmin):
    list_display = ["stage", "team", "window"]
    list_select_related = ["team"]


@admin.register(models.ChangeRequest)
class ChangeRequestAdmin(MachineWrittenAdmin):
    list_display = ["id", "field", "contact_id", "owner", "state", "requested_at"]
    list_filter = ["state"]
    list_select_related = ["owner"]
    search_fields = ["=contact_id"]


@admin.register(models.ScoreEntry)
class ScoreEntryAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "points", "rule", "at"]
    search_fields = ["=contact_id"]


@admin.register(models.ContentItem)
class ContentItemAdmin(DefinitionAdmin):
    list_display = ["name", "key", "kind", "state", "owner", "planned_for"]
    list_filter = ["state", "kind"]
    list_select_related = ["owner"]
    readonly_fields = ["state", "published_at"]


@admin.register(models.Queue)
class QueueAdmin(DefinitionAdmin):
    list_display = ["name", "key", "owner"]
    list_select_related = ["owner"]


@admin.register(models.WorkCalendar)
class WorkCalendarAdmin(DefinitionAdmin):
    key_field = "id"
    list_display = ["__str__", "country", "subdivision", "owner"]
    list_select_related = ["owner"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one at most."""
        return super().has_add_permission(request) and not models.WorkCalendar.objects.exists()


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


@admin.register(models.DuplicateFinding)
class DuplicateFindingAdmin(MachineWrittenAdmin):
    list_display = ["id", "contact_id", "other_id", "state", "found_at"]
    list_filter = ["state"]


@admin.register(models.ReportRequest)
class ReportRequestAdmin(MachineWrittenAdmin):
    list_display = ["id", "kind", "state", "asked_at", "ended_at"]
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


@admin.register(models.Schedule)
class ScheduleAdmin(MachineWrittenAdmin):
    list_display = ["workflow_id", "written", "next_at"]


@admin.register(models.Tick)
class TickAdmin(MachineWrittenAdmin):
    list_display = ["workflow_id", "due_at", "missed_since"]


@admin.register(models.Attempt)
class AttemptAdmin(MachineWrittenAdmin):
    list_display = ["holder", "at"]


@admin.register(models.Connection)
class ConnectionAdmin(MachineWrittenAdmin):
    """Written on its own page; its sealed secrets are shown nowhere."""

    list_display = ["system", "per_second", "at_once"]
    list_select_related = ["system"]
    exclude = ["secrets"]


@admin.register(models.ConnectionHealth)
class ConnectionHealthAdmin(MachineWrittenAdmin):
    list_display = ["system", "failures", "last_done_at", "last_failed_at"]


@admin.register(models.OutboundSwitch)
class OutboundSwitchAdmin(MachineWrittenAdmin):
    list_display = ["id", "off", "because", "since"]


@admin.register(models.Merge)
class MergeAdmin(MachineWrittenAdmin):
    """Done and undone on the contact's page, with everything that went over."""

    list_display = ["id", "kept_id", "gone_id", "by", "at", "undone_at"]
    list_select_related = ["by"]


@admin.register(models.Import)
class ImportAdmin(MachineWrittenAdmin):
    list_display = ["id", "file_name", "size_bytes"]


@admin.register(models.ImportPart)
class ImportPartAdmin(MachineWrittenAdmin):
    list_display = ["id", "number", "passed"]


@admin.register(models.ImportRefusal)
class ImportRefusalAdmin(MachineWrittenAdmin):
    list_display = ["id", "line"]


@admin.register(models.Rename)
class RenameAdmin(MachineWrittenAdmin):
    list_display = ["kind", "old", "new", "at"]


@admin.register(models.Notice)
class NoticeAdmin(MachineWrittenAdmin):
    list_display = ["label", "owner", "at"]
    list_select_related = ["owner"]


@admin.register(models.Revision)
class RevisionAdmin(MachineWrittenAdmin):
    list_display = ["id", "version_id", "number", "says"]


@admin.register(models.StepComment)
class StepCommentAdmin(MachineWrittenAdmin):
    list_display = ["id", "workflow_id", "step", "author", "at"]
    list_select_related = ["author"]


@admin.register(models.Desk)
class DeskAdmin(MachineWrittenAdmin):
    list_display = ["key", "last"]
