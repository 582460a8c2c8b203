"""Answers Django's own question `user.has_perm(...)`, which the admin asks, from the one policy."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from martechops.people.permissions import may

#: What it takes to look at or change the rows of an app in the admin, where that is more than usual.
_LOOKING = {"audit": "audit.view"}
_CHANGING = {"people": "people.manage", "audit": "audit.view"}


class PolicyBackend(ModelBackend):
    """Signs in with a password, and derives the admin's permissions from roles; Django's own tables are not asked."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        app, _, codename = perm.partition(".")
        if not may(user_obj, "admin.view"):
            return False
        if codename.startswith("view_"):
            return may(user_obj, _LOOKING.get(app, "admin.view"))
        return may(user_obj, _CHANGING.get(app, "definitions.edit"), obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return may(user_obj, "admin.view") and may(user_obj, _LOOKING.get(app_label, "admin.view"))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        del user_obj, obj
        return set()
