"""Equal content has an equal digest: SHA-256 over canonical JSON (RFC 8785).

>>> of({"b": 1, "a": [True, None]}) == of({"a": [True, None], "b": 1.0})
True
"""

import hashlib
from typing import Any

import rfc8785

__all__ = ["canonical", "of"]


def of(content: Any) -> str:
    """The digest of plain JSON data, as 64 hexadecimal digits; ValueError for what `canonical` refuses."""
    return hashlib.sha256(canonical(content)).hexdigest()


def canonical(content: Any) -> bytes:
    """The one spelling of `content` as JSON.

    Raises ValueError for what JSON cannot hold the same way everywhere: NaN, integers past 2**53, lone surrogates, and
    whatever is not text, number, boolean, null, list or object. Dates and decimals are the caller's to spell.
    """
    return rfc8785.dumps(content)
