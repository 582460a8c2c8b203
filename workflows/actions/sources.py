"""Making sources of events, and saying how what they send is verified and read."""

import base64
import binascii
import secrets
from collections.abc import Mapping as Document
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.lib import history, sealed
from martechops.people.permissions import check_may
from workflows.engine import translation
from workflows.models import Mapping, Source, System
from workflows.queries import sources as of_systems
from workflows.queries import write_keys

#: Standard Webhooks: what a secret begins with, and how many bytes it may have.
_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)
#: The newest and the one before, so that a sender changes over without a lost event.
_LIVE_SECRETS = 2


def create(
    *,
    key: str,
    name: str,
    by: AbstractBaseUser | str,
    at: datetime,
    system: System | None = None,
    mapping: Mapping | None = None,
) -> Source:
    """A new source with a write key of its own (`source.write_key`). IntegrityError where the key is taken."""
    source = Source(
        key=key, name=name, write_key=secrets.token_urlsafe(24), system=system, mapping=mapping, created_at=at
    )
    with transaction.atomic():
        _write(source, action="create", by=by, at=at, detail={"name": name})
    return source


def of_changes(system: System, *, at: datetime) -> Source:
    """Where a system's own changes come from; made when the system is asked for the first time."""
    key = of_systems.key_of_changes(system.key)
    found = Source.objects.filter(key=key).first()
    return found or create(key=key, name=f"Changes in {system.name}"[:80], system=system, by="polling", at=at)


@transaction.atomic
def change(source: Source, *, by: AbstractBaseUser | str, at: datetime, **values: Any) -> Source:
    """Give it another name, system, mapping, reading, or switch it on or off. Raises ValidationError."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    if "reading" in values:
        _check_reading(values["reading"])
    before = {name: getattr(source, name) for name in values}
    for name, value in values.items():
        setattr(source, name, value)
    source.full_clean(exclude=["write_key", "signing"])
    changed = [name for name in values if before[name] != values[name]]
    if changed:
        _write(source, action="change", by=by, at=at, detail={"changed": changed})
    return source


@transaction.atomic
def add_secret(source: Source, *, by: AbstractBaseUser | str, at: datetime, secret: str = "") -> str:
    """A new signing secret, made here or brought from the sender; the one before stays good beside it.

    Returned this once, and from now on what is not signed is turned away. Raises ValidationError.
    """
    source = Source.objects.select_for_update().get(pk=source.pk)
    secret = secret.strip() or _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
    _check_secret(secret)
    live = [secret, *(former for former in secrets_of(source) if former != secret)][:_LIVE_SECRETS]
    source.signing = sealed.seal(" ".join(live), owner=_owner(source))
    _write(source, action="secret.add", by=by, at=at, detail={"live": len(live)})
    return secret


@transaction.atomic
def end_former_secret(source: Source, *, by: AbstractBaseUser | str, at: datetime) -> None:
    """From now on only the newest signing secret counts."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    live = secrets_of(source)[:1]
    if live:
        source.signing = sealed.seal(live[0], owner=_owner(source))
        _write(source, action="secret.end", by=by, at=at, detail={"live": 1})


@transaction.atomic
def renew_write_key(source: Source, *, by: AbstractBaseUser | str, at: datetime) -> str:
    """Another write key; the old one opens nothing from now on."""
    source = Source.objects.select_for_update().get(pk=source.pk)
    source.write_key = secrets.token_urlsafe(24)
    _write(source, action="write_key.renew", by=by, at=at, detail={})
    return source.write_key


@transaction.atomic
def remove(source: Source, *, by: AbstractBaseUser | str, at: datetime) -> None:
    """It goes, with its write key; what it sent stays."""
    if not isinstance(by, str):
        check_may(by, "sources.manage")
    history.sign(source, by=by)
    source.delete()
    transaction.on_commit(write_keys.forget)
    entries.record(action="source.remove", object_kind="source", object_key=source.key, by=by, at=at, detail={})


def secrets_of(source: Source) -> list[str]:
    """The live signing secrets, newest first; none where no key of this installation opens them."""
    if not source.signing:
        return []
    try:
        return sealed.open_(source.signing, owner=_owner(source)).split()
    except sealed.CannotOpen:
        return []


def _owner(source: Source) -> str:
    """What the envelope is bound to: in another source's row it does not open."""
    return f"source:{source.pk}"


def _check_reading(document: Document[str, Any]) -> None:
    try:
        translation.reading_of(document)
    except translation.BadReading as error:
        raise ValidationError({"reading": str(error)}) from None


def _check_secret(secret: str) -> None:
    try:
        size = len(base64.b64decode(secret.removeprefix(_PREFIX), validate=True))
    except (binascii.Error, ValueError):
        size = 0
    if not secret.startswith(_PREFIX) or size not in _SECRET_BYTES:
        raise ValidationError({"secret": f"A secret is {_PREFIX} and the base64 of 24 to 64 bytes."})


def _write(source: Source, *, action: str, by: AbstractBaseUser | str, at: datetime, detail: dict[str, Any]) -> None:
    """Raises NotAllowed."""
    if not isinstance(by, str):
        check_may(by, "sources.manage")
    history.sign(source, by=by)
    source.save()
    transaction.on_commit(write_keys.forget)
    entries.record(action=f"source.{action}", object_kind="source", object_key=source.key, by=by, at=at, detail=detail)
