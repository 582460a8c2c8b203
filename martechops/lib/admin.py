"""The admin site and how it shows rows that machines write."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator
from unfold.sites import UnfoldAdminSite


class Site(UnfoldAdminSite):  # type: ignore[misc]
    """Open to whom the policy lets in; Django's `is_staff` is not asked. Signing in is the product's own page."""

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.has_perm("admin.view_site")


class MachineWrittenAdmin(ModelAdmin):  # type: ignore[misc]
    """Shows what the runtime writes; nobody adds, changes or deletes it by hand."""

    #: Counting a big table for "of 12,345,678" takes longer than showing the page.
    show_full_result_count = False
    paginator = InfinitePaginator
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False
