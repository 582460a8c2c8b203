"""What is known of a contact, changed by hand: written, asked of the team that owns the field, or refused."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from martechops.lib import clock
from martechops.people.models import User
from martechops.people.visitors import person
from workflows.actions import contact_fields
from workflows.engine.authority import Allowed, Verdict, Writer
from workflows.models import Contact, Field
from workflows.queries import authorities, segments

#: What comes of a change, in words for a button and for those who read it.
_WAYS = {"write": "Change", "ask": "Ask for it", "never": "Nobody may"}


@dataclass(frozen=True, slots=True)
class Line:
    """One field of one contact, and what would come of changing it."""

    field: Field
    value: Any
    #: write, ask or never.
    way: str
    because: str

    @property
    def says(self) -> str:
        return _WAYS[self.way]


def listing(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Every field with its value, and who may change it."""
    contact, writer = get_object_or_404(Contact, pk=contact_id), contact_fields.writer_of(person(request))
    lines = [_line(contact, row, writer) for row in authorities.fields().exclude(key="email").order_by("label")]
    return render(request, "workflows/contact_fields.html", {"contact": contact, "lines": lines})


def edit(request: HttpRequest, contact_id: int, key: str) -> HttpResponse:
    """One field: says beforehand what will come of a change, and keeps what was typed where it cannot be."""
    contact, row = get_object_or_404(Contact, pk=contact_id), authorities.fields([key]).exclude(key="email").first()
    if row is None:
        raise Http404(f"there is no field {key}")
    user = person(request)
    line = _line(contact, row, contact_fields.writer_of(user))
    context = {
        "contact": contact,
        "line": line,
        "options": segments.field_types()[f"contact.{key}"].allowed or (("yes", "no") if row.type == "boolean" else ()),
        "typed": line.value,
        "expected": contact_fields.state_of(contact),
    }
    if request.method != "POST":
        return render(request, "workflows/contact_field.html", context)
    typed = request.POST.get("value", "").strip()
    problem = _write(request, contact, row, typed, user)
    if not problem:
        return redirect("contact", contact_id=contact_id)
    return render(request, "workflows/contact_field.html", context | {"typed": typed, "problem": problem}, status=422)


def _line(contact: Contact, row: Field, writer: Writer) -> Line:
    found: Verdict = contact_fields.verdict_on(row, "", writer)
    value = contact_fields.current(contact, row.key)
    if isinstance(found, Allowed):
        return Line(row, value, "write", "")
    return Line(row, value, "ask" if found.may_ask else "never", found.because)


def _write(request: HttpRequest, contact: Contact, row: Field, typed: str, user: User) -> str:
    """What stands against it; empty once it is written or asked for."""
    try:
        (outcome,) = contact_fields.write(
            contact=contact,
            values={row.key: typed or None},
            writer=contact_fields.writer_of(user),
            by=user,
            at=clock.now(),
            expected=request.POST.get("expected", ""),
        )
    except contact_fields.ChangedMeanwhile as error:
        return f"{error} Look at it again before you change it."
    except ValidationError as error:
        return " ".join(f"{said[:1].upper()}{said[1:]}." for said in error.message_dict[row.key])
    if outcome.state == "refused":
        return f"{outcome.because[:1].upper()}{outcome.because[1:]}."
    said = {
        "applied": f"{row.label} is written.",
        "unchanged": f"{row.label} was so already.",
        "requested": f"{row.owner.name} is asked to write it: {outcome.because}.",
    }
    messages.success(request, said[outcome.state])
    return ""
