"""A workspace of 50 workflows, 200 fields, 100 event types and 60 mappings plans and applies in under 10 s."""

from datetime import UTC, datetime
from time import perf_counter, process_time

import pytest

from tests.fixtures import large_workspace
from workflows.workspace import applying, exporting, planning

AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)


@pytest.mark.bench
@pytest.mark.django_db(transaction=True)
def test_large_workspace_plans_and_applies_in_ten_seconds() -> None:
    files = large_workspace.files()
    took = {}
    began = perf_counter()
    assert len(planning.plan(files, by="bench", at=AT).changes) == len(files)
    took["plan"] = perf_counter() - began
    began, worked = perf_counter(), process_time()
    applying.apply(files, by="bench", at=AT)
    took["apply"] = perf_counter() - began
    took["of that, work of this process"] = process_time() - worked
    for name, again in (("plan again", planning.plan), ("apply again", applying.apply)):
        began = perf_counter()
        assert not again(files, by="bench", at=AT).changes
        took[name] = perf_counter() - began
    began = perf_counter()
    exporting.files()
    took["export"] = perf_counter() - began
    print({name: f"{seconds:.2f} s" for name, seconds in took.items()}, f"{len(files)} files")
    assert took["plan"] + took["apply"] < 10
