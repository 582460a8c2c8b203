"""Who wrote a row, and why: what django-simple-history reads off it when it is saved or deleted."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model


def sign(row: Model, *, by: AbstractBaseUser | str, note: str = "") -> None:
    """Put the writer on a row that is about to be saved; a part of the system (a name) is nobody."""
    row._history_user = None if isinstance(by, str) else by  # type: ignore[attr-defined]
    row._change_reason = note[:100] or None  # type: ignore[attr-defined]
