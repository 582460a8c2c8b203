"""Queues and the working calendar travel as files; who is away today does not."""

from collections.abc import Callable

import pytest

from martechops.audit.models import AuditEntry
from martechops.people.models import Team, User
from tests.integration.workspace.conftest import AT, Files, changed, planned, said
from workflows.models import Queue, WorkCalendar
from workflows.workspace import applying, exporting

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("G4")]

QUEUE = "queues/inbound-sales.yaml"
CALENDAR = b"""kind: calendar
key: work
timezone: Europe/Berlin
hours:
  mon-thu: 09:00-17:00
  fri: [09:00-12:00, "13:00-15:00"]
country: DE
closed: ["2026-12-24"]
owner: sales-ops
"""


def apply(files: Files, **more: object) -> str:
    return applying.apply(files, **{"by": "tests", "at": AT, **more}).summary()  # type: ignore[arg-type]


def test_queue_goes_out_and_comes_in_and_who_is_away_stays_away(files: Files) -> None:
    row = Queue.objects.get()
    row.members[1]["away"] = True
    row.save()
    assert exporting.files()[QUEUE] == files[QUEUE]
    assert b"away" not in files[QUEUE]
    assert apply(changed(files, QUEUE, "capacity: 40", "capacity: 25")).startswith("1 to change")
    row.refresh_from_db()
    assert [(m["key"], m["capacity"], m.get("away")) for m in row.members] == [
        ("noor", 25, None),
        ("jonas", 25, True),
        ("priya", 25, None),
    ]
    assert row.history.count() >= 2
    assert AuditEntry.objects.filter(action="queue.edit").exists()


def test_queue_is_made_from_its_file_and_removed_only_where_no_workflow_takes_its_turns(files: Files) -> None:
    other = files[QUEUE].replace(b"key: inbound-sales", b"key: partners", 1).replace(b"name: Inbound", b"name: Partner")
    more = {**files, "queues/partners.yaml": other}
    assert apply(more).startswith("1 to add")
    assert set(Queue.objects.values_list("key", flat=True)) == {"inbound-sales", "partners"}
    assert apply(files, prune=True).startswith("1 to remove")
    assert Queue.objects.get().key == "inbound-sales"
    plan = planned({path: raw for path, raw in files.items() if path != QUEUE}, prune=True)
    assert any("there is no queue inbound-sales" in line for line in said(plan))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[jonas]", "[nobody]", "No member of the queue: nobody"),
        ("contact.country", "contact.planet", "there is no field planet"),
        ("owner: sales-ops", "owner: nobody", "there is no team nobody"),
        ("capacity: 40", "capacity: many", "must be a whole number or nothing"),
        ("key: noor", "name: noor", "name is not known"),
    ],
)
def test_what_is_wrong_with_a_queue_is_said_at_its_place(files: Files, old: str, new: str, says: str) -> None:
    lines = said(planned(changed(files, QUEUE, old, new)))
    assert [line for line in lines if says in line and line.startswith(QUEUE)], lines


def test_calendar_comes_in_goes_out_the_same_and_goes(files: Files) -> None:
    more = {**files, "calendar/work.yaml": CALENDAR}
    assert apply(more).startswith("1 to add")
    row = WorkCalendar.objects.get()
    assert (row.timezone, row.country, row.hours["fri"]) == ("Europe/Berlin", "DE", ["09:00-12:00", "13:00-15:00"])
    assert apply({path: raw for path, raw in exporting.files().items() if path.endswith(".yaml")}).startswith("nothing")
    assert apply(changed(more, "calendar/work.yaml", "country: DE", "country: US")).startswith("1 to change")
    assert apply(files, prune=True).startswith("1 to remove")
    assert not WorkCalendar.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Europe/Berlin", "Europe/Nowhere", "Nowhere"),
        ("09:00-17:00", "17:00-09:00", "hours"),
        ("2026-12-24", "Christmas", "closed"),
        ("key: work", "key: play", "key"),
    ],
)
def test_what_is_wrong_with_a_calendar_is_said_at_its_place(files: Files, old: str, new: str, says: str) -> None:
    broken = changed({**files, "calendar/work.yaml": CALENDAR}, "calendar/work.yaml", old, new)
    lines = said(planned(broken))
    assert [line for line in lines if says in line and line.startswith("calendar/work.yaml")], lines


def test_queue_of_another_team_is_not_changed(files: Files, person: Callable[[str], User]) -> None:
    ana = person("ana")
    ana.teams.set(Team.objects.exclude(key="sales-ops"))
    plan = planned(changed(files, QUEUE, "capacity: 40", "capacity: 25"), by=ana)
    assert any("belongs to another team" in line for line in said(plan))
