"""The demo workspace, and ways to tell a story in it: what comes in, what people do, what the calendar says."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import yaml

from campaigns.actions import rollouts
from martechops.people.models import Team, User
from tests.integration.runtime.conftest import AT, demo, request_demo, send, settle
from workflows.actions import definitions, versions
from workflows.models import Source, Workflow
from workflows.runtime import schedules

__all__ = ["AT", "demo", "request_demo", "send", "settle"]


@pytest.fixture
def go_live(demo: Source) -> Callable[[str], Workflow]:
    """Take a workflow file live, from its text."""

    def go_live(text: str) -> Workflow:
        document: dict[str, Any] = yaml.safe_load(text)
        owner = Team.objects.get(key=document["owner"])
        row = Workflow(key=document["key"], name=document["name"], type=document["type"], owner=owner)
        workflow: Workflow = definitions.save(row, by="test", at=AT)
        version = versions.draft(workflow=workflow, content=document, by="test", at=AT)
        rollouts.switch_over(version=versions.freeze(version=version, by="test", at=AT), by="test", at=AT)
        return workflow

    return go_live


@pytest.fixture
def ben(demo: Source) -> User:
    """Approves, in the e-mail team."""
    return User.objects.get(username="ben")


@pytest.fixture
def sal(demo: Source) -> User:
    """Works in sales ops."""
    return User.objects.get(username="sal")


def until(at: datetime) -> None:
    """Let the calendar come to an instant, and everything happen that is due by then."""
    schedules.keep(at=at)
    settle(at=at)
