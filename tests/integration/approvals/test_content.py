"""Content items are agreed to by others before they are published, whichever way somebody comes (A9c, K5, S19)."""

from typing import Any

import pytest
from django.test import Client

from campaigns.actions import content_reviews, rollouts, staleness, verdicts
from campaigns.actions.verdicts import Barred
from campaigns.models import ApprovalRequest
from martechops.lib import clock
from martechops.people.actions import tokens
from martechops.people.models import Role, Team, User
from martechops.people.permissions import NotAllowed
from tests.integration.runtime.conftest import settle
from workflows.actions import content, handwork
from workflows.actions.content import CannotMove
from workflows.actions.reviews import InReview
from workflows.models import ContentItem, StepApproval, Workflow

from .conftest import AT

pytestmark = pytest.mark.requirement("A9", "S19", "K5")


@pytest.fixture
def by_request(demo: None) -> None:
    """No live workflow asks a team: a request does."""
    rollouts.switch_off(workflow=Workflow.objects.get(key="content-publishing"), by="tests", at=AT)


@pytest.fixture
def ana(demo: None) -> User:
    """Of the team that owns the item, and an approver, too: what bars her is that she wrote it."""
    ana = User.objects.get(username="ana")
    ana.roles = [Role.MARKETER, Role.APPROVER]
    ana.save()
    ana.teams.add(Team.objects.get(key="email-team"))
    return ana


@pytest.fixture
def item(ana: User) -> ContentItem:
    """Written by ana."""
    row = ContentItem(key="guide", name="The guide", kind="article", body="One\nTwo", channels=["blog"])
    row.owner = Team.objects.get(key="email-team")
    row = content.save(row, by=ana, at=AT)
    return content_reviews.move(item=row, to="draft", by=ana, at=AT)


@pytest.fixture
def in_review(by_request: None, item: ContentItem, ana: User) -> ContentItem:
    return content_reviews.move(item=item, to="approval", by=ana, at=clock.now())


def asked() -> ApprovalRequest:
    return ApprovalRequest.objects.filter(subject_kind="content").latest("pk")


def edited(item: ContentItem, by: User, body: str) -> ContentItem:
    item.body = body
    return content.save(item, by=by, at=clock.now())


def test_from_draft_to_published_by_somebody_elses_word(in_review: ContentItem, ana: User, ben: User) -> None:
    assert (asked().state, asked().risk, ana.pk in asked().barred) == ("open", "medium", True)
    with pytest.raises(CannotMove):
        content_reviews.move(item=in_review, to="published", by=ana, at=AT)
    verdicts.decide(request=asked(), verdict="approve", by=ben, at=clock.now())
    in_review.refresh_from_db()
    assert (in_review.state, in_review.is_agreed) == ("approved", True)
    out = content_reviews.move(item=in_review, to="published", by=ana, at=AT)
    assert (out.state, out.published_at) == ("published", AT)
    assert asked().went_at == AT
    # Taken back and not changed, it is what was agreed to.
    content_reviews.move(item=out, to="draft", by=ana, at=AT)
    again = content_reviews.move(item=out, to="approval", by=ana, at=clock.now())
    assert (again.state, again.is_agreed) == ("approved", True)


def test_author_agrees_by_no_way_in(in_review: ContentItem, ana: User, admin: User, client: Client) -> None:
    with pytest.raises(Barred):
        verdicts.decide(request=asked(), verdict="approve", by=ana, at=clock.now())
    client.force_login(ana)
    assert client.post(f"/approvals/{asked().pk}/decide/", {"verdict": "approve"}).status_code == 403
    for to in ("approved", "published", "promoted"):
        client.post(f"/content/{in_review.pk}/move/", {"to": to})
        client.post(f"/content/{in_review.pk}/move/", {"to": to, "from": "board"})
    _, secret = tokens.create(user=ana, scopes=["content:write", "approvals:write"], by=ana, at=AT)
    send: dict[str, Any] = {
        "content_type": "application/json",
        "headers": {"Authorization": f"Bearer {secret}"},
    }
    decided = client.post(f"/api/v1/approvals/{asked().pk}/decide", {"verdict": "approve"}, **send)
    assert decided.status_code == 403, decided.content
    for to in ("approved", "published", "promoted"):
        answer = client.post(f"/api/v1/content/{in_review.pk}/move", {"to": to}, **send)
        assert answer.status_code == 409, answer.content
    assert client.patch(f"/api/v1/content/{in_review.pk}", {"state": "published"}, **send).status_code == 400
    client.force_login(admin)
    page = f"/admin/workflows/contentitem/{in_review.pk}/change/"
    assert client.post(page, {"state": "published", "approved_digest": "0" * 64}).status_code == 403
    in_review.refresh_from_db()
    assert (in_review.state, in_review.approved_digest) == ("approval", "")


