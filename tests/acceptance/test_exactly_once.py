"""A thousand messages by the real SDK while workers are killed: nothing is lost and nothing happens twice."""

import contextlib
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from segment.analytics import Client

from tests.installations import Installation, until

LEADS = 700
RESUBMISSIONS = 100
REPEATS = 200
KILL_EVERY_SECONDS = 2.0
LEAST_KILLS = 10


@dataclass(frozen=True, slots=True)
class Message:
    """One call of the SDK."""

    id: str
    email: str
    properties: dict[str, Any]
    at: datetime


def stream(seed: int) -> list[Message]:
    """Leads, then known addresses once more in another spelling, then exact repeats of any of them, all shuffled."""
    dice = random.Random(seed)
    begin = datetime.now(UTC) - timedelta(hours=1)
    leads = [_lead(dice, number, begin + timedelta(seconds=number)) for number in range(LEADS)]
    again = [
        Message(f"again-{n}", _respelled(dice, lead.email), lead.properties, lead.at + timedelta(minutes=30))
        for n, lead in enumerate(dice.sample(leads, RESUBMISSIONS))
    ]
    repeats = dice.sample(leads + again, REPEATS)
    messages = leads + again + repeats
    dice.shuffle(messages)
    return messages


def _lead(dice: random.Random, number: int, at: datetime) -> Message:
    properties: dict[str, Any] = {"form_id": "demo", "company": f"Company {number}", "company_size": 10 + number}
    if dice.random() < 0.9:
        properties["first_name"] = f"Lead{number}"
    if dice.random() < 0.8:
        properties["marketing_consent"] = dice.random() < 0.9
    return Message(f"lead-{number}", f"lead{number}@example.com", properties, at)


def _respelled(dice: random.Random, email: str) -> str:
    return dice.choice((email.upper(), f"  {email}", f"{email.capitalize()} "))


@pytest.mark.requirement("D8")
@pytest.mark.requirement("H6")
def test_thousand_messages_under_kill_9_leave_exactly_what_an_independent_count_expects(
    installation: Installation,
) -> None:
    messages = stream(seed=7)
    with psycopg.connect(installation.conninfo, autocommit=True) as database:
        key = database.execute("SELECT write_key FROM workflows_source WHERE key = 'demo-site'").fetchone()[0]
        with workers_killed(installation) as kills:
            send(installation, key, messages)
            # On a busy machine a worker may hardly have started when it is ended: the killing has an end, too.
            until(lambda: kills.count >= LEAST_KILLS)
            until(lambda: settled(database), seconds=60)
        assert kills.count >= LEAST_KILLS
        assert until(lambda: settled(database)), pending(database)
        check_independently(database, messages)


def send(installation: Installation, write_key: str, messages: list[Message]) -> None:
    """By the vendor's own client, as a web site's server would."""
    refused: list[object] = []
    client = Client(
        write_key=write_key,
        host=installation.address.rstrip("/"),
        gzip=True,
        on_error=lambda error, _: refused.append(error),
        max_retries=10,
    )
    for message in messages:
        client.track(
            user_id=message.email.strip().lower(),
            event="Demo Requested",
            properties=message.properties | {"email": message.email},
            timestamp=message.at,
            message_id=message.id,
        )
    client.flush()
    client.join()
    assert not refused


@dataclass(slots=True)
class Kills:
    """How many workers were really ended."""

    count: int = 0


@contextlib.contextmanager
def workers_killed(installation: Installation) -> Iterator[Kills]:
    """Meanwhile, a worker ends by SIGKILL every two seconds, wherever it is in its work."""
    kills, over = Kills(), threading.Event()

    def kill() -> None:
        turn = 0
        while not over.wait(KILL_EVERY_SECONDS):
            turn += 1
            with contextlib.suppress(KeyError, ProcessLookupError):
                installation.kill(f"worker-{1 + turn % 2}")
                kills.count += 1

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield kills
    finally:
        over.set()
        thread.join()


PENDING = {
    "events": "SELECT count(*) FROM workflows_queuedevent",
    "effects": "SELECT count(*) FROM workflows_effect WHERE state IN ('planned', 'reserved')",
}


def pending(database: psycopg.Connection[Any]) -> dict[str, int]:
    return {name: count(database, query) for name, query in PENDING.items()}


def settled(database: psycopg.Connection[Any]) -> bool:
    return not any(pending(database).values())


def count(database: psycopg.Connection[Any], query: str) -> int:
    return int(database.execute(query).fetchone()[0])


def check_independently(database: psycopg.Connection[Any], messages: list[Message]) -> None:
    """What must be there follows from the messages alone."""
    people = {message.email.strip().lower() for message in messages}
    welcome = {
        message.email.strip().lower()
        for message in messages
        if message.properties.get("marketing_consent") and message.properties.get("first_name")
    }
    assert count(database, "SELECT count(*) FROM workflows_inboundevent") == LEADS + RESUBMISSIONS
    assert sorted(emails(database, "SELECT email FROM workflows_contact")) == sorted(people)
    assert sorted(emails(database, "SELECT email FROM sandbox_crmrecord")) == sorted(people)
    assert sorted(emails(database, 'SELECT "to" FROM sandbox_mailboxmessage')) == sorted(welcome)
    withheld = "SELECT c.email FROM workflows_effect e JOIN workflows_contact c ON c.id = e.contact_id"
    assert set(emails(database, f"{withheld} WHERE e.state = 'suppressed'")) == people - welcome
    for state in ("failed", "uncertain"):
        assert count(database, f"SELECT count(*) FROM workflows_effect WHERE state = '{state}'") == 0
    assert count(database, "SELECT count(*) FROM workflows_quarantinedevent") == 0
    assert count(database, "SELECT count(DISTINCT contact_id) FROM workflows_run") == len(people)


def emails(database: psycopg.Connection[Any], query: str) -> list[str]:
    return [row[0] for row in database.execute(query).fetchall()]
