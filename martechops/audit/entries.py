"""The door of the audit log is one verb: `entries.record(...)`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction

from martechops.audit.models import ActorKind, AuditEntry

#: The chain's lock, held from the first entry of a transaction to its commit: one chain has one end.
CHAIN_LOCK = 0x61756469  # "audi"


def hold_back_others() -> None:
    """Take the end of the chain now: until this transaction ends, no other write that is logged commits.

    Whatever is read from here on stands until the commit, because every write has its entry. For who has to be sure
    that what they look at does not change while they act on it. Take every other lock first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])


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
    (entry,) = record_all([Happened(action, object_kind, object_key, detail or {})], by=by, at=at)
    return entry


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that an entry tells of."""

    action: str
    object_kind: str
    object_key: str
    detail: Mapping[str, Any]


def record_all(happened: Sequence[Happened], *, by: AbstractBaseUser | str, at: datetime) -> list[AuditEntry]:
    """As `record`, for many things of one writer and instant, in their order: a link each, by three statements."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "An audit entry must share the transaction of the write it tells of."
        )
    hold_back_others()
    last = AuditEntry.objects.order_by("-number").values("number", "digest").first()
    first, previous = (last["number"] + 1, last["digest"]) if last else (1, "")
    made = []
    for number, one in enumerate(happened, start=first):
        entry = AuditEntry(
            number=number,
            at=at,
            actor_kind=ActorKind.SYSTEM if isinstance(by, str) else ActorKind.PERSON,
            actor=by if isinstance(by, str) else by.get_username(),
            action=one.action,
            object_kind=one.object_kind,
            object_key=one.object_key,
            detail=dict(one.detail),
            previous_digest=previous,
        )
        previous = entry.digest = entry.expected_digest()
        made.append(entry)
    return AuditEntry.objects.bulk_create(made)
