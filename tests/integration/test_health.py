"""What an orchestrator and a monitor are told."""

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from martechops import health, tasks


def test_alive_asks_nothing_of_the_database(client: Client) -> None:
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_ready_once_the_pulse_was_seen(client: Client) -> None:
    assert client.get("/readyz").status_code == 503
    tasks.pulse()
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.json()
    assert set(answer.json()["checks"]) == {"database", "migrations", "beat", "backlog"}


@pytest.mark.django_db
def test_old_pulse_is_not_ready(client: Client) -> None:
    tasks.pulse()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE martechops_pulse SET at = at - interval '5 minutes'")
    assert client.get("/readyz").json()["checks"]["beat"]["ok"] is False


@pytest.mark.requirement("F4")
@pytest.mark.django_db
def test_database_that_refuses_is_503_with_retry_after(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> tuple[bool, str]:
        raise DatabaseError

    monkeypatch.setitem(health.CHECKS, "database", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"


@pytest.mark.django_db
def test_metrics_are_prometheus_text(client: Client) -> None:
    tasks.pulse()
    lines = client.get("/metrics").content.decode().splitlines()
    values = {line.split()[0]: float(line.split()[1]) for line in lines if not line.startswith("#")}
    assert values["martechops_database_up"] == 1
    assert values["martechops_beat_age_seconds"] < 5
    assert values["martechops_backlog_events"] == 0
