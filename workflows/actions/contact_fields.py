"""Values of contacts written by a system or a person, under each field's authority (requirements C6 to C8)."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.people.models import Role, User
from workflows.actions import field_changes, memberships
from workflows.actions.field_changes import Changed
from workflows.engine import consents
from workflows.engine.authority import Allowed, Refused, Verdict, Writer, consent_verdict, verdict
from workflows.engine.coercions import CannotCoerce, read
from workflows.engine.references import Names
from workflows.models import ChangeRequest, ConsentEntry, Contact, Field, LifecycleStage
from workflows.queries import aliases, authorities

_COLUMNS = ("lifecycle_stage", "score")


class ChangedMeanwhile(Exception):
    """Somebody else has written to the contact since it was read."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one value: applied, requested (of the owner), refused, or unchanged."""

    field: str
    state: str
    because: str = ""
    request_id: int | None = None


def writer_of(user: User, *, system: str = "") -> Writer:
    """A system where a token speaks for one, else the person; an admin is of every team."""
    if system:
        return Writer("system", system)
    teams = authorities.teams() if user.has_role(Role.ADMIN) else user.teams.values_list("key", flat=True)
    return Writer("person", user.get_username(), teams=frozenset(teams))


def write(
    *, contact: Contact, values: Mapping[str, Any], writer: Writer, by: User, at: datetime, expected: str = ""
) -> tuple[Outcome, ...]:
    """Write what is allowed and ask the owner for the rest; `expected` is the `state_of` that was read, if it matters.

    Locks the contact. An address is how a contact is recognised, so it changes by an event only. Raises ValidationError
    for values that no field can hold, and ChangedMeanwhile.
    """
    fields = {row.key: row for row in authorities.fields(list(values))}
    wanted = {contact.pk: _clean(values, fields)}
    with transaction.atomic():
        batch = _Batch.of(wanted, fields, writer=writer, at=at)
        (locked,) = batch.contacts.values()
        if expected and expected != state_of(locked):
            raise ChangedMeanwhile("Somebody else has written to this contact meanwhile.")
        outcomes = batch.write(wanted)[contact.pk]
        said = {outcome.field: outcome.state for outcome in outcomes}
        _record("contact.write", str(contact.pk), by=by, at=at, writer=writer.name, outcomes=said)
    return outcomes


@transaction.atomic
def apply(contact: Contact, field: Field, value: Any, *, writer: str, at: datetime) -> bool:
    """Give a locked contact's field a clean value, with its history, whoever may; False if it had it already."""
    batch = _Batch({contact.pk: contact}, {field.key: field}, Writer("person", writer), at)
    changed = batch.give(contact, field, value)
    batch.save()
    return changed


def state_of(contact: Contact) -> str:
    """Names what is known of a contact now: another once any value was written."""
    return f"{int(contact.updated_at.timestamp() * 1_000_000):x}"


def clean(field: Field, value: Any) -> Any:
    """The value as the field holds it. Raises ValidationError."""
    return _clean({field.key: value}, {field.key: field})[field.key]


def current(contact: Contact, name: str) -> Any:
    """What a field of the contact holds now."""
    if name.startswith("consent."):
        return (contact.consent.get(name.removeprefix("consent.")) or {}).get("state")
    return getattr(contact, name) if name in (*_COLUMNS, "email") else contact.fields.get(name)


