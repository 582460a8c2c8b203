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


def free_key(wanted: str) -> str:
    """Like it, and not taken: what is kept again stands beside what was."""
    wanted = wanted.lower()[:44].strip("-")
    taken = set(Scenario.objects.filter(key__startswith=wanted).values_list("key", flat=True))
    return next(key for key in (wanted, *(f"{wanted}-{i}" for i in range(2, 1_000))) if key not in taken)
