"""Scenarios of the workspace, ready to be played."""

from collections.abc import Iterable

from django.db.models import Q

from workflows.engine.scenarios import BadScenario, read
from workflows.engine.scenarios import Scenario as Story
from workflows.models import Scenario

from . import documents


def about(workflow_key: str) -> list[Story]:
    """Those of one workflow, and those of none in particular; one that cannot be read stands aside. One query."""
    rows = Scenario.objects.filter(Q(workflow=None) | Q(workflow__key=workflow_key)).select_related("owner", "workflow")
    return readable(rows)


def every() -> list[Story]:
    """All of them. One query."""
    return readable(Scenario.objects.select_related("owner", "workflow"))


def readable(rows: Iterable[Scenario]) -> list[Story]:
    """As far as they can be read: each was checked when it was saved."""
    found = []
    for row in rows:
        try:
            found.append(read(documents.document_of(row)))
        except BadScenario:
            continue
    return found