@dataclass(slots=True)
class _Batch:
    """Locked contacts and what becomes of them, gathered and written in one statement a table."""

    contacts: Mapping[int, Contact]
    fields: Mapping[str, Field]
    writer: Writer
    at: datetime
    changed: dict[int, Contact] = field(default_factory=dict)
    changes: list[Changed] = field(default_factory=list)
    consents: list[ConsentEntry] = field(default_factory=list)
    requests: list[ChangeRequest] = field(default_factory=list)

    @classmethod
    def of(cls, ids: Collection[int], fields: Mapping[str, Field], *, writer: Writer, at: datetime) -> "_Batch":
        rows = Contact.objects.select_for_update().filter(pk__in=ids).order_by("pk")
        return cls({row.pk: row for row in rows}, fields, writer, at)

    def write(self, wanted: Mapping[int, Mapping[str, Any]]) -> dict[int, tuple[Outcome, ...]]:
        """Everything, each value under its field's authority."""
        waiting = self._waiting(wanted)
        found = {
            pk: [(name, *self._one(contact, self.fields[name], value, waiting)) for name, value in wanted[pk].items()]
            for pk, contact in self.contacts.items()
        }
        self.save()
        return {pk: tuple([_outcome(*one) for one in of]) for pk, of in found.items()}

    def give(self, contact: Contact, field: Field, value: Any) -> bool:
        """Another value with its history; False if the contact had it already."""
        name, old = field.key, current(contact, field.key)
        if old == value:
            return False
        changes = [(name, old, value)]
        if name.startswith("consent."):
            changes = self._state_consent(contact, name.removeprefix("consent."), value)
        elif name == "score":
            contact.score, contact.scored_at = value, self.at
        elif name in _COLUMNS:
            setattr(contact, name, value)
        else:
            contact.fields[name] = value
        contact.updated_at = self.at
        self.changed[contact.pk] = contact
        self.changes += [Changed(contact.pk, of, was, now, self.writer.name) for of, was, now in changes]
        return True

    def save(self) -> None:
        columns = ["lifecycle_stage", "score", "scored_at", "consent", "fields", "updated_at"]
        if self.changed:
            Contact.objects.bulk_update(self.changed.values(), columns)
            field_changes.write(self.changes, at=self.at)
            memberships.follow(self.changes, at=self.at)
        if self.consents:
            ConsentEntry.objects.bulk_create(self.consents)
        if self.requests:
            ChangeRequest.objects.bulk_create(self.requests)

    def _one(
        self, contact: Contact, field: Field, value: Any, waiting: dict[tuple[int, str, str], ChangeRequest]
    ) -> tuple[str, str, ChangeRequest | None]:
        found = verdict_on(field, value, self.writer)
        if isinstance(found, Allowed):
            return ("applied" if self.give(contact, field, value) else "unchanged"), "", None
        if not found.may_ask:
            return "refused", found.because, None
        asked_for = (contact.pk, field.key, _spelt(value))
        if asked_for not in waiting:
            waiting[asked_for] = self._ask(contact, field, value, found)
        return "requested", found.because, waiting[asked_for]

    def _waiting(self, wanted: Mapping[int, Mapping[str, Any]]) -> dict[tuple[int, str, str], ChangeRequest]:
        """Requests that are there already: nobody is asked twice for the same."""
        rows = ChangeRequest.objects.filter(contact_id__in=wanted, state=ChangeRequest.State.REQUESTED)
        return {(row.contact_id, row.field, _spelt(row.value)): row for row in rows}

    def _ask(self, contact: Contact, field: Field, value: Any, refused: Refused) -> ChangeRequest:
        request = ChangeRequest(
            contact_id=contact.pk,
            field=field.key,
            value=value,
            owner_id=field.owner_id,
            requested_by=self.writer.name,
            because=refused.because,
            requested_at=self.at,
        )
        self.requests.append(request)
        return request

    def _state_consent(self, contact: Contact, said_of: str, state: str) -> list[tuple[str, Any, Any]]:
        """What it changes: who leaves a channel leaves its purposes."""
        channel, purpose = consents.parts(said_of)
        before = contact.consent
        contact.consent = consents.decided(before, said_of, state, at=self.at)
        self.consents.append(
            ConsentEntry(
                contact_id=contact.pk,
                channel=channel,
                purpose=purpose,
                state=state,
                at=self.at,
                recorded_at=self.at,
            )
        )
        return [(f"consent.{name}", old, new) for name, old, new in consents.changed(before, contact.consent)]


def _outcome(name: str, state: str, because: str, asked: ChangeRequest | None) -> Outcome:
    return Outcome(name, state, because, asked.pk if asked else None)


def _spelt(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def verdict_on(field: Field, value: Any, writer: Writer) -> Verdict:
    """What the field's authority says to this value from this writer."""
    authority = authorities.of(field)
    if field.key.startswith("consent."):
        return consent_verdict(authority, name=field.key, state=value, writer=writer)
    return verdict(authority, name=field.key, writer=writer)


def _clean(values: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    names = aliases.names()
    for name, value in values.items():
        try:
            clean[name] = _coerced(name, value, fields.get(name), names)
        except CannotCoerce as error:
            problems[name] = [str(error)]
    if problems:
        raise ValidationError(problems)
    return clean


def _coerced(name: str, value: Any, field: Field | None, names: Names) -> Any:
    if field is None:
        raise CannotCoerce("is not in the field catalog")
    if name == "email":
        raise CannotCoerce("is how the contact is recognised: it changes by an identify event")
    if value is None and not name.startswith("consent."):
        if name in _COLUMNS:
            raise CannotCoerce("cannot be empty")
        return None
    coerced: Any = read(value, field.type)
    kind = "stage" if name == "lifecycle_stage" else f"value:{name}"
    coerced = names.get((kind, coerced), coerced) if isinstance(coerced, str) else coerced
    if name == "lifecycle_stage" and not LifecycleStage.objects.filter(key=coerced).exists():
        raise CannotCoerce(f"there is no stage {coerced}")
    if name == "score":
        coerced = round(coerced)
    if field.allowed_values and coerced not in field.allowed_values and name != "lifecycle_stage":
        raise CannotCoerce(f"is none of {', '.join(map(str, field.allowed_values))}")
    return coerced


def _record(action: str, key: str, *, by: User | str, at: datetime, **detail: Any) -> None:
    entries.record(action=action, object_kind="contact", object_key=key, by=by, at=at, detail=detail)
