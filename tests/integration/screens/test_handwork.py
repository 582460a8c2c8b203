"""What people answer on their pages moves the runs that asked; what they may not, they are not offered."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from martechops.audit.models import AuditEntry
from martechops.people.models import User
from tests.integration.runtime.conftest import demo, settle
from workflows.actions import content
from workflows.models import ContentItem, Run, Source, StepApproval

__all__ = ["demo"]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def sign_in(demo: Source) -> Callable[[str], Client]:
    def sign_in(name: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=name))
        return client

    return sign_in


@pytest.fixture
def asked(demo: Source) -> StepApproval:
    """An item that waits for the e-mail team."""
    item = ContentItem.objects.get(key="from-form-to-call")
    for to in ("draft", "approval"):
        content.move(item=item, to=to, by=User.objects.get(username="ana"), at=NOW)
    settle()
    return StepApproval.objects.get()


@pytest.mark.requirement("D3")
def test_step_is_approved_on_the_page_by_its_team_and_by_nobody_else(
    asked: StepApproval, sign_in: Callable[[str], Client]
) -> None:
    address = f"/handoffs/approvals/{asked.pk}/answer/"
    assert b"Is it ready to be published?" in sign_in("ida").get("/handoffs/").content
    assert sign_in("sal").post(address, {"answer": "approve"}).status_code == 403
    ben = sign_in("ben")
    assert "From form to sales call: to approve" in ben.get("/").content.decode()
    assert b"Say why" in ben.post(address, {"answer": "refuse"}, follow=True).content
    ben.post(address, {"answer": "approve"})
    assert b"Meanwhile it is approved" in ben.post(address, {"answer": "approve"}, follow=True).content
    settle()
    page = ben.get(f"/content/{asked.content_id}/").content.decode()
    assert "Promoted" in page
    assert "en approved it" in page
    assert Run.objects.get(content_id=asked.content_id).state == "done"
    assert AuditEntry.objects.filter(action="step.approve").count() == 1


@pytest.mark.requirement("K5")
def test_content_is_planned_changed_and_moved_on_the_board(sign_in: Callable[[str], Client]) -> None:
    ben = sign_in("ben")
    said = {"name": "A new page", "kind": "article", "owner": "email-team", "channels": "blog, blog , social"}
    ben.post("/content/", said)
    item = ContentItem.objects.get(key="a-new-page")
    assert (item.state, item.channels) == ("planned", ["blog", "social"])
    ben.post(f"/content/{item.pk}/", {"name": "A page", "link": "javascript:alert(1)", "channels": ""})
    item.refresh_from_db()
    assert item.name == "A new page"
    ben.post(f"/content/{item.pk}/move/", {"to": "promoted"})
    ben.post(f"/content/{item.pk}/move/", {"to": "draft"})
    item.refresh_from_db()
    assert item.state == "draft"
    assert b"A new page" in ben.get("/content/").content
    assert sign_in("sal").post(f"/content/{item.pk}/move/", {"to": "approval"}).status_code == 403
