"""Errors as problem details (RFC 9457), `application/problem+json`, whatever went wrong."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as Denied
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.response import Response

from martechops.lib.states import WrongState

MEDIA_TYPE = "application/problem+json"

#: Which statuses an operation may answer with besides success, and what they mean here.
MEANINGS = {
    400: "The request cannot be read or breaks a rule; `errors` says where.",
    401: "There is no valid token.",
    403: "The token lacks the scope, or its person may not do this.",
    404: "There is no such thing.",
    406: "Only JSON is spoken here.",
    409: "It clashes with what is already there, or this idempotency key was used for something else.",
    412: "It was changed since you read it; read it again.",
    429: "Too many calls; `Retry-After` says how many seconds to wait.",
}

#: The shape, as a component of the OpenAPI document.
SCHEMA = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Always about:blank; `code` tells kinds apart.",
        },
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What went wrong, for a person."},
        "code": {"type": "string", "description": "What went wrong, for a program."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["attr", "code", "detail"],
                "properties": {
                    "attr": {"type": "string", "nullable": True, "description": "The field or parameter at fault."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


class ProblemFormatter(ExceptionFormatter):
    """Turns the library's flat list of errors into one problem."""

    def format_error_response(self, error_response: Any) -> dict[str, Any]:
        errors = [{"attr": error.attr, "code": error.code, "detail": error.detail} for error in error_response.errors]
        return problem(self.exc.status_code, errors=errors)


class Standing(APIException):
    """Where the thing stands does not allow it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "wrong_state"


def _said(exc: Exception) -> Exception:
    """The same with its own words, where an action has said why not."""
    if isinstance(exc, WrongState):
        return Standing(str(exc))
    if isinstance(exc, Denied) and str(exc):
        return PermissionDenied(str(exc))
    return exc


class ProblemHandler(ExceptionHandler):
    """Answers with the media type that says what the body is."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        converted: Exception = super().convert_known_exceptions(_said(exc))
        return converted

    def get_response(self, exc: APIException, data: dict[str, Any]) -> Response:
        return Response(data, status=exc.status_code, headers=self.get_headers(exc), content_type=MEDIA_TYPE)


def problem(status: int, *, errors: list[dict[str, Any]]) -> dict[str, Any]:
    """The body for one or more errors: the first leads, the rest follow in `errors`."""
    leads = errors[0] if errors else {"attr": None, "code": "error", "detail": ""}
    named = f"{leads['attr']}: {leads['detail']}" if leads["attr"] else leads["detail"]
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": named,
        "code": leads["code"],
        "errors": errors,
    }
