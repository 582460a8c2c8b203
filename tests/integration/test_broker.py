"""The broker's tables are put into a database once, whoever asks and however often."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from kombu import Connection, Queue

from martechops import tasks
from martechops.embedded import broker, postgres
from martechops.embedded.home import Home
from martechops.lib import database_url
from martechops.models import Pulse


def test_tables_are_made_once_by_any_number_of_starts(home: Home) -> None:
    server = postgres.prepare(home, settings=postgres.THROWAWAY_SETTINGS)
    process = postgres.start(server)
    made: list[bool] = []
    starts = [threading.Thread(target=lambda: made.append(broker.ensure(server.conninfo()))) for _ in range(4)]
    try:
        for start in starts:
            start.start()
        for start in starts:
            start.join()
        assert sorted(made) == [False, False, False, True]
    finally:
        postgres.stop(process)


@pytest.fixture
def connections_to_broker(home: Home) -> Iterator[list[Connection]]:
    server = postgres.prepare(home, settings=postgres.THROWAWAY_SETTINGS)
    process = postgres.start(server)
    broker.ensure(server.conninfo())
    options = database_url.pgmq_options(database_url.parse(home.database_url()))
    made = [Connection("pgmq://localhost", transport_options=options) for _ in range(4)]
    yield made
    for connection_to_broker in made:
        connection_to_broker.release()
    postgres.stop(process)


def test_workers_that_start_at_the_same_moment_all_listen(connections_to_broker: list[Connection]) -> None:
    errors: list[Exception] = []

    def consume(one: Connection) -> None:
        try:
            for _ in range(5):
                with one.Consumer(Queue("martechops"), callbacks=[print]):
                    pass
        except Exception as error:  # noqa: BLE001 - whichever it is
            errors.append(error)

    starts = [threading.Thread(target=consume, args=[one]) for one in connections_to_broker]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert errors == []


@pytest.mark.django_db
def test_pulse_moves_one_row() -> None:
    tasks.pulse()
    first = Pulse.objects.get().at
    tasks.pulse()
    assert Pulse.objects.get().at > first
    assert connection.vendor == "postgresql"
