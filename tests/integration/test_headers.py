"""What every response tells the browser to refuse (FAULTS S6, S21)."""

import doctest
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from martechops.lib import csp


def test_the_example_in_the_docstring_holds() -> None:
    assert doctest.testmod(csp).failed == 0


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/login/", "/nowhere/", "/components/"])
def test_product_pages_allow_nothing_inline_and_nothing_from_elsewhere(client: Client, address: str) -> None:
    policy = client.get(address)["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy


@pytest.mark.django_db
def test_only_the_admin_has_the_looser_policy_that_its_looks_need(client: Client) -> None:
    policy = client.get("/admin/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in policy
    assert "default-src 'none'" in policy


@pytest.mark.django_db
def test_other_headers_are_as_strict(client: Client) -> None:
    answer = client.get("/login/")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.cookies["csrftoken"]["samesite"] == "Lax"
    assert answer.cookies["csrftoken"]["httponly"]


def test_installation_with_a_name_of_its_own_passes_the_deploy_check() -> None:
    environment = {
        **os.environ,
        "ALLOWED_HOSTS": "ops.example.com",
        "SECRET_KEY": "k" * 30 + "abcdefghijklmnopqrstuvwx",
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_unknown_host_is_refused_without_a_word_in_the_log(
    client: Client, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ALLOWED_HOSTS = ["ours.example"]
    answer = client.get("/login/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in caplog.text
