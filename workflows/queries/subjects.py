"""What runs, effects and traces are about, as people call it: a contact, a content item, the workspace."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from workflows.engine.internal import SubjectRef, subject_of
from workflows.models import ContentItem

from . import names


class AboutSomebody(Protocol):
    """A row that names its subject by two columns."""

    contact_id: int | None
    content_id: int | None


@dataclass(frozen=True, slots=True)
class Named:
    """A subject by its name, and its page."""

    kind: str
    name: str
    href: str

    @property
    def icon(self) -> str:
        return {"contact": "user", "content": "file-text"}.get(self.kind, "building-2")


WORKSPACE = Named("workspace", "The workspace", "/workflows/")


def ref(row: AboutSomebody) -> SubjectRef:
    """Whose it is."""
    return subject_of(contact_id=row.contact_id, content_id=row.content_id)


def named(rows: Iterable[AboutSomebody]) -> dict[SubjectRef, Named]:
    """The subject of each row by name; two queries at most."""
    refs = {ref(row) for row in rows}
    contacts = names.of_contacts(r.contact_id for r in refs if r.contact_id is not None)
    items = ContentItem.objects.filter(pk__in=[r.content_id for r in refs if r.content_id is not None])
    titles = dict(items.values_list("pk", "name")) if any(r.content_id for r in refs) else {}
    return {r: _named(r, contacts, titles) for r in refs}


def _named(subject: SubjectRef, contacts: dict[int, str], titles: dict[int, str]) -> Named:
    if subject.contact_id is not None:
        return Named("contact", contacts[subject.contact_id], f"/contacts/{subject.contact_id}/")
    if subject.content_id is not None:
        title = titles.get(subject.content_id, f"Content item {subject.content_id}")
        return Named("content", title, f"/content/{subject.content_id}/")
    return WORKSPACE
