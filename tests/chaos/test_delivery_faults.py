"""Workers killed or frozen between reserve, call and record; replies that are lost; consent withdrawn in a race.

Each runs real worker processes on a real database against far sides that keep a journal.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from martechops.people.models import Role, User
from tests.chaos import driver, fault_proxy, tally
from tests.chaos.sink import Sink, running
from workflows.actions import effects as settling
from workflows.actions import unsubscribing
from workflows.models import Contact, Effect, Version
from workflows.queries.unsubscribing import Leaving
from workflows.runtime import effects, reserve
from workflows.runtime.deliver import deliver
from workflows.runtime.sweep import sweep

pytestmark = pytest.mark.django_db(transaction=True)

COUNT = 4
#: Where a worker is ended in each run; the others with --chaos.
SHORT = [(one, place) for one in "ABC" for place in ("deliver.reserved", "deliver.called")] + [
    ("C", "deliver.answered")
]
LONG = [(one, f"deliver.{place}") for one in "ABC" for place in ("reserving", "calling", "recording", "recorded")]
LONG += [("A", "deliver.answered"), ("B", "deliver.answered")]


@pytest.fixture
def sink(tmp_path: Path, settings: Settings) -> Iterator[Sink]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as started:
        yield started


@pytest.fixture
def version(sink: Sink) -> Version:
    return driver.furnish(sink)


@pytest.fixture
def sal() -> User:
    return User.objects.create(username="sal", roles=[Role.OPERATOR])


def recover() -> None:
    """What the next worker does."""
    sweep()
    while deliver():
        pass


def settle_by_journal(sal: User, sink: Sink) -> int:
    """What a person does with the uncertain ones: looks at the far side, and says what is there. Returns how many."""
    arrived = {hit["key"] for hit in sink.journal.hits(kind="smtp")}
    uncertain = list(Effect.objects.filter(state="uncertain"))
    for effect in uncertain:
        verb = settling.it_happened if str(effect.key) in arrived else settling.send_again
        verb(effects=[effect.pk], by=sal, at=datetime.now(UTC), note="looked into the mailbox")
    recover()
    return len(uncertain)


@pytest.mark.requirement("D8")
@pytest.mark.parametrize(
    ("effect_class", "point"),
    [*SHORT, *(pytest.param(*case, marks=pytest.mark.chaos) for case in LONG)],
    ids=lambda name: name.rpartition(".")[2],
)
def test_worker_killed_between_reserve_call_and_record_loses_and_doubles_nothing(
    effect_class: str, point: str, version: Version, sink: Sink, sal: User, tmp_path: Path
) -> None:
    planned = driver.plan(version, driver.people(COUNT), effect_class)
    mail = {"settings": {"sender": "Ops <ops@example.com>"}, "secrets": {"url": sink.mail}}
    driver.reach("mail", **mail, at_once=1)  # of more at once, some would be on their way whenever one is killed
    with driver.worker(**driver.ordered(tmp_path, point)) as process:
        assert driver.ended(process) == -signal.SIGKILL
    assert driver.until(lambda: not _has_session())
    recover()
    uncertain = settle_by_journal(sal, sink)
    in_doubt = effect_class == "C" and point == "deliver.answered"
    assert uncertain == in_doubt, "nobody but its worker knew what the server answered"
    assert set(Effect.objects.values_list("state", flat=True)) == {"done"}
    verdict = tally.judge(planned, effect_class=effect_class, journal=sink.journal)
    assert (verdict.lost, verdict.doubled) == (0, 0)


def _has_session() -> bool:
    """Is a worker's session still being cleaned up by the database?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity a JOIN workflows_effect e ON e.holder = a.pid"
            " WHERE e.state = 'reserved'"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("effect_class", ["B", "C"])
def test_worker_frozen_past_its_lease_does_nothing_twice_when_it_wakes(
    effect_class: str, version: Version, sink: Sink, sal: User, tmp_path: Path, settings: Settings
) -> None:
    planned = driver.plan(version, driver.people(COUNT), effect_class)
    orders = driver.ordered(tmp_path, "deliver.calling", by="STOP")
    with driver.worker(**orders, EFFECT_LEASE_SECONDS="2", IDLE_SECONDS="3") as process:
        assert driver.until(lambda: not (tmp_path / "deliver.calling").exists())
        assert driver.until(lambda: _leases_are_over())
        recover()
        states = set(Effect.objects.values_list("state", flat=True))
        assert states == ({"uncertain"} if effect_class == "C" else {"done"})
        os.kill(process.pid, signal.SIGCONT)
        driver.ended(process)
    settle_by_journal(sal, sink)
    assert set(Effect.objects.values_list("state", flat=True)) == {"done"}
    verdict = tally.judge(planned, effect_class=effect_class, journal=sink.journal)
    assert (verdict.lost, verdict.doubled) == (0, 0)