def test_in_review_it_is_read_only_by_every_way_in(in_review: ContentItem, ana: User, client: Client) -> None:
    with pytest.raises(InReview):
        edited(in_review, ana, "Three")
    client.force_login(ana)
    answer = client.post(f"/content/{in_review.pk}/", {"name": "Mine", "body": "Typed for an hour"})
    assert answer.status_code == 409
    assert "Typed for an hour" in answer.content.decode()
    first = in_review.history.earliest("history_id")
    client.post(f"/content/{in_review.pk}/restore/", {"revision": first.history_id})
    in_review.refresh_from_db()
    assert (in_review.name, in_review.body) == ("The guide", "One\nTwo")
    back = content_reviews.move(item=in_review, to="draft", by=ana, at=AT)
    assert (asked().state, edited(back, ana, "Three").body) == ("withdrawn", "Three")


@pytest.mark.parametrize("out", [False, True])
def test_edit_of_what_was_agreed_to_makes_it_a_draft_and_the_approval_stale(
    in_review: ContentItem, ana: User, ben: User, out: bool
) -> None:
    verdicts.decide(request=asked(), verdict="approve", by=ben, at=clock.now())
    in_review.refresh_from_db()
    if out:
        content_reviews.move(item=in_review, to="published", by=ana, at=AT)
    item = edited(ContentItem.objects.get(pk=in_review.pk), ana, "Other words")
    assert (item.state, item.approved_digest) == ("draft", "")
    assert staleness.sweep(at=clock.now()) == 1
    assert (asked().state, asked().because.split(" was")[0]) == ("stale", "content guide")
    with pytest.raises(CannotMove):
        content_reviews.move(item=item, to="published", by=ben, at=AT)


def test_workflow_that_asks_a_team_asks_in_place_of_a_request_and_never_the_author(
    item: ContentItem, ana: User, ben: User, client: Client
) -> None:
    content_reviews.move(item=item, to="approval", by=ana, at=AT)
    settle(at=AT)
    assert not ApprovalRequest.objects.filter(subject_kind="content").exists()
    step = StepApproval.objects.get(content_id=item.pk)
    with pytest.raises(NotAllowed, match="nobody agrees to their own work"):
        handwork.approve(approval=step, by=ana, at=AT)
    client.force_login(ana)
    assert client.post(f"/handoffs/approvals/{step.pk}/answer/", {"answer": "approve"}).status_code == 403
    handwork.approve(approval=step, by=ben, at=AT)
    settle(at=AT)
    item.refresh_from_db()
    assert (item.state, item.is_agreed) == ("promoted", True)


def test_who_only_sent_it_into_review_does_not_answer_the_workflow(item: ContentItem, ben: User, dan: User) -> None:
    """Ben wrote none of it, but asked: as by a request, somebody else answers."""
    dan.teams.add(item.owner)
    dan.roles = [Role.MARKETER, Role.APPROVER]
    dan.save()
    content_reviews.move(item=item, to="approval", by=ben, at=AT)
    settle(at=AT)
    step = StepApproval.objects.get(content_id=item.pk)
    with pytest.raises(NotAllowed, match="asked for the review"):
        handwork.approve(approval=step, by=ben, at=AT)
    handwork.approve(approval=step, by=dan, at=AT)
    item.refresh_from_db()
    assert item.is_agreed


def test_workflow_publishes_no_words_that_nobody_agreed_to(item: ContentItem, ana: User, ben: User) -> None:
    """Agreed to, then taken back and written anew before the workflow came to publish."""
    content_reviews.move(item=item, to="approval", by=ana, at=AT)
    settle(at=AT)
    handwork.approve(approval=StepApproval.objects.get(content_id=item.pk), by=ben, at=AT)
    back = content_reviews.move(item=item, to="draft", by=ana, at=AT)
    edited(back, ana, "Other words")
    settle(at=AT)
    item.refresh_from_db()
    assert (item.state, item.published_at) == ("draft", None)


