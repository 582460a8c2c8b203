"""What comes in from outside while processes die, and what is never to come in (FAULTS F2, F7, F11, F13)."""

import json
import threading
from collections.abc import Sequence
from typing import Any

import psutil
import psycopg
import pytest
from segment.analytics import Client

from tests.chaos.campaign import Field, run_there
from tests.chaos.sender import post
from tests.chaos.workspace import ASKED, ORDERED, RELEASED
from tests.fixtures.json import texts
from tests.installations import until

Calm = tuple[Field, "psycopg.Connection[Any]"]
#: What a web process may grow by while it refuses the same texts again and again.
NOISE_BYTES = 8 * 1024 * 1024


def track(message_id: str, event: str, **properties: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": message_id, "userId": properties["email"], "event": event} | {
        "properties": properties
    }


def number(database: "psycopg.Connection[Any]", query: str, *values: Any) -> int:
    row = database.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])


def send(field: Field, messages: Sequence[dict[str, Any]]) -> str:
    body = json.dumps({"batch": messages}).encode()
    return post(field.installation.port, field.write_key, body).status


def test_real_sdk_repeats_what_was_stored_and_never_confirmed_and_it_is_stored_once(calm: Calm) -> None:
    field, database = calm
    refused: list[object] = []
    field.killer.order("ingest.stored")
    client = Client(
        write_key=field.write_key,
        host=field.installation.address.rstrip("/"),
        upload_size=20,
        max_retries=10,
        on_error=lambda error, _: refused.append(error),
    )
    for n in range(100):
        email = f"sdk{n}@chaos.example"
        properties = {"email": email, "order": n, "marketing_consent": False}
        client.track(user_id=email, event=ORDERED, properties=properties, message_id=f"sdk-{n}")
    client.flush()
    client.join()
    assert refused == []
    assert not (field.killer.orders / "ingest.stored").exists(), "the web process lived"
    assert number(database, "SELECT count(*) FROM workflows_inboundevent WHERE message_id LIKE 'sdk-%%'") == 100
    assert until(field.is_settled, seconds=60)
    runs = """SELECT count(*) FROM workflows_run r JOIN workflows_contact c ON c.id = r.contact_id
              WHERE c.email LIKE 'sdk%%@chaos.example'"""
    assert number(database, runs) == 100


def test_hundred_parallel_posts_of_one_id_make_one_run_and_another_body_is_a_conflict(calm: Calm) -> None:
    field, database = calm
    one = track("the-one", ORDERED, email="one@chaos.example", order=1, marketing_consent=False)
    other = track("the-one", ORDERED, email="other@chaos.example", order=2, marketing_consent=False)
    assert until(lambda: send(field, [one]) == "200", seconds=30)
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(send(field, [one]))) for _ in range(99)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["200"] * 99
    assert send(field, [other]) == "200"
    event = number(database, "SELECT id FROM workflows_inboundevent WHERE message_id = 'the-one'")
    assert number(database, "SELECT count(*) FROM workflows_eventconflict WHERE event_id = %s", event) == 1
    assert until(field.is_settled, seconds=60)
    assert number(database, "SELECT count(*) FROM workflows_run WHERE event_id = %s", event) == 1
    assert number(database, "SELECT count(*) FROM workflows_contact WHERE email = 'other@chaos.example'") == 0


def test_malformed_texts_are_refused_by_the_real_server_with_flat_memory(calm: Calm) -> None:
    field, _ = calm
    malformed = [text for name, text in texts().items() if name.startswith("n_")]
    assert len(malformed) == 188
    refuse_all(field, malformed)
    before = memory(field)
    for _ in range(3):
        refuse_all(field, malformed)
    assert memory(field) - before < NOISE_BYTES


def refuse_all(field: Field, bodies: Sequence[bytes]) -> None:
    statuses = {post(field.installation.port, field.write_key, body).status for body in bodies}
    assert statuses == {"400"}


def memory(field: Field) -> int:
    """Of the web part and all that it started."""
    part = psutil.Process(field.installation.pids()["web"])
    return sum(process.memory_info().rss for process in [part, *part.children(recursive=True)])


@pytest.mark.parametrize("count", [100, pytest.param(1_000, marks=pytest.mark.chaos)])
def test_runs_that_wait_while_a_version_is_published_end_on_their_own(count: int, calm: Calm) -> None:
    field, database = calm
    before, after = [[f"{when}{n}-{count}@chaos.example" for n in range(count)] for when in ("before", "after")]
    run_there(field.installation, "tests.chaos.publish", "show")
    enter(field, before)
    waiting = """SELECT count(*) FROM workflows_run r JOIN workflows_contact c ON c.id = r.contact_id
                 WHERE r.state = 'waiting' AND c.email = ANY(%s)"""
    assert until(lambda: number(database, waiting, before) == count, seconds=60)
    run_there(field.installation, "tests.chaos.publish", "tell")
    enter(field, after)
    assert until(lambda: number(database, waiting, after) == count, seconds=60)
    tell(field, RELEASED, before + after)
    said = """SELECT m.subject, count(*), count(DISTINCT c.id) FROM inbox_inboxmessage m
              JOIN workflows_contact c ON c.id = m.contact_id WHERE c.email = ANY(%s) GROUP BY 1"""
    expected = [("Your order", count, count)], [("Your order is on its way", count, count)]
    assert until(lambda: database.execute(said, [before]).fetchall() == expected[0], seconds=90)
    assert until(lambda: database.execute(said, [after]).fetchall() == expected[1], seconds=90)


def enter(field: Field, emails: Sequence[str]) -> None:
    tell(field, ASKED, emails)


def tell(field: Field, event: str, emails: Sequence[str]) -> None:
    for start in range(0, len(emails), 200):
        part = [track(f"{event}-{email}", event, email=email) for email in emails[start : start + 200]]
        assert send(field, part) == "200"
