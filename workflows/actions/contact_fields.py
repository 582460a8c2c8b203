"""Values of one contact written by a system or a person, under each field's authority (requirements C6 to C8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.audit import entries
from martechops.people.models import Role, User
from workflows.engine.authority import Allowed, Refused, Verdict, Writer, consent_verdict, verdict
from workflows.engine.coercions import CannotCoerce, read
from workflows.engine.references import Names
from workflows.models import ChangeRequest, ConsentEntry, Contact, Field, FieldChange, LifecycleStage
from workflows.queries import aliases, authorities

_COLUMNS = ("lifecycle_stage", "score")


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


@transaction.atomic
def write(
    *, contact: Contact, values: Mapping[str, Any], writer: Writer, by: User, at: datetime
) -> tuple[Outcome, ...]:
    """Write what is allowed and ask the owner for the rest. Raises ValidationError for values that no field can hold.

    Locks the contact. An address is how a contact is recognised, so it changes by an event only.
    """
    fields = {row.key: row for row in authorities.fields(list(values))}
    clean = _clean(values, fields)
    locked = Contact.objects.select_for_update().get(pk=contact.pk)
    outcomes = tuple(_one(locked, fields[name], value, writer, at) for name, value in clean.items())
    _record("contact.write", locked, by=by, at=at, writer=writer.name, outcomes={o.field: o.state for o in outcomes})
    return outcomes


def apply(contact: Contact, field: Field, value: Any, *, writer: str, at: datetime) -> bool:
    """Give a locked contact's field a clean value, with its history; False if it had it already."""
    old = current(contact, field.key)
    if old == value:
        return False
    if field.key.startswith("consent."):
        _state_consent(contact, field.key.removeprefix("consent."), value, at)
    elif field.key == "score":
        contact.score, contact.scored_at = value, at
    elif field.key in _COLUMNS:
        setattr(contact, field.key, value)
    else:
        contact.fields[field.key] = value
    contact.updated_at = at
    contact.save()
    FieldChange.objects.create(contact_id=contact.pk, at=at, field=field.key, old=old, new=value, writer=writer)
    return True


def clean(field: Field, value: Any) -> Any:
    """The value as the field holds it. Raises ValidationError."""
    return _clean({field.key: value}, {field.key: field})[field.key]


def current(contact: Contact, name: str) -> Any:
    """What a field of the contact holds now."""
    if name.startswith("consent."):
        return (contact.consent.get(name.removeprefix("consent.")) or {}).get("state")
    return getattr(contact, name) if name in (*_COLUMNS, "email") else contact.fields.get(name)


def _one(contact: Contact, field: Field, value: Any, writer: Writer, at: datetime) -> Outcome:
    found = _verdict(field, value, writer)
    if isinstance(found, Allowed):
        changed = apply(contact, field, value, writer=writer.name, at=at)
        return Outcome(field.key, "applied" if changed else "unchanged")
    if not found.may_ask:
        return Outcome(field.key, "refused", found.because)
    return Outcome(field.key, "requested", found.because, _ask(contact, field, value, writer, found, at).pk)


def _verdict(field: Field, value: Any, writer: Writer) -> Verdict:
    authority = authorities.of(field)
    if field.key.startswith("consent."):
        return consent_verdict(authority, name=field.key, state=value, writer=writer)
    return verdict(authority, name=field.key, writer=writer)


def _ask(contact: Contact, field: Field, value: Any, writer: Writer, refused: Refused, at: datetime) -> ChangeRequest:
    """A request to the owner; the one that waits already, if it asks for the same."""
    waiting = ChangeRequest.objects.filter(contact_id=contact.pk, field=field.key, state=ChangeRequest.State.REQUESTED)
    same = next((one for one in waiting if one.value == value), None)
    return same or ChangeRequest.objects.create(
        contact_id=contact.pk,
        field=field.key,
        value=value,
        owner_id=field.owner_id,
        requested_by=writer.name,
        because=refused.because,
        requested_at=at,
    )


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


def _state_consent(contact: Contact, channel: str, state: str, at: datetime) -> None:
    contact.consent[channel] = {"state": state, "at": at.isoformat()}
    ConsentEntry.objects.create(contact_id=contact.pk, channel=channel, state=state, at=at, recorded_at=at)


def _record(action: str, contact: Contact, *, by: User, at: datetime, **detail: Any) -> None:
    entries.record(action=action, object_kind="contact", object_key=str(contact.pk), by=by, at=at, detail=detail)
