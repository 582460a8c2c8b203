"""Approving, publishing and editing at once, on connections of their own: what goes live is what was agreed to."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from campaigns.actions import approvals, content_reviews, rollouts, verdicts
from campaigns.manifests import Manifest
from campaigns.models import ApprovalRequest, Release, Rollout
from martechops.audit.models import AuditEntry
from martechops.people.actions import users
from martechops.people.models import Role, Team, User
from workflows.actions import content, definitions, drafts
from workflows.actions.reviews import InReview
from workflows.engine import edits
from workflows.models import ContentItem, DefinitionVersion, MessageTemplate, Version, Workflow

from .conftest import AT, KEY, load, written

PAIRS = 50
TEMPLATE = "demo-welcome"


@pytest.fixture
def people(demo_of_monday: None, transactional_db: None) -> dict[str, User]:
    load()
    users.add(username="dan", password=None, roles=[Role.APPROVER], by="tests", at=AT)
    return {user.username: user for user in User.objects.all()}


def at_once(*works: Callable[[], None]) -> list[Exception | None]:
    """Each on a connection of its own, all let go at the same moment; what each raised."""
    gate, raised = threading.Barrier(len(works)), [None] * len(works)

    def run(number: int, work: Callable[[], None]) -> None:
        try:
            gate.wait()
            work()
        except Exception as error:  # noqa: BLE001  (it is looked at by the test)
            raised[number] = error  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return list(raised)


def published_and_written() -> list[tuple[str, str, str]]:
    """Every rollout by a person, with the template's digest that it was approved with, and the one that the log says
    was written last before it: entries stand in the order in which their transactions were committed.
    """
    digest, found = "", []
    pinned = {
        release.digest: next(
            pin.digest for pin in Manifest.read(release.manifest).pins if (pin.kind, pin.key) == ("template", TEMPLATE)
        )
        for release in Release.objects.filter(workflow__key=KEY)
    }
    number_of = {
        version.number: version.content for version in DefinitionVersion.objects.filter(kind="template", key=TEMPLATE)
    }
    for entry in AuditEntry.objects.order_by("number"):
        if entry.object_kind == "template" and entry.object_key == TEMPLATE and "version" in entry.detail:
            content = number_of[entry.detail["version"]]
            digest = content["subject"]
        elif entry.action == "rollout.switch_over" and entry.actor_kind == "person":
            found.append((str(entry.number), pinned[entry.detail["digest"]], digest))
    return found


@pytest.mark.requirement("F17", "S19", "D2")
def test_fifty_approvals_and_edits_at_once_never_publish_what_nobody_agreed_to(people: dict[str, User]) -> None:
    ana, ben, dan = people["ana"], people["ben"], people["dan"]
    version = written(ana)
    outcomes: dict[str, int] = {}
    pin_of: dict[str, str] = {}
    for pair in range(PAIRS):
        request = approvals.ask_for_version(version=version, by=ana, at=AT)
        pins = {pin.key: pin.digest for pin in Manifest.read(request.manifest).pins if pin.kind == "template"}
        pin_of[pins[TEMPLATE]] = MessageTemplate.objects.get(key=TEMPLATE).subject
        verdicts.decide(request=request, verdict="approve", by=ben, at=AT)

        def publish(request: ApprovalRequest = request) -> None:
            verdicts.decide(request=request, verdict="approve", by=dan, at=AT)
            rollouts.switch_over(version=version, by=ana, at=AT)

        def edit(pair: int = pair) -> None:
            template = MessageTemplate.objects.get(key=TEMPLATE)
            template.subject = f"Subject {pair}"
            definitions.save(template, by="tests", at=AT)

        if pair % 5 == 0:  # whoever is faster at once: now and then it is published first
            published, edited = [*at_once(publish), *at_once(edit)]
        else:
            published, edited = at_once(publish, edit) if pair % 2 else reversed(at_once(edit, publish))
        assert edited is None
        assert published is None or isinstance(published, verdicts.Changed | rollouts.NotApproved), published
        outcomes[type(published).__name__] = outcomes.get(type(published).__name__, 0) + 1
    found = published_and_written()
    assert [(number, pin_of[pinned]) for number, pinned, _ in found] == [(number, said) for number, _, said in found]
    assert len(found) == outcomes.get("NoneType", 0) == Rollout.objects.filter(started_by=ana).count()
    assert sum(outcomes.values()) == PAIRS
    assert len(found) >= PAIRS / 5


@pytest.mark.requirement("F17")
def test_same_person_on_two_connections_counts_once(people: dict[str, User]) -> None:
    request = approvals.ask_for_version(version=written(people["ana"]), by=people["ana"], at=AT)
    raised = at_once(
        *[lambda: verdicts.decide(request=request, verdict="approve", by=people["ben"], at=AT) and None] * 2  # type: ignore[func-returns-value]
    )
    assert raised == [None, None]
    request.refresh_from_db()
    assert request.state == "open"
    assert request.approvals.count() == len(request.needs)


@pytest.mark.requirement("F17", "F18", "D2")
def test_edit_and_question_for_approval_do_not_both_succeed(people: dict[str, User]) -> None:
    """The draft is edited before it is held, or not at all."""
    ana = people["ana"]
    workflow = Workflow.objects.get(key=KEY)
    live = Version.objects.get(workflow=workflow, activations__until=None)
    for _ in range(10):
        draft = drafts.begin(workflow=workflow, by=ana, at=AT)
        seen = draft.revision

        def ask() -> None:
            approvals.ask_for_version(version=live, by=ana, at=AT)

        def edit(seen: int = seen) -> None:
            change = edits.SetField("welcome", ("name",), f"Welcome {seen}")
            drafts.edit(workflow=workflow, change=change, revision=seen, by=ana, at=AT)

        asked, edited = at_once(ask, edit)
        assert asked is None
        assert edited is None or isinstance(edited, InReview)
        request = ApprovalRequest.objects.get(state="open")
        numbers = list(
            AuditEntry.objects.filter(action__in=["approval.ask", "version.edit"], actor="ana")
            .order_by("-number")
            .values_list("action", flat=True)[:2]
        )
        assert numbers[0] == "approval.ask", "nothing is written after the hold"
        approvals.withdraw(request=request, by=ana, at=AT)


@pytest.mark.requirement("F17", "S19", "A9")
def test_fifty_approvals_and_edits_of_a_content_item_leave_nothing_out_that_nobody_agreed_to(
    people: dict[str, User],
) -> None:
    """Published is what was agreed to; whoever edits it afterwards has a draft again."""
    ana, ben = people["ana"], people["ben"]
    rollouts.switch_off(workflow=Workflow.objects.get(key="content-publishing"), by="tests", at=AT)
    team = Team.objects.get(key="marketing-ops")
    item = content.save(ContentItem(key="guide", name="The guide", kind="article", owner=team), by=ana, at=AT)
    content_reviews.move(item=item, to="draft", by=ana, at=AT)
    ben.teams.add(team)
    published = 0
    for pair in range(PAIRS):
        item.body = f"Draft {pair}"
        content.save(item, by=ana, at=AT)
        content_reviews.move(item=item, to="approval", by=ana, at=AT)
        request = ApprovalRequest.objects.get(subject_kind="content", state="open")

        def publish(request: ApprovalRequest = request) -> None:
            verdicts.decide(request=request, verdict="approve", by=ben, at=AT)
            content_reviews.move(item=item, to="published", by=ben, at=AT)

        def edit(pair: int = pair) -> None:
            row = ContentItem.objects.get(pk=item.pk)
            row.body = f"Words {pair}"
            content.save(row, by=ana, at=AT)

        if pair % 5 == 0:  # whoever is faster at once: now and then it is published first
            out, edited = [*at_once(publish), *at_once(edit)]
        else:
            out, edited = at_once(publish, edit) if pair % 2 else reversed(at_once(edit, publish))
        assert edited is None or isinstance(edited, InReview), edited
        assert out is None or isinstance(out, verdicts.Changed | content.CannotMove), out
        published += out is None
        item.refresh_from_db()
        assert item.state not in ("approved", "published") or item.is_agreed
        if item.state != "draft":
            content_reviews.move(item=item, to="draft", by=ana, at=AT)
    assert published >= PAIRS / 5
    for row in item.history.filter(state="published"):
        assert row.approved_digest == row.instance.digest
