"""The demo workspace as files, to be changed and brought in again; ana owns, ben approves, cy is a stranger."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from martechops.people.models import User
from workflows.workspace import exporting, planning
from workflows.workspace.planning import Plan

#: A Monday, in everybody's working hours.
AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)

Files = dict[str, bytes]


@pytest.fixture
def files(demo_of_monday: None, db: None) -> Files:
    """What the demo defines; the schemas left out."""
    return {path: raw for path, raw in exporting.files().items() if path.endswith(".yaml")}


@pytest.fixture
def person(files: Files) -> Callable[[str], User]:
    return lambda name: User.objects.get(username=name)


def changed(files: Files, path: str, old: str, new: str) -> Files:
    """The files with one passage replaced, which must be there."""
    assert old.encode() in files[path]
    return {**files, path: files[path].replace(old.encode(), new.encode())}


def planned(files: Files, *, by: User | str = "tests", prune: bool = False) -> Plan:
    return planning.plan(files, by=by, at=AT, prune=prune)


def said(plan: Plan) -> list[str]:
    """Problems as lines."""
    return [str(problem) for problem in plan.problems]
