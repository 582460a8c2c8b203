"""The broker's tables are put into a database once, whoever asks and however often."""

import threading

import pytest
from django.db import connection

from martechops import tasks
from martechops.embedded import broker, postgres
from martechops.embedded.home import Home
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


@pytest.mark.django_db
def test_pulse_moves_one_row() -> None:
    tasks.pulse()
    first = Pulse.objects.get().at
    tasks.pulse()
    assert Pulse.objects.get().at > first
    assert connection.vendor == "postgresql"
