"""Ten years of duplicate sends in another product's tracker, each cause provoked here: one message each.

Numbers are those of github.com/mautic/mautic/issues. What they share is to look whether something was sent, and then to
send it, with nothing in between that two could not do at once.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from martechops.sandbox.models import MailboxMessage
from workflows.actions import inbound
from workflows.connectors import CONNECTORS
from workflows.connectors.base import Receipt, Refused, Request
from workflows.models import Effect, Run, Source, Version
from workflows.queries import timeline
from workflows.runtime.advance import advance
from workflows.runtime.deliver import deliver
from workflows.runtime.sweep import sweep

from .conftest import nurture_runs, settle

Send = Callable[..., str]


def messages() -> list[str]:
    """Who got a welcome, once for each message."""
    return sorted(MailboxMessage.objects.values_list("to", flat=True))


def at_once(*acts: Callable[[], Any]) -> None:
    """All of them start at the same moment, each on a database session of its own, as two cron jobs do."""
    ready = threading.Barrier(len(acts))
    errors: list[BaseException] = []

    def run(act: Callable[[], Any]) -> None:
        try:
            ready.wait(timeout=10)
            while act():
                pass
        except BaseException as error:  # noqa: BLE001 - it is raised again where the test sees it
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def lead(source: Source, email: str, message_id: str, **properties: Any) -> None:
    """A demo request as the site sends it."""
    complete = {"form_id": "demo", "first_name": "Lea", "company_size": 300, "marketing_consent": True, "email": email}
    message = {
        "type": "track",
        "event": "Demo Requested",
        "messageId": message_id,
        "userId": email,
        "timestamp": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        "properties": complete | properties,
    }
    inbound.receive(source=source, messages=[message], received_at=datetime.now(UTC), sent_at=None)


@pytest.fixture
def committed_demo(demo_of_yesterday: None, transactional_db: None) -> Source:
    """The demo workspace where other sessions can see it."""
    return Source.objects.get(key="demo-site")


@pytest.mark.requirement("D8")
def test_13070_failure_in_a_batch_does_not_send_the_rest_of_it_again(
    request_demo: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """13070: queued messages are taken up again because one of the batch failed before all were marked as sent."""
    names = ("ana", "boris", "cy", "dora")
    for name in names:
        request_demo(f"{name}@example.com")
    while advance():
        pass
    honest = CONNECTORS["sandbox_mailbox"].perform

    def perform(request: Request) -> Receipt:
        if request.content["to"] == "boris@example.com":
            raise Refused("554 mailbox unavailable")
        return honest(request)

    monkeypatch.setattr(CONNECTORS["sandbox_mailbox"], "perform", perform)
    for _ in range(3):  # the queue is gone through again and again
        settle()
        sweep()
    assert messages() == ["ana@example.com", "cy@example.com", "dora@example.com"]
    assert set(MailboxMessage.objects.values_list("repeats", flat=True)) == {0}
    failed = Effect.objects.filter(step="welcome", state="failed")
    assert [effect.payload["to"] for effect in failed] == ["boris@example.com"]


@pytest.mark.requirement("D8")
@pytest.mark.django_db(transaction=True)
def test_11763_contact_that_two_audiences_bring_in_at_once_gets_one_message(committed_demo: Source) -> None:
    """11763: jobs for several segments run at the same time and each finds the contact not yet sent to."""
    source = committed_demo
    for audience in ("webinar", "newsletter", "partners"):
        lead(source, "ana@example.com", f"m-{audience}", utm_source=audience)
    at_once(advance, advance, deliver, deliver)
    settle()
    assert messages() == ["ana@example.com"]
    assert nurture_runs().count() == 1


@pytest.mark.requirement("D8")
def test_8802_message_that_is_rescheduled_again_and_again_is_sent_once(request_demo: Send) -> None:
    """8802: a message that may only leave on certain days is put off, sent, and put off again for ever."""
    request_demo("ana@example.com")
    while advance():
        pass
    effect = Effect.objects.get(step="welcome")
    version = Version.objects.get(pk=effect.version_id)
    content = dict(version.content)
    window = {"days": "tue-thu", "from": "09:00", "to": "10:00", "timezone": "UTC"}
    content["steps"] = [
        step | {"guards": step.get("guards", {}) | {"window": window}} if step["key"] == "welcome" else step
        for step in content["steps"]
    ]
    windowed = Version.objects.create(
        workflow_id=version.workflow_id,
        number=version.number + 100,
        content=content,
        digest="8" * 64,
        created_at=datetime.now(UTC),
        frozen_at=datetime.now(UTC),
    )
    Effect.objects.filter(pk=effect.pk).update(version_id=windowed.pk)
    sunday = datetime(2026, 11, 29, 12, tzinfo=UTC)
    put_off = 0
    for hour in range(0, 24 * 9, 3):  # every three hours for nine days
        settle(at=sunday + timedelta(hours=hour))
        put_off += Effect.objects.get(pk=effect.pk).state == "planned"
    assert put_off > 5
    assert messages() == ["ana@example.com"]
    assert (MailboxMessage.objects.get().repeats, Effect.objects.get(pk=effect.pk).tries) == (0, 1)


@pytest.mark.requirement("D8")
@pytest.mark.django_db(transaction=True)
def test_3669_workers_that_start_in_the_same_second_decide_once(committed_demo: Source) -> None:
    """3669: all cron commands begin at the same moment, and each triggers the campaign for the same contacts."""
    source = committed_demo
    people = [f"lead{n}@example.com" for n in range(12)]
    for email in people:
        lead(source, email, f"m-{email}")
    at_once(advance, advance, advance)
    assert nurture_runs().count() == len(people)
    assert Effect.objects.filter(step="welcome").count() == len(people)
    settle()
    assert messages() == sorted(people)


@pytest.mark.requirement("D8")
@pytest.mark.django_db(transaction=True)
def test_2215_senders_that_overlap_on_one_queue_send_each_message_once(committed_demo: Source) -> None:
    """2215: sending takes longer than a minute, so a second sender begins on the same spool."""
    source = committed_demo
    people = sorted(f"lead{n}@example.com" for n in range(12))
    for email in people:
        lead(source, email, f"m-{email}")
    while advance():
        pass
    at_once(deliver, deliver, deliver)
    settle()
    assert messages() == people
    assert set(MailboxMessage.objects.values_list("repeats", flat=True)) == {0}, "the far side was asked twice"
    assert set(Effect.objects.filter(step="welcome").values_list("tries", flat=True)) == {1}


@pytest.mark.requirement("D7")
def test_9797_contact_that_enters_again_while_it_is_in_has_one_schedule(request_demo: Send) -> None:
    """9797: a contact that re-enters a campaign it is still going through gets two schedules."""
    for number in range(4):
        request_demo("ana@example.com", utm_source=f"try-{number}")
        settle()
    assert nurture_runs().count() == 1
    assert nurture_runs().get().state == Run.State.WAITING
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM workflows_timer WHERE run_id = %s", [nurture_runs().get().pk])
        assert cursor.fetchone() == (1,)
    assert messages() == ["ana@example.com"]


@pytest.mark.requirement("A6")
def test_10110_message_is_told_once_whatever_happens_after_it(request_demo: Send, send: Send) -> None:
    """10110: the log says twice that a message was sent, because what follows from it is evaluated again."""
    request_demo("ana@example.com")
    settle()
    send("Meeting Booked", email="ana@example.com")
    settle()
    effect = Effect.objects.get(step="welcome")
    told = timeline.of_contact(effect.contact_id)
    said = [
        step
        for trace in told.traces
        for part in trace.detail.get("workflows", [])
        for step in part.get("steps", [])
        if step.get("effect") == str(effect.key)
    ]
    assert len(said) == 1
    assert len(told.effects) == Effect.objects.filter(contact_id=effect.contact_id).count()
    assert messages() == ["ana@example.com"]
