"""Does the chain still hold, and if not, which row was altered?"""

from collections.abc import Iterator
from dataclasses import dataclass

from martechops.audit.models import AuditEntry


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain does not hold."""

    number: int
    says: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the chain found."""

    entries: int
    #: Digest of the last entry. Kept elsewhere, it proves later that nothing was cut off the end.
    head: str
    breaks: tuple[Break, ...]
    digests_seen: frozenset[str] = frozenset()


def verify(*, remember: frozenset[str] = frozenset()) -> Verdict:
    """Walk the whole chain from its first entry, in constant memory, and name every row that does not fit.

    `remember` holds head digests noted earlier; those found again are in `digests_seen`. Rows cut off the end leave a
    shorter chain that is sound in itself: only a head noted elsewhere reveals them.
    """
    breaks: list[Break] = []
    seen: set[str] = set()
    entries, number, head = 0, 0, ""
    for entry in AuditEntry.objects.order_by("number").iterator(chunk_size=1000):
        breaks += _breaks_at(entry, number=number, head=head)
        entries, number, head = entries + 1, entry.number, entry.digest
        seen |= remember & {head}
    return Verdict(entries=entries, head=head, breaks=tuple(breaks), digests_seen=frozenset(seen))


def _breaks_at(entry: AuditEntry, *, number: int, head: str) -> Iterator[Break]:
    """What is wrong with `entry`, standing after entry `number` whose digest is `head`."""
    if entry.number != number + 1:
        yield Break(number + 1, f"missing: {entry.number - number - 1} row(s) before {entry.number} were removed")
    elif entry.previous_digest != head:
        yield Break(entry.number, "does not continue the row before it")
    if entry.digest != _digest_of(entry):
        yield Break(entry.number, f"altered: {entry.actor} {entry.action} {entry.object_kind} {entry.object_key}")


def _digest_of(entry: AuditEntry) -> str:
    try:
        return entry.expected_digest()
    except ValueError:  # the altered detail cannot be digested at all
        return ""
