"""What the lint costs the pages that show it, with 50 workflows, 200 fields, 100 event types and 60 mappings."""

import copy
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from campaigns.demo import workspace
from martechops.people.models import Team, User
from workflows.actions import versions
from workflows.models import EventType, Field, Mapping, System, Version, Workflow
from workflows.queries import lint

pytestmark = pytest.mark.bench
AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


@pytest.fixture
def large(db: None) -> dict[str, Any]:
    """The content of one of its workflows."""
    workspace.load(at=AT)
    team, crm = Team.objects.get(key="sales-ops"), System.objects.get(key="crm")
    owned = {"owner": team, "status": "agreed"}
    Field.objects.bulk_create(
        Field(key=f"f{n}", label=f"F {n}", type="text", system_of_record=crm, written_in=["enrich"], **owned)
        for n in range(200 - Field.objects.count())
    )
    schema = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(12)}}
    EventType.objects.bulk_create(
        EventType(name=f"Event {n}", meaning="It happened.", schema=schema, **owned)
        for n in range(100 - EventType.objects.count())
    )
    rows = [{"from": f"contact.f{n}", "to": f"f{n}"} for n in range(20)]
    Mapping.objects.bulk_create(
        Mapping(key=f"m{n}", name=f"M {n}", rows=rows, **owned) for n in range(60 - Mapping.objects.count())
    )
    content: dict[str, Any] = Version.objects.get(workflow__key="demo-request-nurture").content
    content = copy.deepcopy(content)
    for n in range(50 - Workflow.objects.count()):
        row = Workflow.objects.create(key=f"w{n}", name=f"W {n}", type="nurture", owner=team)
        versions.draft(workflow=row, content=content | {"key": row.key, "name": row.name}, by="tests", at=AT)
    return content


def milliseconds(do: Callable[[], object], *, rounds: int = 7) -> float:
    spent = []
    for _ in range(rounds):
        start = time.perf_counter()
        do()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


def test_pages_stay_quick(large: dict[str, Any], client: Client) -> None:
    client.force_login(User.objects.get(username="ana"))
    start = time.perf_counter()
    lint.examined()
    first = (time.perf_counter() - start) * 1000

    def changed() -> object:
        Field.objects.filter(key="f1").update(label=str(time.perf_counter()))
        return lint.examined()

    figures = {
        "everything, read for the first time": first,
        "everything, after one definition changed": milliseconds(changed, rounds=3),
        "nothing changed since": milliseconds(lint.examined),
        "one draft as it is typed": milliseconds(lambda: lint.findings_of("w1", content=large | {"key": "w1"})),
        "list of workflows": milliseconds(lambda: client.get("/workflows/")),
        "conflicts": milliseconds(lambda: client.get("/conflicts/")),
    }
    print("".join(f"\n{name}: {figure:.0f} ms" for name, figure in figures.items()))
    assert figures["everything, read for the first time"] < 2000
    assert figures["nothing changed since"] < 100
