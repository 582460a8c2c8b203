"""Secrets at rest: AES-256-GCM under a key that has an id, bound to whom they belong to (FAULTS S13).

Keys are derived from SECRET_KEY and from what it was before (SECRET_KEY_FALLBACKS): a new SECRET_KEY reads old
envelopes and writes new ones, so keys rotate without a moment at which nothing can be read.
"""

import base64
import hashlib
import os
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_VERSION = "v1"
_NONCE_BYTES = 12


class CannotOpen(Exception):
    """No key of this installation opens the envelope, or it was made for somebody else."""


def seal(text: str, *, owner: str) -> str:
    """The text in an envelope that opens for this owner only."""
    key_id, key = next(_keys())
    nonce = os.urandom(_NONCE_BYTES)
    body = nonce + AESGCM(key).encrypt(nonce, text.encode(), _bound_to(owner))
    return f"{_VERSION}.{key_id}.{base64.urlsafe_b64encode(body).decode()}"


def open_(envelope: str, *, owner: str) -> str:
    """What was sealed for this owner. Raises `CannotOpen`."""
    version, _, rest = envelope.partition(".")
    wanted, _, text = rest.partition(".")
    key = dict(_keys()).get(wanted)
    if version != _VERSION or key is None:
        raise CannotOpen("it was sealed under a key that this installation does not have")
    try:
        body = base64.urlsafe_b64decode(text)
        return AESGCM(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], _bound_to(owner)).decode()
    except (InvalidTag, ValueError):
        raise CannotOpen("it was changed, or made for another connection") from None


def is_current(envelope: str) -> bool:
    """Sealed under the newest key?"""
    return envelope.startswith(f"{_VERSION}.{next(_keys())[0]}.")


def _bound_to(owner: str) -> bytes:
    return f"martechops:{owner}".encode()


def _keys() -> Iterator[tuple[str, bytes]]:
    """Newest first, each with its id."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"martechops connection secrets").derive(
            secret.encode()
        )
        yield hashlib.sha256(key).hexdigest()[:8], key
