"""People, teams and tokens in the admin."""

from typing import Any
from zoneinfo import available_timezones

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from martechops.audit.admin import DefinitionAdmin
from martechops.lib.admin import MachineWrittenAdmin
from martechops.people.actions import tokens
from martechops.people.models import ApiToken, RateLimit, Team, User

# Django's groups and permissions are not asked (see people.backends), so they are not shown either.
admin.site.unregister(Group)


class AccountForm(UserChangeForm):  # type: ignore[misc]
    """Of somebody who is there already."""

    def clean_timezone(self) -> str:
        name: str = self.cleaned_data["timezone"]
        if name not in available_timezones():
            raise ValidationError("There is no such time zone; write it as Europe/Berlin is written.")
        return name


@admin.register(User)
class UserAdmin(DefinitionAdmin, DjangoUserAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Accounts: who they are, what they may do, which teams they are in."""

    key_field = "username"
    form = AccountForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "roles", "is_active"]
    list_filter = ["is_active", "teams"]
    filter_horizontal = ["teams"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Who", {"fields": ["first_name", "last_name", "email", "timezone"]}),
        ("What they may do", {"fields": ["is_active", "roles", "teams"]}),
        ("When", {"fields": ["last_login", "date_joined"]}),
    ]

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        return super().user_change_password(request, id, form_url)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: an account is made inactive, because what it did keeps pointing to it."""
        del request, obj
        return False


@admin.register(Team)
class TeamAdmin(DefinitionAdmin):
    list_display = ["name", "key", "duty"]
    search_fields = ["name", "key"]


@admin.register(ApiToken)
class ApiTokenAdmin(MachineWrittenAdmin):
    """Made by `manage.py create_token`; ended here."""

    list_display = ["public_id", "user", "name", "scopes", "expires_at", "last_used_at", "revoked_at"]
    list_select_related = ["user"]
    exclude = ["secret_digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke now", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.select_related("user"):
            tokens.revoke(token=token, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        self.message_user(request, "Revoked. Calls with these tokens are refused from now on.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("people.change_apitoken")


@admin.register(RateLimit)
class RateLimitAdmin(MachineWrittenAdmin):
    list_display = ["key", "spent_until"]
