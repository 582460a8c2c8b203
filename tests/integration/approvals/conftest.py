"""The demo workspace and its people: ana owns, ben and dan approve, cy is a stranger."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from campaigns.actions import approvals, rollouts
from campaigns.models import ApprovalRequest
from martechops.people.actions import users
from martechops.people.models import Role, Team, User
from workflows.actions import drafts, versions
from workflows.engine import edits
from workflows.models import Version, Workflow

#: A Monday, in everybody's working hours.
AT = datetime(2026, 11, 2, 11, 0, tzinfo=UTC)
#: Of high risk, of marketing ops, ana's team.
KEY = "demo-request-nurture"


@pytest.fixture
def demo(demo_of_monday: None, db: None) -> None:
    load()


@pytest.fixture
def ana(demo: None) -> User:
    """May approve, too: what bars her is what she wrote."""
    ana = User.objects.get(username="ana")
    ana.roles = [Role.MARKETER, Role.APPROVER]
    ana.save()
    return ana


@pytest.fixture
def ben(demo: None) -> User:
    return User.objects.get(username="ben")


@pytest.fixture
def dan(demo: None) -> User:
    return users.add(
        username="dan",
        password=None,
        roles=[Role.APPROVER],
        teams=list(Team.objects.filter(key="sales-ops")),
        by="tests",
        at=AT,
    )


@pytest.fixture
def admin(demo: None) -> User:
    return User.objects.get(username="admin")


@pytest.fixture
def cy(demo: None) -> User:
    return users.add(username="cy", password=None, roles=[], by="tests", at=AT)


def load() -> None:
    """Upon the demo, a live version that names no teams, so that any approver is asked."""
    name = Workflow.objects.get(key=KEY).name
    rollouts.switch_over(version=written("tests", name=name), by="tests", at=AT)


def written(by: User | str, *, key: str = KEY, name: str = "Anew") -> Version:
    """A frozen version of the workflow that this person changed, without teams that it names."""
    workflow = Workflow.objects.get(key=key)
    draft = drafts.begin(workflow=workflow, by=by, at=AT)
    content = {**draft.content, "name": name, "approvers": []}
    drafts.edit(workflow=workflow, change=edits.Replace(content), revision=draft.revision, by=by, at=AT)
    return versions.freeze(version=draft, by=by, at=AT, note="Another name")


Ask = Callable[[], ApprovalRequest]


@pytest.fixture
def request_(ana: User) -> ApprovalRequest:
    """Ana asks for what she wrote: of high risk, so that two others have to agree to each section."""
    return approvals.ask_for_version(version=written(ana), by=ana, at=AT)
