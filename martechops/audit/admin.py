"""The audit log in the admin, and the base for rows that people edit there, which leave an entry and a history."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import JSONField, Model, TextField
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from martechops.audit import entries
from martechops.audit.models import AuditEntry
from martechops.lib import windows
from martechops.lib.admin import MachineWrittenAdmin
from martechops.lib.strict_fields import StrictJson, with_plain_lines


class DefinitionAdmin(SimpleHistoryAdmin, ModelAdmin):  # type: ignore[misc]
    """For what people define: who may is asked with the row at hand, and who did is in the log and the history."""

    #: The field that names the row in the audit log and in files; never changes once the row is there.
    key_field = "key"
    warn_unsaved_form = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """JSON as it is accepted everywhere; texts with the line endings that they have in files."""
        if isinstance(db_field, JSONField):
            kwargs["form_class"] = StrictJson
        made = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(made, StrictJson) and not db_field.null:
            made.emptied = db_field.get_default
        if isinstance(db_field, TextField) and made is not None:
            made.strip = False
            made.clean = with_plain_lines(made.clean)
        return made

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """With the key first: read-only fields would come last."""
        fields = list(super().get_fields(request, obj))
        return sorted(fields, key=lambda name: name != self.key_field)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fixed = (self.key_field,) if obj else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "delete", obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Not found, where the address names no row; simple-history looks for whatever stands there."""
        if windows.row_id(unquote(object_id)) is None:
            raise Http404(f"{self.opts.verbose_name} {object_id}")
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        return response

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Asked again with the row as it is to be: nobody makes or hands over a thing to a team that is not theirs."""
        if not self._may(request, "change" if change else "add", obj):
            raise PermissionDenied("This belongs to another team.")
        super().save_model(request, obj, form, change)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without deleting many at once, which asks about no single row."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, "add", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._record(request, "change", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:
        for obj in queryset:
            self._record(request, "delete", obj, [])
        return super().log_deletions(request, queryset)

    def _may(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.{verb}_{self.opts.model_name}", obj)

    def _record(self, request: HttpRequest, verb: str, obj: Model, message: Any) -> None:
        with transaction.atomic():
            entries.record(
                action=f"{self.opts.model_name}.{verb}",
                object_kind=str(self.opts.model_name),
                object_key=str(getattr(obj, self.key_field)),
                by=request.user,  # type: ignore[arg-type]  # nobody anonymous comes this far
                at=timezone.now(),
                detail={"through": "admin", "changes": message},
            )


@admin.register(AuditEntry)
class AuditEntryAdmin(MachineWrittenAdmin):
    list_display = ["number", "at", "actor", "action", "object_kind", "object_key"]
    list_filter = ["actor_kind"]
    search_fields = ["=actor", "action__startswith", "=object_key"]
