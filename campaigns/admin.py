"""Campaigns to edit, by the action that pages use; rollouts and what hangs on campaigns to look at."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest

from campaigns import lifecycle
from campaigns.actions import campaigns
from campaigns.models import (
    Approval,
    ApprovalRequest,
    ArchivedCount,
    BreakGlass,
    Campaign,
    CampaignArchive,
    CampaignContent,
    CampaignWorkflow,
    ChatNote,
    ChatRoom,
    Checklist,
    CheckResult,
    CriterionMarks,
    CriterionSpan,
    CriterionStanding,
    CriterionValue,
    Delegation,
    Letter,
    ManualCheck,
    PageVisit,
    PersonalChat,
    Playbook,
    PlaybookVersion,
    Release,
    Repair,
    RepairItem,
    Rollout,
    RolloutLook,
    RolloutStep,
    ShortLink,
)
from martechops.lib import clock
from martechops.lib.admin import MachineWrittenAdmin
from workflows.admin.definition import DefinitionAdmin


class CampaignForm(ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Refuses a name that the convention does not allow."""

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook for checks of the instance
        if not self.errors and "name" in self.changed_data:
            for says in campaigns.naming_faults(self.instance.name):
                self.add_error("name", ValidationError(says))


@admin.register(Campaign)
class CampaignAdmin(DefinitionAdmin):
    """A draft can be edited; what is in review, approved or live is only looked at. Steps are taken on its page."""

    form = CampaignForm  # type: ignore[assignment]  # a campaign is no definition with versions
    list_display = ["name", "campaign_id", "state", "owner", "starts_at", "ends_at"]
    list_filter = ["state"]
    list_select_related = ["owner"]
    readonly_fields = ["state", "approved_digest", "created_at", "updated_at", "started_at", "ended_at"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        is_open = obj is None or getattr(obj, "state", "") in lifecycle.EDITABLE
        return is_open and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Cancelled and archived, never deleted: reports go on naming it."""
        del request, obj
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        del form, change
        campaigns.save(obj, by=request.user, at=clock.now(), note="In the admin")  # type: ignore[arg-type]

    def _record(self, request: HttpRequest, verb: str, obj: Model, message: Any) -> None:
        """The action has entered it in the log already."""


@admin.register(CampaignWorkflow)
class CampaignWorkflowAdmin(MachineWrittenAdmin):
    list_display = ["campaign", "workflow", "is_own"]
    list_select_related = ["campaign", "workflow"]


@admin.register(CampaignContent)
class CampaignContentAdmin(MachineWrittenAdmin):
    list_display = ["campaign", "item"]
    list_select_related = ["campaign", "item"]


@admin.register(Rollout)
class RolloutAdmin(MachineWrittenAdmin):
    list_display = ["version", "started_at", "started_by", "note"]
    list_select_related = ["version__workflow", "started_by"]


@admin.register(RolloutStep)
class RolloutStepAdmin(MachineWrittenAdmin):
    list_display = ["rollout_id", "number", "verb", "state", "stage", "by", "at"]
    list_filter = ["state"]
    list_select_related = ["by"]


@admin.register(RolloutLook)
class RolloutLookAdmin(MachineWrittenAdmin):
    list_display = ["rollout_id", "stage", "candidate", "stable", "at"]


@admin.register(Checklist)
class ChecklistAdmin(MachineWrittenAdmin):
    list_display = ["kind", "key", "digest", "checked_at", "problem"]
    list_filter = ["kind"]
    search_fields = ["key"]


@admin.register(CheckResult)
class CheckResultAdmin(MachineWrittenAdmin):
    list_display = ["checklist", "code", "verdict", "says", "checked_at"]
    list_filter = ["verdict", "code", "section"]
    list_select_related = ["checklist"]


@admin.register(ManualCheck)
class ManualCheckAdmin(MachineWrittenAdmin):
    list_display = ["checklist", "key", "team", "signed_by", "signed_at"]
    list_select_related = ["checklist", "team", "signed_by"]


@admin.register(PageVisit)
class PageVisitAdmin(MachineWrittenAdmin):
    list_display = ["url", "status", "problem", "visited_at", "wanted_at"]
    search_fields = ["url"]


@admin.register(Release)
class ReleaseAdmin(MachineWrittenAdmin):
    list_display = ["__str__", "version", "risk", "digest", "made_at", "made_by"]
    list_select_related = ["workflow", "version__workflow", "made_by"]


@admin.register(Playbook)
class PlaybookAdmin(MachineWrittenAdmin):
    """Published as versions on its page and by interface; here to look at."""

    list_display = ["name", "key", "owner", "created_at"]
    list_select_related = ["owner"]


@admin.register(PlaybookVersion)
class PlaybookVersionAdmin(MachineWrittenAdmin):
    list_display = ["playbook", "number", "note", "author", "created_at"]
    list_select_related = ["playbook", "author"]


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(MachineWrittenAdmin):
    """Asked for and answered in the product, where it is known who wrote what; nobody approves here, not even
    an admin.
    """

    list_display = ["label", "subject_kind", "state", "risk", "requested_by", "requested_at", "digest"]
    list_filter = ["state", "subject_kind", "risk"]
    list_select_related = ["requested_by"]


@admin.register(Approval)
class ApprovalAdmin(MachineWrittenAdmin):
    list_display = ["request", "section", "verdict", "user", "delegated_from", "at"]
    list_filter = ["verdict", "section"]
    list_select_related = ["request", "user", "delegated_from"]


@admin.register(BreakGlass)
class BreakGlassAdmin(MachineWrittenAdmin):
    list_display = ["release", "by", "at", "reason"]
    list_select_related = ["release__workflow", "by"]


@admin.register(Delegation)
class DelegationAdmin(MachineWrittenAdmin):
    list_display = ["giver", "taker", "since", "until"]
    list_select_related = ["giver", "taker"]


@admin.register(Letter)
class LetterAdmin(MachineWrittenAdmin):
    list_display = ["id", "request_id", "state", "says", "planned_at", "ended_at"]
    list_filter = ["state"]


@admin.register(Repair)
class RepairAdmin(MachineWrittenAdmin):
    list_display = ["id", "version", "state", "runs", "opened_by", "opened_at", "ended_at"]
    list_filter = ["state"]
    list_select_related = ["version__workflow", "opened_by"]


@admin.register(RepairItem)
class RepairItemAdmin(MachineWrittenAdmin):
    list_display = ["id", "repair_id", "kind", "label", "contact_id", "state", "reason"]
    list_filter = ["kind", "state"]
    search_fields = ["=contact_id"]


@admin.register(CampaignArchive)
class CampaignArchiveAdmin(MachineWrittenAdmin):
    list_display = ["campaign", "people", "digest", "made_at", "made_by"]
    list_select_related = ["campaign", "made_by"]


@admin.register(ArchivedCount)
class ArchivedCountAdmin(MachineWrittenAdmin):
    list_display = ["archive", "what", "workflow", "kind", "step", "outcome", "count", "people"]
    list_filter = ["what"]
    list_select_related = ["archive__campaign"]


@admin.register(ChatRoom)
class ChatRoomAdmin(MachineWrittenAdmin):
    """Chosen on the page of approvals, by somebody of the team."""

    list_display = ["owner", "system"]
    list_select_related = ["owner", "system"]


@admin.register(ShortLink)
class ShortLinkAdmin(MachineWrittenAdmin):
    """Made on the page of links; where it leads never changes."""

    list_display = ["code", "campaign", "address", "followed", "followed_at", "made_by", "made_at"]
    list_select_related = ["campaign", "made_by"]
    search_fields = ["=code"]


@admin.register(PersonalChat)
class PersonalChatAdmin(MachineWrittenAdmin):
    """Chosen on the page of approvals, by the person."""

    list_display = ["person", "system"]
    list_select_related = ["person", "system"]


@admin.register(ChatNote)
class ChatNoteAdmin(MachineWrittenAdmin):
    list_display = ["id", "owner", "person", "system", "state", "says", "planned_at", "ended_at"]
    list_filter = ["state"]
    list_select_related = ["owner", "person"]


@admin.register(CriterionSpan)
class CriterionSpanAdmin(MachineWrittenAdmin):
    list_display = ["criterion", "workflow_id", "run_id", "began_at", "due_at", "ended_at", "state"]
    search_fields = ["=run_id"]


@admin.register(CriterionMarks)
class CriterionMarksAdmin(MachineWrittenAdmin):
    list_display = ["rollout_id", "criterion", "metric", "version", "problem", "counted_at"]


@admin.register(CriterionStanding)
class CriterionStandingAdmin(MachineWrittenAdmin):
    list_display = ["criterion", "workflow_id", "level", "since"]


@admin.register(CriterionValue)
class CriterionValueAdmin(MachineWrittenAdmin):
    list_display = ["day", "workflow_id", "criterion", "metric", "version", "value", "says", "counted_at"]
    search_fields = ["criterion", "metric"]
