"""How a definition is written here: by the one action that all ways share, and as strictly."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from martechops.audit.admin import DefinitionAdmin as AuditedAdmin
from martechops.lib import clock
from workflows import models
from workflows.actions import definitions, removals, reviews, soundness
from workflows.queries import documents, uses


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

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, "status") if "status" in {field.name for field in self.opts.fields} else fixed

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        is_frozen = getattr(obj, "status", "") == models.Status.FROZEN
        return super().has_delete_permission(request, obj) and not is_frozen and not self._is_held(obj)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        if documents.kind_of(obj) is None:
            with transaction.atomic():
                self._check_free(obj)
                super().save_model(request, obj, form, change)
            return
        consumers = form.cleaned_data.get("consumers")
        definitions.save(obj, by=request.user, at=clock.now(), note="In the admin", consumers=consumers)  # type: ignore[arg-type]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What is in review is only looked at."""
        return super().has_change_permission(request, obj) and not self._is_held(obj)

    def get_deleted_objects(self, objs: Iterable[Model], request: HttpRequest) -> Any:
        """What documents refer to is held as by a foreign key: the page says by what, and takes nothing away."""
        rows = list(objs)
        shown, counts, lacking, held = super().get_deleted_objects(rows, request)
        return shown, counts, lacking, [*held, *_users(rows)]

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        with transaction.atomic():
            self._check_free(obj)
            if documents.kind_of(obj) is None:
                super().delete_model(request, obj)
            else:  # its last version says that it is gone, so that it counts no more as a user of others
                removals.remove(obj, by=request.user, at=clock.now(), note="In the admin")  # type: ignore[arg-type]

    def _is_held(self, obj: Model | None) -> bool:
        return obj is not None and models.ReviewHold.objects.filter(**_named(obj)).exists()

    def _check_free(self, obj: Model) -> None:
        """Under the lock of its row, as every action asks. Raises InReview."""
        stored = self.model._default_manager.select_for_update(of=("self",)).filter(pk=obj.pk).first()
        if stored is not None:
            reviews.check_free(**_named(stored))

    def _record(self, request: HttpRequest, verb: str, obj: Model, message: Any) -> None:
        """The action has entered it in the log already, except for what has none."""
        if documents.kind_of(obj) is None:
            super()._record(request, verb, obj, message)


def _users(rows: Iterable[Model]) -> Iterator[SafeString]:
    """Whatever refers to them, but to be taken away with them, each with its place and its page."""
    going = [(kind.name, documents.key_of(row)) for row in rows if (kind := documents.kind_of(row))]
    holders = [one for one in uses.holders() if (one.kind, one.key) not in going] if going else []
    for name, key in going:
        for use in uses.of(name, key, among=holders):
            yield format_html(
                '<a href="{}">{}</a>, {}: refers to {}; take it out there first', use.address, use.label, use.where, key
            )


def _named(row: Model) -> dict[str, str]:
    """As holds name it."""
    kind = "content" if isinstance(row, models.ContentItem) else str(row._meta.model_name)
    return {"kind": kind, "key": str(getattr(row, "key", row.pk))}


def _is_frozen(row: Model) -> bool:
    stored = type(row)._default_manager.filter(pk=row.pk).first() if row.pk else None
    return getattr(stored, "status", "") == models.Status.FROZEN
