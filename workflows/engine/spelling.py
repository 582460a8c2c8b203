"""The one spelling of a value, so that what means the same is the same: what `normalise_fields` makes of it."""

import re
from typing import Any

from .coercions import read
from .identity import normal_email

_NOT_DIALLED = re.compile(r"[\s().\-/]+")


def in_one_spelling(value: Any, kind: str) -> Any:
    """Raises CannotCoerce where it is nothing of its kind: that is for a person to look at.

    >>> in_one_spelling("0049 (30) 12 34", "phone"), in_one_spelling("  Bright   water ", "text")
    ('+49301234', 'Bright water')
    """
    found = read(value, kind)
    if not isinstance(found, str):
        return found
    if kind == "email":
        return normal_email(found) or found
    if kind == "phone":
        dialled = _NOT_DIALLED.sub("", found)
        return "+" + dialled[2:] if dialled.startswith("00") else dialled
    return " ".join(found.split()) if kind in ("text", "picklist") else found
