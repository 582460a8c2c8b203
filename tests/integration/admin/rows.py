"""Makes one row of any model, with whatever its columns take."""

import itertools
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from campaigns.models import Approval, ApprovalRequest, ChatNote
from martechops.people.models import Team

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_numbers = itertools.count(100)


def make(model: type[models.Model], **given: Any) -> Any:
    """A saved row; what is not given is filled in by type, references with rows of their own."""
    if model._meta.model_name == "outboundswitch":  # there is one, and no more
        return model._default_manager.get_or_create(pk=1, defaults=given)[0]
    if model._meta.model_name in {"workcalendar", "projection"}:  # likewise
        given.setdefault("id", 1)
    if model is Approval and "request" not in given:  # a trigger takes what is said of the digest that was asked about
        given["request"] = make(ApprovalRequest)
        given["digest"] = given["request"].digest
    if model is ChatNote and "person" not in given:  # to a team or to a person
        given.setdefault("owner", make(Team))
    values = {
        field.name: _value(field)
        for field in model._meta.concrete_fields
        if field.name not in given and not field.null and not isinstance(field, models.AutoField)
    }
    return model._default_manager.create(**values, **given)


def _value(field: models.Field) -> Any:  # type: ignore[type-arg]
    number = next(_numbers)
    match field:
        case models.ForeignKey():
            return make(field.related_model)  # type: ignore[arg-type]
        case models.DateTimeField() if field.name in {"expires_at", "until"}:
            return NOON.replace(year=2027)
        case models.DateTimeField():
            return NOON
        case models.DateField():
            return NOON.date()
        case models.DecimalField():
            return Decimal(number)
        case models.UUIDField():
            return uuid.uuid4()
        case ArrayField():
            return []
        case models.JSONField():
            return field.get_default() or {"note": "x"}
        case models.BooleanField():
            return field.get_default() or False
        case models.IntegerField():
            return number % 30_000
        case models.FloatField():
            return float(number)
        case models.EmailField():
            return f"{number}@example.com"
        case _ if field.choices:
            return next(iter(field.choices))[0]
        case _:
            return f"x{number}"[: field.max_length]
