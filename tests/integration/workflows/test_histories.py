"""Whose change it was stands in the history of a row, also where no browser asked for it."""

from datetime import UTC, datetime

from martechops.people.actions import teams
from martechops.people.models import Team, User
from workflows.actions import content, queues
from workflows.models import ContentItem, Queue

AT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)


def test_content_names_who_planned_and_who_moved_it_and_why(ben: User) -> None:
    item = ContentItem(key="a-new-page", name="A new page", kind="article", owner=Team.objects.get(key="email-team"))
    content.save(item, by=ben, at=AT)
    moved = content.move(item=item, to="draft", by=ben, at=AT, note="Kick-off was today")
    assert [(row.history_user, row.history_change_reason) for row in moved.history.all()] == [
        (ben, "Kick-off was today"),
        (ben, None),
    ]


def test_queue_names_who_changed_its_members(admin: User) -> None:
    queue = Queue.objects.order_by("pk")[0]
    assert queue.history.latest().history_user is None, "the demo is nobody"
    queues.save(queue, by=admin, at=AT)
    assert queue.history.latest().history_user == admin


def test_team_names_who_added_it(admin: User) -> None:
    team = teams.add(key="events", name="Events", duty="Fairs and webinars", by=admin, at=AT)
    assert team.history.get().history_user == admin