def test_revisions_say_what_changed_and_are_restored(item: ContentItem, ana: User, client: Client) -> None:
    edited(item, ana, "One\nThree")
    client.force_login(ana)
    page = f"/content/{item.pk}/"
    shown = client.get(page).content.decode()
    assert "<del>Two</del>" in shown
    assert "<ins>Three</ins>" in shown
    first = item.history.earliest("history_id")
    assert client.post(f"{page}restore/", {"revision": first.history_id}).status_code == 302
    item.refresh_from_db()
    assert item.body == "One\nTwo"
    assert client.post(f"{page}restore/", {"revision": "0"}).status_code == 404
    assert client.post(f"{page}restore/", {"revision": "x"}).status_code == 404


def test_second_editor_is_told_and_keeps_what_they_wrote(item: ContentItem, ana: User, client: Client) -> None:
    client.force_login(ana)
    seen = content.state_of(item)
    edited(item, ana, "By the first")
    answer = client.post(f"/content/{item.pk}/", {"seen": seen, "name": "The guide", "body": "By the second"})
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "By the first" in shown
    assert "By the second" in shown
    assert f'name="seen" value="{content.state_of(item)}"' in shown
    wrong = client.post(f"/content/{item.pk}/", {"seen": seen, "name": "", "body": "By the second"})
    assert f'name="seen" value="{seen}"' in wrong.content.decode()  # what the first wrote was not shown yet


def test_fields_that_are_wrong_say_so_and_keep_what_was_typed(item: ContentItem, ana: User, client: Client) -> None:
    client.force_login(ana)
    answer = client.post(f"/content/{item.pk}/", {"name": "The guide", "link": "javascript:alert(1)", "body": "Typed"})
    assert answer.status_code == 422
    assert "Enter a valid URL" in answer.content.decode()
    planned = client.post("/content/", {"name": "Guide", "kind": "article", "owner": "email-team"})
    assert planned.status_code == 422
    assert "already exists" in planned.content.decode()


def test_interface_edits_lists_revisions_and_restores(item: ContentItem, ana: User, client: Client) -> None:
    _, secret = tokens.create(user=ana, scopes=["content:read", "content:write"], by=ana, at=AT)
    ask: dict[str, Any] = {"headers": {"Authorization": f"Bearer {secret}"}}
    send = {"content_type": "application/json", **ask}
    page = f"/api/v1/content/{item.pk}"
    assert client.patch(page, {"body": "Other", "key": "another"}, **send).json()["key"] == "guide"
    newest, first = client.get(f"{page}/revisions", **ask).json()
    assert (newest["changed"], newest["by"]) == (["body"], "ana")
    assert client.post(f"{page}/restore", {"revision": first["id"]}, **send).json()["body"] == "One\nTwo"
    assert client.post(f"{page}/restore", {"revision": 2**40}, **send).status_code == 404


def test_interface_overwrites_nothing_that_it_has_not_read(item: ContentItem, ana: User, client: Client) -> None:
    _, secret = tokens.create(user=ana, scopes=["content:read", "content:write"], by=ana, at=AT)
    send: dict[str, Any] = {"content_type": "application/json"}
    ask, page = {"Authorization": f"Bearer {secret}"}, f"/api/v1/content/{item.pk}"
    etag = client.get(page, headers=ask)["ETag"]
    first = client.patch(page, {"body": "By the first"}, headers=ask | {"If-Match": etag}, **send)
    assert (first.status_code, first["ETag"] != etag) == (200, True)
    assert client.patch(page, {"body": "By the second"}, headers=ask | {"If-Match": etag}, **send).status_code == 412
    item.refresh_from_db()
    assert item.body == "By the first"
    # Who does not say what they read writes over it, and it can be restored.
    assert client.patch(page, {"body": "By the third"}, headers=ask, **send).status_code == 200
    assert "By the first" in [row.body for row in item.history.all()]
    assert client.patch(page, {"bodyy": "x"}, headers=ask, **send).status_code == 400
    assert client.patch(page, {"body": "x" * (content.LONGEST + 1)}, headers=ask, **send).status_code == 400
    assert client.patch(page, {"body": "x\0y"}, headers=ask, **send).status_code == 400
    many = {"channels": [str(number) for number in range(content.MOST_CHANNELS + 1)]}
    assert client.patch(page, many, headers=ask, **send).status_code == 400


def test_board_moves_by_buttons_and_gives_the_focus_back(item: ContentItem, ana: User, client: Client) -> None:
    client.force_login(ana)
    answer = client.post(f"/content/{item.pk}/move/", {"to": "planned", "from": "board"})
    assert answer["Location"] == f"/content/?moved={item.pk}#item-{item.pk}"
    shown = client.get(answer["Location"].partition("#")[0]).content.decode()
    assert "The guide is planned now." in shown
    assert shown.count("data-moved") == 1
