"""The door of the audit log is one verb: `entries.record(...)`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction

from martechops.audit.models import ActorKind, AuditEntry

#: The chain's lock, held from the first entry of a transaction to its commit: one chain has one end.
CHAIN_LOCK = 0x61756469  # "audi"


def record(
    *,
    action: str,
    object_kind: str,
    object_key: str,
    by: AbstractBaseUser | str,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Append one entry to the chain, inside the transaction of the write that it tells of.

    `by` is the person, or the name of the part of the system that acted ("rollout-controller"). `detail` is plain
    JSON data. Raises TransactionManagementError outside a transaction, because an entry must stand or fall with its
    write, and ValueError for a detail that JSON cannot hold. Call it last: until the commit every other writer of the
    log waits.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "An audit entry must share the transaction of the write it tells of."
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = AuditEntry.objects.order_by("-number").values("number", "digest").first()
    entry = AuditEntry(
        number=last["number"] + 1 if last else 1,
        at=at,
        actor_kind=ActorKind.SYSTEM if isinstance(by, str) else ActorKind.PERSON,
        actor=by if isinstance(by, str) else by.get_username(),
        action=action,
        object_kind=object_kind,
        object_key=object_key,
        detail=dict(detail or {}),
        previous_digest=last["digest"] if last else "",
    )
    entry.digest = entry.expected_digest()
    entry.save(force_insert=True)
    return entry
