"""Filters in the address; one that does not exist is refused: a misspelt filter would answer with everything."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django_filters import IsoDateTimeFilter
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

_PAGING = frozenset({"cursor", "page_size"})


class InstantField(IsoDateTimeField):  # type: ignore[misc]
    """An instant that PostgreSQL can be asked for: it knows no offset of 16 hours and more, nor the year 0."""

    def to_python(self, value: Any) -> datetime | None:
        instant: datetime | None = super().to_python(value)
        try:
            return instant and instant.astimezone(UTC)
        except OverflowError:
            raise DjangoValidationError(self.error_messages["invalid"], code="invalid") from None


class InstantFilter(IsoDateTimeFilter):  # type: ignore[misc]
    """An instant in the address, in any zone."""

    field_class = InstantField


class StrictFilterBackend(DjangoFilterBackend):  # type: ignore[misc]
    """django-filter's backend, closed to parameters that nobody declared."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        filterset_class = self.get_filterset_class(view, queryset)
        declared = set(filterset_class.base_filters) if filterset_class else set()
        if unknown := sorted(set(request.query_params) - declared - _PAGING):
            known = ", ".join(sorted(declared)) or "none"
            raise ValidationError(dict.fromkeys(unknown, f"There is no such parameter; there are: {known}."))
        return super().filter_queryset(request, queryset, view)
