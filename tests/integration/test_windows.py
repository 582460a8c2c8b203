"""A list read by where it begins shows every row once, whatever the times."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from martechops.lib import windows
from workflows.models import Contact

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.django_db
def test_rows_of_one_instant_are_neither_skipped_nor_repeated() -> None:
    instants = [NOON, NOON, NOON, NOON, NOON - timedelta(microseconds=1), NOON.replace(microsecond=0), NOON]
    made = [Contact.objects.create(created_at=at, updated_at=at) for at in instants]
    seen: list[int] = []
    window = windows.by_instant(Contact.objects.all(), field="updated_at", size=2)
    assert window.newest
    while True:
        seen += [contact.pk for contact in window.rows]
        if not window.older:
            break
        window = windows.by_instant(Contact.objects.all(), field="updated_at", before=window.older, size=2)
    assert seen == [c.pk for c in sorted(made, key=lambda c: (c.updated_at, c.pk), reverse=True)]


@pytest.mark.django_db
def test_place_to_begin_may_be_said_in_any_zone_and_needs_no_quoting() -> None:
    contact = Contact.objects.create(created_at=NOON, updated_at=NOON)
    at = NOON.astimezone(timezone(timedelta(hours=2))).isoformat()
    assert windows.by_instant(Contact.objects.all(), field="updated_at", before=f"{at}_{contact.pk}").rows == []
    for _ in range(2):
        Contact.objects.create(created_at=NOON, updated_at=NOON)
    older = windows.by_instant(Contact.objects.all(), field="updated_at", size=1).older
    assert "+" not in older
