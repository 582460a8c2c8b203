"""Workflows are made here, anew or as a copy of another; what they do is written in their drafts."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from martechops.people.models import Team, User
from workflows.actions import definitions, drafts
from workflows.engine.skeletons import skeleton
from workflows.models import Version, Workflow

#: Addresses below /workflows/ that are no workflow.
TAKEN = frozenset({"new", "conflicts", "rows", "library"})


@transaction.atomic
def create(
    *,
    key: str,
    name: str,
    type: str,
    owner: Team,
    by: User | str,
    at: datetime,
    map_only: bool = False,
    target: Workflow | None = None,
    empty: bool = False,
) -> Version:
    """A workflow with a draft to go on from: the usual steps of its type, or none. Raises ValidationError."""
    workflow = _row(key=key, name=name, type_=type, owner=owner, map_only=map_only, target=target, by=by, at=at)
    content = skeleton(
        type,
        key=key,
        name=name,
        owner=owner.key,
        map_only=map_only,
        target=target.key if target else None,
        empty=empty,
    )
    return drafts.begin(workflow=workflow, by=by, at=at, content=content, note="New")


@transaction.atomic
def copy(*, version: Version, key: str, name: str, owner: Team, by: User | str, at: datetime) -> Version:
    """Another workflow whose draft says what the version says. Raises ValidationError, NotAllowed."""
    content: dict[str, Any] = {**version.content, "key": key, "name": name, "owner": owner.key}
    workflow = _row(
        key=key,
        name=name,
        type_=version.workflow.type,
        owner=owner,
        map_only=bool(content.get("map_only")),
        target=version.workflow.target if content.get("map_only") else None,
        by=by,
        at=at,
    )
    return drafts.begin(workflow=workflow, by=by, at=at, content=content, note=f"Copied from {version}")


def _row(
    *,
    key: str,
    name: str,
    type_: str,
    owner: Team,
    map_only: bool,
    target: Workflow | None,
    by: User | str,
    at: datetime,
) -> Workflow:
    if key in TAKEN:
        raise ValidationError({"key": ["This word has a meaning of its own here; choose another."]})
    row = Workflow(key=key, name=name, type=type_, owner=owner, map_only=map_only, target=target)
    return definitions.save(row, by=by, at=at)