def _leases_are_over() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE lease_until < now())"
            " FROM workflows_effect WHERE state = 'reserved'"
        )
        reserved, over = cursor.fetchone()
    return bool(reserved) and reserved == over


def test_lost_reply_of_a_far_side_that_honours_keys_is_repeated_and_dropped_there(version: Version, sink: Sink) -> None:
    planned = driver.plan(version, driver.people(COUNT), "B")
    with fault_proxy.before(sink.http) as proxy:
        proxy.lose = b"HTTP/1.1 200"
        driver.reach("hook", settings={"url": f"http://127.0.0.1:{proxy.port}/ok"}, secrets={})
        deliver()
        assert proxy.lost == COUNT
        assert set(Effect.objects.values_list("state", flat=True)) == {"planned"}
        proxy.lose = b""
        Effect.objects.update(not_before=datetime.now(UTC))
        _let_the_breaker_close()
        recover()
    verdict = tally.judge(planned, effect_class="B", journal=sink.journal)
    assert (verdict.lost, verdict.doubled, verdict.repeats_dropped) == (0, 0, COUNT)
    assert set(Effect.objects.values_list("state", flat=True)) == {"done"}


def test_lost_reply_of_a_mail_server_leaves_the_message_uncertain_and_never_repeats_it(
    version: Version, sink: Sink, sal: User
) -> None:
    planned = driver.plan(version, driver.people(COUNT), "C")
    with fault_proxy.before(sink.smtp) as proxy:
        proxy.lose = b"250 taken"
        driver.reach(
            "mail",
            settings={"sender": "Ops <ops@example.com>"},
            secrets={"url": f"smtp://127.0.0.1:{proxy.port}"},
        )
        deliver()
        proxy.lose = b""
        _let_the_breaker_close()
        recover()
    assert set(Effect.objects.values_list("state", flat=True)) == {"uncertain"}
    assert len(sink.journal.hits(kind="smtp")) == COUNT
    assert settle_by_journal(sal, sink) == COUNT
    verdict = tally.judge(planned, effect_class="C", journal=sink.journal)
    assert (verdict.lost, verdict.doubled) == (0, 0)


def _let_the_breaker_close() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workflows_connectionhealth SET closed_until = NULL, failures = 0")


@pytest.mark.requirement("E4")
@pytest.mark.parametrize("races", [100, pytest.param(1_000, marks=pytest.mark.chaos)])
def test_nothing_is_reserved_after_the_commit_of_an_unsubscribe(
    races: int, version: Version, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both sides note the database's clock while they hold the contact's lock: who held it later committed later."""
    contacts = driver.people(races)
    planned = driver.plan(version, contacts, "C")
    reserved_at: dict[int, datetime] = {}
    honest = effects.mark_reserved

    def mark(taken: Any) -> datetime | None:
        now = _clock()
        reserved_at.update({effect.contact_id: now for effect in taken})
        return honest(taken)

    monkeypatch.setattr(reserve.effects, "mark_reserved", mark)
    left_at: dict[int, datetime] = {}
    mixed = random.Random(races).sample(contacts, races)
    threads = [threading.Thread(target=_leave, args=(mixed[part::3], left_at)) for part in range(3)]
    for thread in threads:
        thread.start()
    _deliver_while(lambda: any(thread.is_alive() for thread in threads))
    for thread in threads:
        thread.join()
    recover()
    sent = {hit["key"] for hit in sink.journal.hits(kind="smtp")}
    after = [one for one in planned if str(one.key) in sent and reserved_at[one.contact_id] > left_at[one.contact_id]]
    assert len(left_at) == races
    assert after == []
    states = set(Effect.objects.values_list("state", flat=True))
    assert states == {"done", "suppressed"}, "the race was no race: one side always won"
    assert len(sent) == Effect.objects.filter(state="done").count() == len(sink.journal.hits(kind="smtp"))


def _leave(contacts: list[Contact], left_at: dict[int, datetime]) -> None:
    for contact in contacts:
        time.sleep(random.uniform(0, 0.08))
        unsubscribing.unsubscribe(Leaving(contact.pk, "email", "marketing"), at=datetime.now(UTC))
        left_at[contact.pk] = _clock()  # after the commit, so that nothing is excused
    connection.close()


def _deliver_while(busy: Callable[[], bool]) -> None:
    while busy():
        deliver()


def _clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
