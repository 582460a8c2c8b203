"""Signing in is limited across processes, told in the audit log, and says no more than it must (FAULTS S18, S21)."""

from collections.abc import Iterator

import pytest
from django.test import Client

from martechops.audit.models import AuditEntry
from martechops.people import limits
from martechops.people.models import User

from .conftest import NOON


@pytest.fixture(autouse=True)
def _fast_passwords(settings: object) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]
    return


@pytest.fixture
def ana(db: None) -> User:
    return User.objects.create_user("ana", password="a long password", roles=["marketer"], date_joined=NOON)


def sign_in(client: Client, name: str, password: str, **extra: str) -> int:
    return client.post("/login/", {"username": name, "password": password}, **extra).status_code  # type: ignore[arg-type]


def test_page_shows_the_form_and_carries_no_account_names(client: Client, ana: User) -> None:
    answer = client.get("/login/")
    assert answer.status_code == 200
    assert b'name="password"' in answer.content


def test_right_password_leads_where_one_was_going(client: Client, ana: User) -> None:
    answer = client.post("/login/?next=/components/", {"username": "ana", "password": "a long password"})
    assert (answer.status_code, answer["Location"]) == (302, "/components/")
    assert client.get("/components/").status_code == 200
    assert AuditEntry.objects.filter(action="user.sign-in", actor="ana").exists()


def test_address_elsewhere_is_not_followed_after_signing_in(client: Client, ana: User) -> None:
    answer = client.post("/login/?next=https://evil.example/", {"username": "ana", "password": "a long password"})
    assert answer["Location"] == "/"


def test_wrong_password_and_unknown_name_read_the_same(client: Client, ana: User) -> None:
    wrong = client.post("/login/", {"username": "ana", "password": "x"}).content
    unknown = client.post("/login/", {"username": "bob", "password": "x"}).content
    assert _without_what_varies(wrong, b'value="ana"') == _without_what_varies(unknown, b'value="bob"')


def _without_what_varies(page: bytes, name: bytes) -> list[bytes]:
    return [line.replace(name, b"") for line in page.splitlines() if b"csrfmiddlewaretoken" not in line]


def test_too_many_tries_are_not_looked_at_even_with_the_right_password(client: Client, ana: User) -> None:
    tries = [sign_in(client, "ana", "x") for _ in range(limits.LOGIN_NAME.burst)]
    assert set(tries) == {200}
    answer = client.post("/login/", {"username": "ANA", "password": "x"})
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert b"Too many tries" in answer.content
    assert sign_in(client, "ana", "a long password") == 429


def test_stranger_elsewhere_cannot_lock_a_person_out(client: Client, ana: User) -> None:
    for _ in range(limits.LOGIN_NAME.burst + 1):
        sign_in(client, "ana", "x", REMOTE_ADDR="203.0.113.9")
    assert sign_in(client, "ana", "a long password", REMOTE_ADDR="198.51.100.7") == 302


def test_one_address_cannot_try_many_names(client: Client, db: None) -> None:
    answers = [sign_in(client, f"name{number}", "x") for number in range(limits.LOGIN_ADDRESS.burst + 1)]
    assert answers[-2:] == [200, 429]


def test_signing_in_gives_the_tries_back(client: Client, ana: User) -> None:
    for _ in range(3):
        for _ in range(limits.LOGIN_NAME.burst - 1):
            sign_in(client, "ana", "x")
        assert sign_in(client, "ana", "a long password") == 302
        client.logout()


def test_signing_out_takes_a_post(client: Client, ana: User) -> None:
    client.force_login(ana)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 302
    assert client.get("/components/").status_code == 302


def test_form_from_elsewhere_is_refused(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, "ana", "a long password") == 403
