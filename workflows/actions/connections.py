"""Connections as people run them: what is set, what is secret, and the switches that stop and start them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from martechops.audit import entries
from martechops.lib import history, sealed, wake
from martechops.people.permissions import check_may
from workflows.actions import definitions
from workflows.models import Connection, ConnectionHealth, OutboundSwitch, System

Actor = AbstractBaseUser | str


@dataclass(frozen=True, slots=True)
class Terms:
    """What somebody wants of a connection, checked already (`workflows.forms.connection`)."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    #: Those to be written; one that is not named stays, an empty one is forgotten.
    secrets: Mapping[str, str] = field(default_factory=dict)
    per_second: float | None = None
    at_once: int | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    quiet_zone: str = "UTC"


@transaction.atomic
def save(*, system: System, terms: Terms, by: Actor, at: datetime) -> Connection:
    """Write what people set; secrets are sealed, and no entry or history holds one. Raises NotAllowed."""
    _check_may(by, "connections.manage", system)
    row = Connection.objects.select_for_update().filter(pk=system.pk).first() or Connection(system=system)
    row.settings = dict(terms.settings)
    row.secrets = _sealed(row, terms.secrets)
    row.per_second, row.at_once = terms.per_second, terms.at_once
    row.quiet_from, row.quiet_to, row.quiet_zone = terms.quiet_from, terms.quiet_to, terms.quiet_zone
    history.sign(row, by=by)
    row.save()
    settings, secrets = sorted(terms.settings), sorted(terms.secrets)
    _enter("connection.save", system, by=by, at=at, settings=settings, secrets=secrets)
    return row


@transaction.atomic
def pause(*, system: System, by: Actor, at: datetime) -> System:
    """The kill switch: once this is committed nothing is reserved for the system until somebody resumes it."""
    return _switch(system, paused=True, by=by, at=at)


@transaction.atomic
def resume(*, system: System, by: Actor, at: datetime) -> System:
    """What has waited goes on."""
    return _switch(system, paused=False, by=by, at=at)


@transaction.atomic
def enable(*, system: System, by: Actor, at: datetime) -> None:
    """Try a connection again that its far side, or its breaker, has closed."""
    _check_may(by, "systems.pause", system)
    ConnectionHealth.objects.filter(pk=system.key).update(disabled="", failures=0, closed_until=None, says="")
    _enter("connection.enable", system, by=by, at=at)
    wake.after_commit("workflows.deliver")


@transaction.atomic
def set_sandbox(*, system: System, on: bool, by: Actor, at: datetime) -> System:
    """Capture what the connection sends instead of sending it, or send it in earnest. Raises what definitions raise."""
    _check_may(by, "connections.manage", system)
    locked = System.objects.select_for_update().get(pk=system.pk)
    _turnstile(locked)
    locked.sandbox = on
    note = "Sandbox mode on" if on else "Sandbox mode off"
    saved = definitions.save(locked, by=by, at=at, note=note)  # type: ignore[arg-type]
    wake.after_commit("workflows.deliver")
    return saved


@transaction.atomic
def stop_everything(*, because: str, by: Actor, at: datetime) -> None:
    """The kill switch of the workspace. Once it is committed nothing leaves by any connection."""
    if not because.strip():
        raise ValueError("Say why everything is stopped: others will want to know.")
    _all(off=True, because=because.strip(), by=by, at=at)


@transaction.atomic
def start_everything(*, by: Actor, at: datetime) -> None:
    """What has waited goes on, except where a connection is paused by itself."""
    _all(off=False, because="", by=by, at=at)


def _all(*, off: bool, because: str, by: Actor, at: datetime) -> None:
    _check_may(by, "outbound.stop", None)
    list(ConnectionHealth.objects.select_for_update().order_by("pk"))  # every turnstile, so that none is passed since
    OutboundSwitch.objects.update_or_create(pk=1, defaults={"off": off, "because": because, "since": at})
    action = "outbound.stop" if off else "outbound.start"
    entries.record(action=action, object_kind="outbound", object_key="all", by=by, at=at, detail={"because": because})
    if not off:
        wake.after_commit("workflows.deliver")


def _switch(system: System, *, paused: bool, by: Actor, at: datetime) -> System:
    _check_may(by, "systems.pause", system)
    locked = System.objects.select_for_update().get(pk=system.pk)
    if locked.paused == paused:
        return locked
    _turnstile(locked)
    locked.paused = paused
    history.sign(locked, by=by)
    locked.save(update_fields=["paused"])
    if not paused:
        wake.after_commit("workflows.deliver")
    _enter("system.pause" if paused else "system.resume", locked, by=by, at=at)
    return locked


def _turnstile(system: System) -> None:
    """Wait for reservations that are under way: what is switched is seen by every one after the commit."""
    ConnectionHealth.objects.get_or_create(pk=system.key)
    ConnectionHealth.objects.select_for_update().get(pk=system.key)


def _sealed(row: Connection, given: Mapping[str, str]) -> dict[str, str]:
    """Envelopes as they are to be kept; those under an old key are sealed anew while we are at it."""
    kept = dict(row.secrets)
    for name, text in given.items():
        if text:
            kept[name] = sealed.seal(text, owner=Connection.sealed_for(row.system_id, name))
        else:
            kept.pop(name, None)
    for name, envelope in kept.items():
        if not sealed.is_current(envelope):
            owner = Connection.sealed_for(row.system_id, name)
            kept[name] = sealed.seal(sealed.open_(envelope, owner=owner), owner=owner)
    return kept


def _check_may(by: Actor, action: str, system: System | None) -> None:
    if not isinstance(by, str):
        check_may(by, action, system)


def _enter(action: str, system: System, *, by: Actor, at: datetime, **detail: Any) -> None:
    entries.record(action=action, object_kind="system", object_key=system.key, by=by, at=at, detail=detail)
