"""A file of people through the browser's forms while workers are killed: every row once, and a second time nothing."""

import contextlib
import io
import random
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from campaigns.demo.workspace import PASSWORD
from tests.installations import Installation, until

ROWS = {"short": 3_000, "long": 100_000}
#: Of a thousand rows so many repeat somebody, say no number, or do not say who it is.
REPEATED, WRONG, NOBODY = 20, 10, 5
KILL_EVERY_SECONDS = 2.0
#: On a busy machine a worker has hardly started when it is ended: the killing has an end, too.
MOST_KILLS = 10


@pytest.mark.requirement("A2")
@pytest.mark.requirement("D6")
@pytest.mark.parametrize("form", ["short", pytest.param("long", marks=pytest.mark.chaos)])
def test_every_good_row_arrives_once_under_kill_9_and_a_second_import_changes_nothing(
    installation: Installation, form: str
) -> None:
    rows = ROWS[form]
    text, people = file_of(rows, seed=11, prefix=form)
    refused = rows // 1000 * (WRONG + NOBODY)
    with psycopg.connect(installation.conninfo, autocommit=True) as database, signed_in(installation) as browser:
        before = changes(database, form)
        assert before == 0
        first = take_in(browser, database, text, kills=installation)
        assert counted(database, first) == (rows, people, rows - refused - people, refused)
        assert known(database, form) == people
        written = changes(database, form)
        second = take_in(browser, database, text)
        assert counted(database, second) == (rows, 0, rows - refused, refused)
        assert (known(database, form), changes(database, form)) == (people, written)
        errors = browser.get(f"imports/{first}/refused.csv").text.splitlines()
        assert len(errors) == 1 + refused


def file_of(rows: int, *, seed: int, prefix: str) -> tuple[str, int]:
    """The file's text, and how many different people are in its good rows."""
    dice = random.Random(seed)
    lines, wrong, nobody, repeated = [], *(rows // 1000 * share for share in (WRONG, NOBODY, REPEATED))
    people = rows - wrong - nobody - repeated
    for number in range(people):
        lines.append(f"{prefix}{number}@example.com,First{number},Company {number % 97},{10 + number % 500}")
    lines += [line.upper().replace("FIRST", "First").replace("COMPANY", "Company") for line in lines[:repeated]]
    lines += [f"wrong{prefix}{number}@example.com,W,Co,many" for number in range(wrong)]
    lines += [f",Nobody{number},Co,5" for number in range(nobody)]
    dice.shuffle(lines)
    return "\n".join(["Email,First name,Company,Company size", *lines]) + "\n", people


@contextlib.contextmanager
def signed_in(installation: Installation) -> Iterator[httpx2.Client]:
    """A browser's session of the operator."""
    with httpx2.Client(base_url=installation.address, follow_redirects=True, timeout=60) as browser:
        browser.get("login/")
        browser.post("login/", data={"username": "sal", "password": PASSWORD, "csrfmiddlewaretoken": token(browser)})
        yield browser


def token(browser: httpx2.Client) -> str:
    return str(browser.cookies["csrftoken"])


def take_in(
    browser: httpx2.Client, database: psycopg.Connection[Any], text: str, *, kills: Installation | None = None
) -> int:
    """Upload, choose, check and start as a person does; returns when every event of it is handled."""
    uploaded = browser.post(
        "imports/",
        data={"system": "web-form", "csrfmiddlewaretoken": token(browser)},
        files={"file": ("people.csv", io.BytesIO(text.encode()), "text/csv")},
    )
    found = re.search(r"imports/(\d+)/", str(uploaded.url))
    assert found, uploaded.text[:2000]
    number = int(found[1])
    columns = {"email": "email", "first_name": "first_name", "company": "company", "company_size": "company_size"}
    form = {f"to-{column}": field for column, field in columns.items()}
    over = threading.Event()
    if kills:
        threading.Thread(target=kill, args=(kills, over), daemon=True).start()
    try:
        do(browser, number, "choose", **form)
        assert until(lambda: state(database, number) == "checked", seconds=300), state(database, number)
        do(browser, number, "start")
        assert until(lambda: state(database, number) == "done", seconds=600), state(database, number)
    finally:
        over.set()
    assert until(lambda: waiting(database) == 0, seconds=300)
    return number


def kill(installation: Installation, over: threading.Event) -> None:
    """A worker ends by SIGKILL every two seconds, each in its turn."""
    for turn in range(MOST_KILLS):
        if over.wait(KILL_EVERY_SECONDS):
            return
        installation.kill(f"worker-{1 + turn % 2}")


def do(browser: httpx2.Client, number: int, what: str, **form: str) -> None:
    answer = browser.post(f"imports/{number}/", data={"do": what, "csrfmiddlewaretoken": token(browser), **form})
    assert answer.status_code == 200, answer.text[:2000]


def state(database: psycopg.Connection[Any], number: int) -> str:
    return str(one(database, "SELECT state FROM workflows_import WHERE id = %s", number))


def counted(database: psycopg.Connection[Any], number: int) -> tuple[int, ...]:
    query = "SELECT rows, stored, repeated, refused FROM workflows_import WHERE id = %s"
    return tuple(database.execute(query, [number]).fetchone() or ())


def known(database: psycopg.Connection[Any], prefix: str) -> int:
    return int(one(database, "SELECT count(*) FROM workflows_contact WHERE email LIKE %s", f"{prefix}%"))


def changes(database: psycopg.Connection[Any], prefix: str) -> int:
    query = """
        SELECT count(*) FROM workflows_fieldchange f JOIN workflows_contact c ON c.id = f.contact_id
        WHERE c.email LIKE %s
    """
    return int(one(database, query, f"{prefix}%"))


def waiting(database: psycopg.Connection[Any]) -> int:
    return int(one(database, "SELECT count(*) FROM workflows_queuedevent"))


def one(database: psycopg.Connection[Any], query: str, *values: object) -> Any:
    row = database.execute(query, values).fetchone()  # type: ignore[arg-type] # queries of our own
    assert row
    return row[0]
