"""Shared by every test: one PostgreSQL for the run, and which tests belong together.

The process that starts pytest starts the server, in a home of its own that is removed at the end; xdist's workers find
it by MARTECHOPS_HOME and make a database each.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from martechops.embedded import chromium, postgres
from martechops.embedded.home import Home
from martechops.lib import clerk, database_url

# Slow on purpose everywhere else.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

_is_xdist_worker = "PYTEST_XDIST_WORKER" in os.environ
_server = pytest.StashKey[tuple[Home, object]]()

# No test talks to a broker unless it says so: a doorbell rung by the code under test goes nowhere.
os.environ["CELERY_BROKER_URL"] = settings.CELERY_BROKER_URL = "memory://"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos", action="store_true", help="also run the long form of the tests that kill processes")


def pytest_configure(config: pytest.Config) -> None:
    if _is_xdist_worker or "DATABASE_URL" in os.environ or config.option.collectonly:
        return
    home = Home.at(Path(tempfile.mkdtemp(prefix="martechops-test-", dir="/tmp")))
    home.root.chmod(0o755)
    server = postgres.prepare(home, settings=postgres.THROWAWAY_SETTINGS)
    config.stash[_server] = (home, postgres.start(server))
    os.environ["MARTECHOPS_HOME"] = str(home.root)
    settings.HOME = home
    settings.DATABASES["default"].update(database_url.parse(home.database_url()))


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server not in config.stash:
        return
    home, process = config.stash[_server]
    postgres.stop(process)  # type: ignore[arg-type]
    shutil.rmtree(home.socket_folder, ignore_errors=True)
    shutil.rmtree(home.root, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(config.rootpath).parts[1]
        if folder == "browser":
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
        if folder in {"acceptance", "chaos"}:
            item.add_marker(pytest.mark.xdist_group("installation"))
        if item.get_closest_marker("chaos") and not config.option.chaos:
            item.add_marker(pytest.mark.skip(reason="the long form; run with --chaos"))
        if item.get_closest_marker("bench") and "bench" not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="a measurement; run with -m bench"))
    # The slow shared ones first, so that the other worker's short tests fill the end of the run.
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reason = chromium.why_not()
    if reason is not None:
        terminalreporter.section("BROWSER TESTS SKIPPED", sep="!", yellow=True)
        terminalreporter.line(reason)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home nobody has used yet."""
    fresh = Home.at(tmp_path / "home")
    yield fresh
    shutil.rmtree(fresh.socket_folder, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Tests on real transactions clean up by TRUNCATE, which the audit log refuses; here, and only here, it may not."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_refuses_truncate")
    yield
    with django_db_blocker.unblock():
        clerk.rest()
