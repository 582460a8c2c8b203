"""What segments ask for, for whoever meets `{segment: key}` in a rule."""

from collections.abc import Mapping
from typing import Any

from workflows.engine import references
from workflows.models import DefinitionVersion, Segment, Status


def drafts() -> dict[str, Any]:
    """What each segment would ask for if all of them were agreed as they stand."""
    return dict(Segment.objects.values_list("key", "when"))


def rules() -> dict[str, Any]:
    """What each segment asks for, by its key: its newest content that was agreed, or its draft if none ever was.

    So a segment that is taken back to draft and worked on goes on meaning what it meant, wherever it is used. One query
    where no segment is a draft, two otherwise.
    """
    rows = list(Segment.objects.order_by("key").values_list("pk", "key", "when", "status"))
    drafts = [pk for pk, _, _, status in rows if status == Status.DRAFT]
    agreed = _agreed(drafts) if drafts else {}
    return {key: agreed.get(pk, when) for pk, key, when, _ in rows}


def is_waiting(key: str, content: Mapping[str, Any]) -> bool:
    """Is this a draft of a segment that means what was agreed of it before?"""
    if content.get("status") != Status.DRAFT:
        return False
    row = Segment.objects.filter(key=key).first()
    return row is not None and bool(_agreed([row.pk]))


def _agreed(ids: list[int]) -> dict[int, Any]:
    versions = DefinitionVersion.objects.filter(kind="segment", object_id__in=ids)
    settled = versions.exclude(content__status=Status.DRAFT).order_by("object_id", "-number").distinct("object_id")
    return dict(settled.values_list("object_id", "content__when"))


def titles() -> dict[str, str]:
    """Names by key, for words."""
    return dict(Segment.objects.order_by("name").values_list("key", "name"))


def asked_by(*documents: Any) -> dict[str, Any]:
    """`rules`, if any of these conditions names a segment; else none are needed."""
    return rules() if any(are_named_in(document) for document in documents) else {}


def are_named_in(document: Any) -> bool:
    """Does a condition name a segment anywhere?"""
    return any(reference.kind == "segment" for reference in references.condition(document, ()))
