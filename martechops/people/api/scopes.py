"""What the caller's token and its person may do, and how often."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from martechops.people import limits
from martechops.people.models import ApiToken
from martechops.people.permissions import check_may
from martechops.people.scopes import SCOPES


class ScopePermission(BasePermission):
    """The view names the scope that reading or writing takes; without one it is closed to everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        token = request.auth
        if not isinstance(token, ApiToken):
            return False
        reads = request.method in {"GET", "HEAD"}
        scope = getattr(view, "read_scope" if reads else "write_scope", None)
        if scope is None:
            return False
        if scope not in token.scopes:
            raise PermissionDenied(f"This takes a token with the scope {scope}.")
        check_may(token.user, SCOPES[scope])
        return True


class TokenThrottle(BaseThrottle):
    """One allowance per token, shared between processes (FAULTS S18)."""

    _wait_seconds = 0

    def allow_request(self, request: Request, view: Any) -> bool:
        del view
        if isinstance(request.auth, ApiToken):
            self._wait_seconds = limits.spend(limits.API_TOKEN, whom=request.auth.public_id)
        return not self._wait_seconds

    def wait(self) -> float:
        return self._wait_seconds
