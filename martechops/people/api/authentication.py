"""Who is calling: a bearer token."""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, Throttled
from rest_framework.request import Request

from martechops.people import limits
from martechops.people.actions import tokens
from martechops.people.models import ApiToken, User


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`. Sessions are not accepted, so no page elsewhere can make a browser call."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            token = tokens.use(text.strip(), at=timezone.now())
        except tokens.BadToken as bad:
            if wait := limits.spend(limits.API_BAD_TOKEN, whom=str(request.META.get("REMOTE_ADDR", ""))):
                raise Throttled(wait) from bad
            raise AuthenticationFailed(str(bad)) from bad
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        del request
        return "Bearer"


def caller(request: Request) -> User:
    """Whose token it is; the door lets nobody else through."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


class BearerDescription(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = BearerAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Made by `manage.py create_token --user NAME --scopes contacts:read,…`, shown once.",
        }
