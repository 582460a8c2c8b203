"""What a connection allows: rates, Retry-After, breaker, switches, quiet hours, sandbox mode. Real HTTP, own clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.chaos import driver
from tests.chaos.sink import Sink, running
from workflows.actions import connections
from workflows.models import ConnectionHealth, Effect, System, Version
from workflows.queries import connections as shown
from workflows.runtime import links
from workflows.runtime.deliver import deliver, deliver_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(tmp_path: Path, settings: Settings) -> Iterator[Sink]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with running(tmp_path / "journal") as started:
        yield started


@pytest.fixture
def version(sink: Sink) -> Version:
    return driver.furnish(sink)


@pytest.fixture
def start() -> datetime:
    return datetime.now(UTC)


def hook() -> System:
    return System.objects.get(key="hook")


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Effect.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def run(at: datetime) -> None:
    """All that is due at this instant."""
    while deliver(at=at):
        pass


def test_no_more_leaves_in_a_second_than_the_rate_allows(version: Version, sink: Sink, start: datetime) -> None:
    driver.reach("hook", settings={"url": sink.url("/ok")}, secrets={}, per_second=2)
    driver.plan(version, driver.people(12), "B")
    run(start + timedelta(seconds=1))
    assert len(sink.journal.hits()) == 2
    for tenths in range(11, 31):  # two seconds more: at most four more
        run(start + timedelta(seconds=tenths / 10))
    assert len(sink.journal.hits()) == 6


@pytest.mark.parametrize("spelling", ["seconds", "date"])
def test_no_call_before_the_instant_of_a_retry_after_and_neighbours_go_on(
    spelling: str, version: Version, sink: Sink, start: datetime
) -> None:
    after = "120" if spelling == "seconds" else format_datetime(start + timedelta(seconds=121), usegmt=True)
    driver.reach("hook", settings={"url": sink.url("/limited?after=" + after.replace(" ", "%20"))}, secrets={})
    people = driver.people(3)
    driver.plan(version, people, "B")
    driver.plan(version, people, "A")
    run(start + timedelta(seconds=1))
    asked = len(sink.journal.hits())
    assert 1 <= asked <= 3
    assert Effect.objects.filter(system="app", state="done").count() == 3
    for seconds in (30, 60, 90, 115):
        run(start + timedelta(seconds=seconds))
    assert len(sink.journal.hits()) == asked
    driver.reach("hook", settings={"url": sink.url("/ok")}, secrets={})
    run(start + timedelta(seconds=130))
    assert states() == {"done": 6}


@pytest.mark.requirement("D8")
def test_far_side_that_is_down_for_ten_minutes_loses_nothing_and_is_hardly_asked(
    version: Version, sink: Sink, start: datetime
) -> None:
    """FAULTS F22: over the whole backlog no more than a tenth more calls than there are effects."""
    backlog = 100
    sink.instead["/ok"] = "/down"
    driver.plan(version, driver.people(backlog), "B")
    now = start + timedelta(seconds=1)
    while now < start + timedelta(minutes=10):
        run(now)
        now += timedelta(seconds=5)
    while_down = len(sink.journal.hits())
    assert states() == {"planned": backlog}
    sink.instead.clear()
    while states().get("planned") and now < start + timedelta(minutes=30):
        run(now)
        now += timedelta(seconds=5)
    assert states() == {"done": backlog}
    assert while_down <= backlog / 10 + links.BREAKS_AFTER + 8
    assert len(sink.journal.hits()) <= 1.1 * backlog + links.BREAKS_AFTER + 8
    assert len({hit["key"] for hit in sink.journal.hits(did="/ok")}) == backlog == len(sink.journal.hits(did="/ok"))


def test_half_open_breaker_lets_one_request_through(version: Version, sink: Sink, start: datetime) -> None:
    sink.instead["/ok"] = "/down"
    driver.plan(version, driver.people(20), "B")
    run(start + timedelta(seconds=1))
    row = ConnectionHealth.objects.get(pk="hook")
    assert row.failures >= links.BREAKS_AFTER == shown.BREAKS_AFTER
    assert row.closed_until is not None
    asked = len(sink.journal.hits())
    run(row.closed_until - timedelta(milliseconds=1))
    assert len(sink.journal.hits()) == asked
    run(row.closed_until)
    assert len(sink.journal.hits()) == asked + 1


def test_endpoint_that_is_gone_is_disabled_until_a_person_has_looked(
    version: Version, sink: Sink, start: datetime
) -> None:
    driver.reach("hook", settings={"url": sink.url("/gone")}, secrets={}, at_once=1)
    driver.plan(version, driver.people(3), "B")
    run(start + timedelta(seconds=1))
    assert states() == {"failed": 1, "planned": 2}
    assert shown.overview(hook(), at=start).state == "disabled"
    driver.reach("hook", settings={"url": sink.url("/ok")}, secrets={})
    run(start + timedelta(hours=1))
    assert states() == {"failed": 1, "planned": 2}
    connections.enable(system=hook(), by="tests", at=start)
    run(start + timedelta(hours=1))
    assert states() == {"failed": 1, "done": 2}


def test_switch_of_the_workspace_stops_every_connection_and_loses_nothing(version: Version, start: datetime) -> None:
    people = driver.people(2)
    for effect_class in driver.SYSTEMS:
        driver.plan(version, people, effect_class)
    connections.stop_everything(because="wrong template", by="tests", at=start)
    run(start + timedelta(seconds=1))
    assert states() == {"planned": 6}
    connections.start_everything(by="tests", at=start)
    run(start + timedelta(seconds=2))
    assert states() == {"done": 6}


def test_nothing_leaves_in_quiet_hours(version: Version, sink: Sink) -> None:
    quiet = {"quiet_from": time(22), "quiet_to": time(7), "quiet_zone": "Europe/Berlin"}
    driver.reach("hook", settings={"url": sink.url("/ok")}, secrets={}, **quiet)
    driver.plan(version, driver.people(1), "B")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(minute=30, second=0, microsecond=0)
    run(tomorrow.replace(hour=2))
    assert states() == {"planned": 1}
    run(tomorrow.replace(hour=12))
    assert states() == {"done": 1}


def test_sandbox_mode_captures_what_would_leave(version: Version, sink: Sink, start: datetime) -> None:
    for key in ("hook", "mail"):
        connections.set_sandbox(system=System.objects.get(key=key), on=True, by="tests", at=start)
    people = driver.people(1)
    driver.plan(version, people, "B")
    driver.plan(version, people, "C")
    run(start + timedelta(seconds=1))
    assert states() == {"done": 2}
    assert sink.journal.hits() == []
    says = {effect.system: effect.outcome["receipt"]["says"] for effect in Effect.objects.all()}
    assert says["mail"] == "captured"
    assert "sandbox mode" in says["hook"]


def test_workflow_with_a_limit_waits_for_its_turn(version: Version, sink: Sink, start: datetime) -> None:
    version.content |= {"limits": {"at_most": 2, "per": "1 hour"}}
    limited = Version.objects.create(
        workflow=version.workflow, number=2, content=version.content, digest="l" * 64, created_at=start, frozen_at=start
    )
    driver.plan(limited, driver.people(5), "B")
    run(start + timedelta(seconds=1))
    assert states() == {"done": 2, "planned": 3}
    assert "at most 2 in 1 hour" in Effect.objects.filter(state="planned").latest("id").reason
    run(start + timedelta(hours=1, seconds=30))
    assert states()["done"] > 2


def test_message_waits_for_its_window_and_holds_up_no_other(version: Version, sink: Sink) -> None:
    window = {"days": "mon-sun", "from": "09:00", "to": "18:00", "timezone": "UTC"}
    steps = [
        step | {"guards": {"consent": "email", "window": window}} if step["key"] == "step-C" else step
        for step in version.content["steps"]
    ]
    windowed = Version.objects.create(
        workflow=version.workflow,
        number=2,
        content=version.content | {"steps": steps},
        digest="w" * 64,
        created_at=datetime.now(UTC),
        frozen_at=datetime.now(UTC),
    )
    people = driver.people(1)
    driver.plan(windowed, people, "C")
    driver.plan(version, people, "C")
    night = (datetime.now(UTC) + timedelta(days=1)).replace(hour=3, minute=0, second=0, microsecond=0)
    run(night)
    assert list(Effect.objects.order_by("id").values_list("state", flat=True)) == ["planned", "done"]
    run(night.replace(hour=9))
    assert states() == {"done": 2}


def test_secret_of_another_connection_does_not_open(version: Version, sink: Sink) -> None:
    from workflows.models import Connection

    stolen = Connection.objects.get(pk=hook().pk).secrets["secret"]
    mail = Connection.objects.get(system__key="mail")
    mail.secrets = {"url": stolen}
    mail.save()
    assert links.route_of("mail").link.secrets == {}
    assert links.route_of("hook").link.secrets == {"secret": driver.SECRET}


def test_system_that_is_not_in_the_catalog_fails_its_effects_visibly(version: Version) -> None:
    driver.plan(version, driver.people(1), "B", system="nowhere")
    assert deliver_to("nowhere", at=datetime.now(UTC) + timedelta(seconds=1)) == 1
    effect = Effect.objects.get()
    assert (effect.state, effect.reason) == ("failed", "system nowhere has no connector that can call_webhook")
