"""How the interface writes a definition: by the one action, on the version that the caller has read."""

from collections.abc import Sequence
from typing import TypeVar

from django.core.exceptions import ValidationError as ModelError
from django.db.models import Model
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.request import Request

from martechops.lib import clock
from martechops.people.models import Team, User
from workflows.actions import definitions
from workflows.queries import documents

Row = TypeVar("Row", bound=Model)

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag that you read: refused if it was changed since."
)


class ChangedMeanwhile(APIException):
    """Somebody else was faster."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_code = "changed_meanwhile"


class Clash(APIException):
    """The state of the definition does not allow it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


def save(row: Row, *, request: Request, consumers: Sequence[Team] | None = None) -> Row:
    """Raises NotAuthenticated, ChangedMeanwhile, Clash, and ValidationError at the fields that are wrong."""
    user = request.user
    if not isinstance(user, User):
        raise NotAuthenticated
    try:
        return definitions.save(row, by=user, at=clock.now(), expected=_expected(request, row), consumers=consumers)
    except definitions.Conflict as error:
        raise ChangedMeanwhile(str(error)) from None
    except (definitions.Frozen, definitions.WrongStatus) as error:
        raise Clash(str(error)) from None
    except ModelError as error:
        raise serializers.ValidationError(error.message_dict) from None


def etag(row: Model) -> str:
    """Names the version of a definition that an answer holds."""
    return f'"{documents.latest_number(row)}"'


def matched(request: Request) -> str:
    """What `If-Match` names; empty where any state will do."""
    wanted = request.headers.get("If-Match", "*").strip()
    return "" if wanted == "*" else wanted.removeprefix("W/").strip('"')


def _expected(request: Request, row: Model) -> int | None:
    """The number of the version that the caller has read."""
    number = matched(request)
    if row.pk is None or not number:
        return None
    return int(number) if number.isdecimal() and len(number) < 10 else -1
