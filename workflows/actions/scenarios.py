"""Scenarios that are made of a story: one that was found, or one that was recorded."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from martechops.people.models import User
from martechops.people.permissions import may
from workflows.models import Scenario, Workflow
from workflows.queries import scenarios

from . import definitions


def keep(*, workflow: Workflow, document: Mapping[str, Any], by: User, at: datetime, note: str) -> Scenario:
    """A scenario of the workflow with the document's story, under a key that is free.

    It belongs to the workflow's team, or to one of the person's own where they are not in that. Raises what
    `definitions.save` raises, and KeyError for a document that lacks a part.
    """
    row = Scenario(
        key=scenarios.free_key(str(document["key"])),
        name=str(document["name"])[:120],
        says=str(document.get("says") or ""),
        owner=workflow.owner,
        workflow=workflow,
        given=document["given"],
        when=document["when"],
        then=document["then"],
    )
    own = by.teams.order_by("name").first()
    if own and not may(by, "definitions.edit", row):
        row.owner = own
    return definitions.save(row, by=by, at=at, note=note)
