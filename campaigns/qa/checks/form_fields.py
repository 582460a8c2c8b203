"""FRM: forms of the landing pages lead to the right CRM fields (requirement E4d), by the forms as they are now."""

from collections.abc import Iterator

from campaigns.qa.check import BAD, GOOD, UNSURE, Check, Seen
from campaigns.qa.launch import Launch, Link, Visit
from campaigns.qa.pages import Form, FormField
from workflows.engine.mapping import Row

#: What a field of a form may hold, by the type that the mapping reads it as; not here: anything.
_SUITS = {
    "email": {"email", "text", "hidden"},
    "number": {"number", "range", "text", "select", "radio", "hidden", "tel"},
    "boolean": {"checkbox", "radio", "select", "hidden"},
    "consent": {"checkbox", "radio", "select", "hidden"},
    "date": {"date", "text", "hidden"},
    "datetime": {"datetime-local", "text", "hidden"},
    "phone": {"tel", "text", "hidden"},
    "url": {"url", "text", "hidden"},
    "picklist": {"select", "radio", "text", "hidden"},
}
#: People are recognised by their address, whether or not a mapping names it.
_WHO = Row("event.properties.email", "email", "email", required=True)
_FROM = ("event.properties.", "event.traits.")


def look(launch: Launch) -> Iterator[Seen]:
    """Each landing page: every value that the mapping takes from a form, and every field that goes nowhere."""
    for page in launch.landing_pages:
        visit = launch.visits.get(page.url)
        if visit is None or visit.problem:
            why = visit.problem if visit else "it was not fetched yet"
            yield Seen(f"page {page.url}", UNSURE if visit is None else BAD, why, "Check the address", page.at)
        elif not visit.forms:
            yield Seen(f"page {page.url}", BAD, "there is no form on it", "Check the address", page.at)
        else:
            yield from _form(launch, page, _likeliest(visit, launch))


def _rows(launch: Launch) -> dict[str, Row]:
    """By name of the form's field: what the mappings at the door make of it."""
    rows = (_WHO, *(row for mapping in launch.intake for row in mapping.rows))
    return {row.source.rpartition(".")[2]: row for row in rows if row.source.startswith(_FROM)}


def _likeliest(visit: Visit, launch: Launch) -> Form:
    """The one with the most fields that are mapped: pages have search boxes, too."""
    known = _rows(launch)
    return max(visit.forms, key=lambda form: sum(field.name in known for field in form.fields))


def _form(launch: Launch, page: Link, form: Form) -> Iterator[Seen]:
    where = f"form {form.name} of {page.url}"
    rows = _rows(launch)
    for name, row in rows.items():
        field = form.field(name)
        if field:
            yield _fits(where, field, row, launch)
        elif row.required and row.default is None:
            mend = f"Give the form a field named {name}, or the mapping a default"
            yield Seen(f"{where}: {name}", BAD, f"{row.target} is required, and the form has no {name}", mend, page.at)
    for field in form.fields:
        if field.name not in rows and field.type != "hidden":
            mend = "Map it, or take it from the form"
            yield Seen(f"{where}: {field.name}", BAD, "people fill it in, and no mapping takes it", mend, page.at)


def _fits(where: str, field: FormField, row: Row, launch: Launch) -> Seen:
    what, way = f"{where}: {field.name}", f"goes to {_way(row, launch)}"
    suits = _SUITS.get(row.type)
    if suits and field.type not in suits:
        return Seen(
            what, BAD, f"{way}, which is {row.type}, but the form asks for {field.type}", "Change one of the two"
        )
    allowed = set(row.allowed) or set(getattr(launch.fields.get(f"contact.{row.target}"), "allowed", ()))
    if row.type == "picklist" and allowed and (odd := [one for one in field.options if one not in allowed]):
        return Seen(what, BAD, f"{way}, which does not know {', '.join(odd[:3])}", "Offer only what the field allows")
    return Seen(what, GOOD, way)


def _way(row: Row, launch: Launch) -> str:
    """ "email, and CRM Email"."""
    crm = [
        f"{mapping.key} {onward.target}"
        for mapping in launch.mappings.values()
        for onward in mapping.rows
        if onward.source == f"contact.{row.target}"
    ]
    return ", then ".join([row.target, *crm])


CHECK = Check("FRM", "Forms lead to the right CRM fields", "data", True, ("E4", "E6"), look)
