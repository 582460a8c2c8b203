"""What is in review is read-only, whichever way somebody comes to edit it."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client

from campaigns.models import ApprovalRequest
from martechops.people.actions import tokens
from martechops.people.models import User
from workflows.actions import content, definitions, drafts, renames, reviews, versions
from workflows.actions.reviews import InReview
from workflows.engine import edits
from workflows.models import ContentItem, MessageTemplate, Version, Workflow

from .conftest import AT, KEY

pytestmark = pytest.mark.requirement("D2", "I1")


@pytest.fixture
def workflow(request_: ApprovalRequest) -> Workflow:
    return Workflow.objects.get(key=KEY)


EDITS: dict[str, Callable[[Workflow, User], object]] = {
    "begin": lambda row, by: drafts.begin(workflow=row, by=by, at=AT),
    "edit": lambda row, by: drafts.edit(workflow=row, change=edits.RemoveStep("welcome"), revision=1, by=by, at=AT),
    "undo": lambda row, by: drafts.undo(workflow=row, revision=1, by=by, at=AT),
    "restore": lambda row, by: drafts.restore(version=row.versions.earliest("number"), by=by, at=AT),
    "discard": lambda row, by: drafts.discard(workflow=row, revision=1, by=by, at=AT),
    "from a file": lambda row, by: versions.draft(
        workflow=row, content=row.versions.earliest("number").content, by="a file", at=AT
    ),
    "freeze": lambda row, by: versions.freeze(version=row.versions.latest("number"), by=by, at=AT),
    "rename it": lambda row, by: definitions.save(row, by=by, at=AT),
}


def test_every_action_refuses(workflow: Workflow, ana: User) -> None:
    for edit in EDITS.values():
        with pytest.raises(InReview, match="withdraw the request first"), transaction.atomic():
            edit(workflow, ana)


def test_rename_that_would_write_it_anew_is_refused(workflow: Workflow) -> None:
    with pytest.raises(renames.CannotRename, match="in review"):
        renames.apply(kind="event-type", old="Demo Requested", new="Demo Asked For", by="tests", at=AT)


def test_page_says_so_with_409(workflow: Workflow, ana: User, client: Client) -> None:
    client.force_login(ana)
    answer = client.post(f"/workflows/{KEY}/draft/")
    assert answer.status_code == 409, answer
    assert "is in review since" in answer.content.decode()
    assert '<a href="/approvals/' in answer.content.decode(), "and leads to where it can be withdrawn"


def test_interface_answers_409(workflow: Workflow, ana: User, client: Client) -> None:
    _, secret = tokens.create(user=ana, scopes=["workflows:write"], by=ana, at=AT)
    before = Version.objects.count()
    answer = client.post(
        "/api/v1/versions",
        {"workflow": KEY},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 409, answer.content
    assert answer.json()["code"] == "wrong_state"
    assert Version.objects.count() == before


def test_admin_only_shows_it(workflow: Workflow, admin: User, client: Client) -> None:
    client.force_login(admin)
    page = f"/admin/workflows/workflow/{workflow.pk}/change/"
    assert "_save" not in client.get(page).content.decode()
    answer = client.post(page, {"key": KEY, "name": "Mine", "type": "nurture", "owner": workflow.owner_id})
    assert answer.status_code == 403
    workflow.refresh_from_db()
    assert workflow.name != "Mine"


def test_content_item_is_held_the_same_way(admin: User, client: Client) -> None:
    item = ContentItem.objects.select_related("owner").first()
    assert item is not None
    hold = {"says": item.name, "address": "/", "digest": "0" * 64, "by": "tests", "at": AT}
    reviews.hold(kind="content", key=item.key, **hold)  # type: ignore[arg-type]
    with pytest.raises(InReview):
        content.save(item, by=admin, at=AT)
    client.force_login(admin)
    assert "_save" not in client.get(f"/admin/workflows/contentitem/{item.pk}/change/").content.decode()
    reviews.free(kind="content", key=item.key)
    content.save(item, by=admin, at=AT)


def test_what_is_shared_is_not_held(workflow: Workflow) -> None:
    """It makes the request stale instead."""
    definitions.save(MessageTemplate.objects.get(key="demo-welcome"), by="tests", at=AT)
