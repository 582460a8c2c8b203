"""Lists are read with a cursor: no page is skipped or shown twice while rows are added."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

_LARGEST_ID = 2**63 - 1


class NewestFirst(CursorPagination):
    """By id, newest first; `page_size` up to 200."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Any:
        """The cursor of the request; 400 for one that we did not make and that would break the query."""
        try:
            cursor = super().decode_cursor(request)
        except Exception as unreadable:
            raise not_ours() from unreadable
        if cursor is not None and cursor.position is not None and not is_id(str(cursor.position)):
            raise not_ours()
        return cursor


def is_id(position: str) -> bool:
    """Can this be the id of a row?"""
    return position.isascii() and position.isdecimal() and len(position) < 20 and int(position) <= _LARGEST_ID


def not_ours() -> ValidationError:
    """What to raise for a cursor that we did not make."""
    return ValidationError({"cursor": "This cursor was not given out here."})
