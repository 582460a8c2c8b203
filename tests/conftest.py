"""Shared by every test: one PostgreSQL for the run, and which tests belong together.

The process that starts pytest starts the server, in a home of its own that is removed at the end; xdist's workers find
it by MARTECHOPS_HOME and make a database each.
"""

import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import SimpleTestCase, TransactionTestCase
from pytest_django import DjangoDbBlocker
from xdist.scheduler import LoadScopeScheduling

from martechops.embedded import chromium, postgres
from martechops.embedded.home import Home
from martechops.lib import clerk, database_url
from tests import prepared
from tests.worlds import EMPTY, WORLDS, Worlds

# Slow on purpose everywhere else.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

_is_xdist_worker = "PYTEST_XDIST_WORKER" in os.environ
#: The server goes with the run, and all databases with it.
_own_server = "DATABASE_URL" not in os.environ
if _own_server:
    # The tables are there already: see `prepared`.
    settings.DATABASES["default"].setdefault("TEST", {}).update(TEMPLATE=postgres.DATABASE)
#: Folders whose files share what is slow to start, a browser or an installation, in the order in which they begin.
SHARING = ("browser", "acceptance", "chaos")
#: Folders whose tests depend on other processes and on a machine that others use too. One that fails there is tried
#: once more, and the run's summary names it (RERUN): it is to be mended all the same.
SECOND_TRY = (*SHARING, "integration")
#: Files that share one installation between them.
TOGETHER = {f"tests/chaos/{name}.py": "the field" for name in ("test_at_the_door", "test_campaign")}
#: Long tests that need nothing of their file: they begin first, so that the run does not end with one of them.
LONG = {
    "test_every_page_reads_well",
    "test_the_worked_example_is_drawn_from_nothing_and_says_what_its_file_says",
}
_worlds = pytest.StashKey[Worlds]()
_server = pytest.StashKey[tuple[Home, object]]()

# No test talks to a broker unless it says so: a doorbell rung by the code under test goes nowhere.
os.environ["CELERY_BROKER_URL"] = settings.CELERY_BROKER_URL = "memory://"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chaos", action="store_true", help="also run the long form of the tests that kill processes")


def pytest_configure(config: pytest.Config) -> None:
    if _is_xdist_worker or not _own_server or config.option.collectonly:
        return
    home = Home.at(Path(tempfile.mkdtemp(prefix="martechops-test-", dir="/tmp")))
    home.root.chmod(0o755)
    prepared.furnish(home)
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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    for item in items:
        if _folder(item.nodeid) == "browser":
            item.add_marker(pytest.mark.browser)
        if _folder(item.nodeid) in SECOND_TRY:
            item.add_marker(pytest.mark.flaky(reruns=1))
        if item.get_closest_marker("chaos") and not config.option.chaos:
            item.add_marker(pytest.mark.skip(reason="the long form; run with --chaos"))
        if item.get_closest_marker("bench") and "bench" not in config.option.markexpr:
            item.add_marker(pytest.mark.skip(reason="a measurement; run with -m bench"))
    yield  # pytest-django has an order of its own
    items.sort(key=lambda item: _turn(item.nodeid))


def _folder(nodeid: str) -> str:
    return nodeid.split("/")[1]


def _test(nodeid: str) -> str:
    return nodeid.partition("::")[2].partition("[")[0]


def _turn(nodeid: str) -> int:
    """The slow shared ones begin, so that short tests fill the end of the run."""
    if _test(nodeid) in LONG:
        return 0
    folder = _folder(nodeid)
    return 1 + SHARING.index(folder) if folder in SHARING else 1 + len(SHARING)


class _ByWhatIsShared(LoadScopeScheduling):
    """Files that share something slow stay on one worker, every other test goes to whoever is free.

    xdist's own groups write their name into a test's id, which pytest 9.2 no longer takes: they group nothing.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return TOGETHER.get(path, path) if 0 < _turn(nodeid) <= len(SHARING) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling | None:
    if config.option.dist != "loadscope":
        return None
    config.option.loadscopereorder = False
    return _ByWhatIsShared(config, log)  # type: ignore[arg-type]


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
def django_db_keepdb() -> bool:
    """Dropping a database takes seconds on a busy machine."""
    return _own_server


@pytest.fixture(scope="session")
def worlds(django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config) -> Iterator[Worlds]:
    """The databases that tests begin with.

    Tests on real transactions clean up what the audit log and frozen versions keep; here, and only here, they may.
    Django would truncate every table and make all permissions anew after each such test; most tables are empty, and
    one with a handful of rows is emptied by DELETE in a fraction of the time of a new file.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_refuses_truncate")
        cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
        (may_pass_triggers,) = cursor.fetchone()
        kept = pytestconfig.stash[_worlds] = Worlds(shared=_own_server)
    with pytest.MonkeyPatch.context() as patch:
        empty = _empty_tables if may_pass_triggers else TransactionTestCase._fixture_teardown
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: _leave(kept, empty, case))
        yield kept
    with django_db_blocker.unblock():
        clerk.rest()
        kept.remove()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A class of unittest begins its transaction before any fixture of a test: it begins with nothing."""
    kept = item.config.stash.get(_worlds, None)
    cls = getattr(item, "cls", None)
    if kept and cls and issubclass(cls, SimpleTestCase):
        kept.enter(EMPTY)


@pytest.fixture
def _in_its_world(request: pytest.FixtureRequest, worlds: Worlds, django_db_blocker: DjangoDbBlocker) -> None:
    """Lead to the database that the test asks for, before its transaction begins."""
    asked = [name for name in request.fixturenames if name in WORLDS]
    assert len(asked) < 2, f"a test begins with one world, not with {' and '.join(asked)}"
    with django_db_blocker.unblock():
        worlds.enter(asked[0] if asked else EMPTY)


@pytest.fixture
def _django_db_helper(_in_its_world: None, _django_db_helper: None) -> None:
    """pytest-django's, which begins the transaction; the order of the two is what matters."""


def _leave(worlds: Worlds, empty: Callable[[TransactionTestCase], None], case: TransactionTestCase) -> None:
    if worlds.now == EMPTY:
        empty(case)
    else:
        worlds.spend()


@pytest.fixture
def demo_of_monday() -> None:
    """The test begins with the demo workspace, loaded on Monday, 2 November 2026, at nine."""


@pytest.fixture
def demo_of_yesterday() -> None:
    """The test begins with the demo workspace, loaded a day ago."""


@pytest.fixture
def demo_told() -> None:
    """The test begins with the demo of that Monday after three days of leads: see `tests.fixtures.told`."""


@pytest.fixture
def lived_in_world() -> None:
    """The test begins with a workspace that has been used: see `tests.fixtures.lived_in`."""


#: Made once by the migrations; nothing of a test is in them.
_KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}


@functools.cache
def _table_names() -> list[str]:
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [connection.ops.quote_name(name) for name in sorted(set(found) - _KEPT_TABLES)]


def _empty_tables(case: TransactionTestCase) -> None:
    """Locks all tables as TRUNCATE would, so that whoever still writes ends first."""
    names = _table_names()
    used = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(used)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")
