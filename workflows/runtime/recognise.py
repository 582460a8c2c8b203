"""Whose an event is: contacts found by the keys that it names, or made."""

from collections.abc import Mapping, Sequence

from martechops.lib import bulk, prepared
from martechops.lib.frozen import dataclass
from workflows.engine import identity
from workflows.models import Contact, ContactKey

from .claim import ClaimedEvent


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose event it is, and by what that was seen."""

    contact_id: int
    by: tuple[str, ...]
    #: The address that the event gave, in its one spelling.
    email: str | None
    #: Keys that belong to somebody else: two contacts may be one person.
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Whose the events of a batch are."""

    #: By event id; an event that names nobody is not in it.
    recognised: dict[int, Recognised]
    #: Keys learnt in this batch.
    new_keys: dict[str, int]
    new_ids: set[int]


def recognise(events: Sequence[ClaimedEvent]) -> Found:
    """Whose each event is; keys learnt on the way count for the events after it."""
    keys_of = {event.id: keys for event in events if (keys := identity.keys(event.body))}
    known, with_email = _known({key for keys in keys_of.values() for key in keys})
    stored = frozenset(known)
    spare_ids = iter(_take_contact_ids(len(keys_of)) if any(set(k) - stored for k in keys_of.values()) else ())
    recognised: dict[int, Recognised] = {}
    new_ids: set[int] = set()
    for event_id, keys in keys_of.items():
        by = preferred(keys, known, with_email)
        contact_id = known[by] if by else next(spare_ids)
        if by is None:
            new_ids.add(contact_id)
        if _email(keys):
            with_email.add(contact_id)
        notes = []
        for key in keys:
            owner = known.setdefault(key, contact_id)
            if owner != contact_id:
                notes.append(f"{key.partition(':')[0]} key belongs to contact {owner}")
        recognised[event_id] = Recognised(
            contact_id=contact_id, by=(by,) if by else (), email=_email(keys), notes=tuple(notes)
        )
    return Found(recognised, {key: owner for key, owner in known.items() if key not in stored}, new_ids)


def preferred(keys: tuple[str, ...], known: Mapping[str, int], with_email: set[int]) -> str | None:
    """The strongest known key; None where somebody new is to be made.

    A shared browser is not a person: an anonymous id whose contact has an address does not take in another address.
    """
    by = next((key for key in keys if key in known), None)
    if by and by.startswith("anonymous:") and _email(keys) and known[by] in with_email:
        return None
    return by


def _email(keys: tuple[str, ...]) -> str | None:
    """An address is the strongest key, so it comes first if there is one."""
    return keys[0].removeprefix("email:") if keys[0].startswith("email:") else None


def _known(keys: set[str]) -> tuple[dict[str, int], set[int]]:
    """Contacts by key, and which of them have an e-mail address."""
    with prepared.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT k.key, k.contact_id, c.email IS NOT NULL
            FROM json_array_elements_text(%s::json) AS wanted (key)
            JOIN {ContactKey._meta.db_table} k ON k.key = wanted.key
            JOIN {Contact._meta.db_table} c ON c.id = k.contact_id
            """,  # noqa: S608
            [bulk.texts(keys)],
        )
        rows = cursor.fetchall()
    return {key: contact_id for key, contact_id, _ in rows}, {contact_id for _, contact_id, has in rows if has}


def _take_contact_ids(count: int) -> list[int]:
    with prepared.cursor() as cursor:
        return bulk.take_ids(cursor, Contact._meta.db_table, count)
